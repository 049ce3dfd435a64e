/** The first robots.txt: one process gets it, and the others wait for the result. Without it nothing is requested. */
import { QuireError } from '../errors.ts';
import { FetchFault } from './fetch/fetch-fault.ts';
import type { Robots } from './robots.ts';
import type { Source } from './source/source.ts';
import { SourceClosed } from './source/turn.ts';

/** How often a process checks whether another has got the file, in milliseconds. */
const LOOK_MS = 100;

/**
 * Resolves when a robots.txt is known. Rejects with {@link SourceClosed}, or with `crawl-failed` when it cannot be read. Concurrent calls
 * share the work.
 */
export function createFirstRobots(robots: Robots, source: Source, now: () => number): () => Promise<void> {
  let getting: Promise<void> | undefined;

  const get = async (): Promise<void> => {
    while (!(await robots.known())) {
      if (await robots.claim()) {
        try {
          // The process that had the claim before may have succeeded.
          if (!(await robots.known())) await fetchThroughGate(robots, source, now);
        } finally {
          await robots.letGo();
        }
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };

  return async () => {
    if (await robots.known()) return;
    getting ??= get().finally(() => (getting = undefined));
    await getting;
  };
}

/** The request passes the gate like a page, and is the probe when the source is blocked. */
async function fetchThroughGate(robots: Robots, source: Source, now: () => number): Promise<void> {
  const entry = await source.enter();
  let attempt;
  try {
    attempt = await robots.fetchNow();
  } catch (error) {
    await source.report({ ...entry, kind: 'abandoned', status: 0, bytes: 0 });
    throw error;
  }
  const { kind, reason = kind, retryAfterMs } = attempt;
  await source.report({ ...entry, ...attempt });
  if (kind === 'ok' || kind === 'missing') return;
  if (kind === 'blocked') throw new SourceClosed(source.current().closed?.untilMs ?? now(), 'blocked');
  if (kind === 'unreachable') throw new FetchFault('unreachable', reason);
  const more = retryAfterMs === null ? {} : { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) };
  throw new QuireError('crawl-failed', `Goodreads' robots.txt could not be read, and without it nothing is requested: ${reason}`, more);
}
