/** Holds back warnings that repeat, so that an outage of an hour makes a line a minute and not thousands. */
import type { LogFn, Logger } from 'pino';

/** A sentence is written again after this long, in milliseconds. The pause doubles up to an hour while it goes on. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** Sentences that are remembered at most. More than those that Quire has. */
const MOST_LINES = 500;
/** The levels of pino. Lines below a warning are written as often as they come. */
const WARN = 40;

interface Repeated {
  firstAtMs: number;
  lastAtMs: number;
  dueAtMs: number;
  pauseMs: number;
  heldBack: number;
}

type LogMethod = (this: Logger, args: Parameters<LogFn>, method: LogFn, level: number) => void;

/**
 * Makes the hook of pino (`hooks.logMethod`). A warning or error whose sentence was written is held back for a minute, then for two, and
 * so on up to an hour. The next one that is written says how many were held back (`heldBack`) and since when they come (`seconds`). A
 * sentence that was not to be heard for a minute starts anew. A line about one job, batch, book or delivery is never held back, because no
 * other line tells of that one.
 */
export function createLineCap(now: () => number = () => performance.now()): LogMethod {
  const lines = new Map<string, Repeated>();
  return function cap(args, method, level) {
    const [fields, sentence] = args as unknown as [unknown, string | undefined];
    const isCapped = level >= WARN && typeof sentence === 'string' && !namesOne(fields);
    if (!isCapped) return method.apply(this, args);
    const nowMs = now();
    const known = lines.get(sentence);
    if (known === undefined || nowMs - known.lastAtMs >= FIRST_PAUSE_MS) {
      if (lines.size >= MOST_LINES) lines.clear();
      lines.set(sentence, { firstAtMs: nowMs, lastAtMs: nowMs, dueAtMs: nowMs + FIRST_PAUSE_MS, pauseMs: FIRST_PAUSE_MS, heldBack: 0 });
      return method.apply(this, args);
    }
    known.lastAtMs = nowMs;
    if (nowMs < known.dueAtMs) {
      known.heldBack += 1;
      return;
    }
    const more = { heldBack: known.heldBack, seconds: Math.round((nowMs - known.firstAtMs) / 1000) };
    known.pauseMs = Math.min(2 * known.pauseMs, LONGEST_PAUSE_MS);
    known.dueAtMs = nowMs + known.pauseMs;
    known.heldBack = 0;
    return method.apply(this, [{ ...(fields as object), ...more }, sentence] as unknown as Parameters<LogFn>);
  };
}

/** `awaySeconds`: the line of {@link createStoreWatch}, which has a pace of its own. */
const ONE = ['jobId', 'batchId', 'deliveryId', 'bookId', 'awaySeconds'];

/** Whether the fields of a line name the one thing that it is about. */
export const namesOne = (fields: unknown): boolean => typeof fields === 'object' && fields !== null && ONE.some((name) => name in fields);
