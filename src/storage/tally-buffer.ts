/**
 * Counting without a call of the store for each count. Sums are written at most once a second, and a crash loses up to a second of them.
 */
import type { Log } from '../domain/log.ts';
import { STORE_DEADLINE_MS, withDeadline } from '../domain/deadline.ts';
import { QuireError } from '../errors.ts';
import type { TallyStore } from './store.ts';

const HOUR_MS = 3_600_000;
const FLUSH_MS = 1_000;

/** The hour a moment lies in, in hours since the epoch. */
export const hourOf = (ms: number): number => Math.floor(ms / HOUR_MS);

export interface TallyBuffer {
  /** Adds to the counters of this hour. */
  count(counts: Record<string, number>): void;
  /** Writes what is not written yet. Never rejects: what cannot be written is logged and tried again. */
  flush(): Promise<void>;
  /** What is stored of these hours, after a flush. Rejects with `store-unavailable` in time for the answer to a request. */
  read(fromHour: number, toHour: number): Promise<{ hour: number; counts: Record<string, number> }[]>;
}

export interface TallyBufferOptions {
  tallies: TallyStore;
  series: string;
  keepHours: number;
  log: Log;
  now?: () => number;
}

/** Makes the buffer of one series in this process. `flush` it at the end, or the last second is lost. */
export function createTallyBuffer({ tallies, series, keepHours, log, now = Date.now }: TallyBufferOptions): TallyBuffer {
  let pending = new Map<number, Record<string, number>>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  /** The write that has not begun yet: all who ask meanwhile share it. */
  let nextWrite: Promise<void> | null = null;

  const add = (hour: number, counts: Record<string, number>): void => {
    let sums = pending.get(hour);
    if (!sums) pending.set(hour, (sums = {}));
    for (const name in counts) sums[name] = (sums[name] ?? 0) + (counts[name] ?? 0);
  };

  const write = async (): Promise<void> => {
    nextWrite = null;
    const batch = [...pending];
    let written = 0;
    pending = new Map();
    try {
      for (const [hour, counts] of batch) {
        await tallies.add(series, hour, counts, keepHours);
        written += 1;
      }
    } catch (error) {
      // Kept for the next time: there are few hours and few names, so this cannot grow.
      for (const [hour, counts] of batch.slice(written)) add(hour, counts);
      log.warn({ err: error, series }, 'counters could not be written; it is tried again');
    }
  };

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    nextWrite ??= writing = writing.then(write);
    return nextWrite;
  };

  return {
    count(counts) {
      add(hourOf(now()), counts);
      timer ??= setTimeout(() => void flush(), FLUSH_MS).unref();
    },
    flush,
    async read(fromHour, toHour) {
      const late = (): QuireError => new QuireError('store-unavailable', 'The counters cannot be read in time.', { retryAfterSeconds: 2 });
      const stored = flush().then(() => tallies.read(series, fromHour, toHour));
      return (await withDeadline(stored, STORE_DEADLINE_MS, late)).toSorted((a, b) => a.hour - b.hour);
    },
  };
}
