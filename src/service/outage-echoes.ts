/** Holds back what parts say of an outage that the store watch tells: one outage is one story in the log. */
import type { LogFn, Logger } from 'pino';
import { QuireError } from '../errors.ts';
import { namesOne } from './line-cap.ts';
import type { StoreWatch } from './store-watch.ts';

/**
 * The same log, but a warning that a part failed because the store is away goes to the watch, and to the level `debug`. The watch asks
 * the store, and has a line for it either way. A line about one job, batch, book or delivery stays, because no other line tells of that one.
 */
export function withoutEchoes(log: Logger, { fault }: Pick<StoreWatch, 'fault'>): Logger {
  const quiet = Object.create(log) as Logger;
  const warn = (...args: Parameters<LogFn>): void => {
    const [fields, sentence] = args as unknown as [{ err?: unknown } | string, string | undefined];
    const error = typeof fields === 'object' ? fields.err : undefined;
    if (!(error instanceof QuireError) || error.code !== 'store-unavailable' || namesOne(fields)) return log.warn(...args);
    log.debug(...args);
    fault(sentence ?? 'a part of Quire', error);
  };
  quiet.warn = warn;
  return quiet;
}
