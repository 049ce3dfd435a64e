/** Counting without a store call a count: sums are kept in memory and written at most once a second. A crash loses up to a second of them. */
import type { TallyStore } from '../storage/store.ts';

const HOUR_MS = 3_600_000;
const FLUSH_MS = 1_000;

/** The hour a moment lies in, in hours since the epoch. */
export const hourOf = (ms: number): number => Math.floor(ms / HOUR_MS);

export interface TallyBuffer {
  /** Adds to the counters of this hour. */
  count(counts: Record<string, number>): void;
  /** Writes what is not written yet. Never rejects: what cannot be written is logged and tried again. */
  flush(): Promise<void>;
  /** What is stored of these hours, after a flush. */
  read(fromHour: number, toHour: number): Promise<{ hour: number; counts: Record<string, number> }[]>;
}

export interface TallyBufferOptions {
  tallies: TallyStore;
  series: string;
  keepHours: number;
  log: { warn(fields: object, message: string): void };
  now?: () => number;
}

/** Makes the buffer of one series in this process. `flush` it at the end, or the last second is lost. */
export function createTallyBuffer({ tallies, series, keepHours, log, now = Date.now }: TallyBufferOptions): TallyBuffer {
  let pending = new Map<number, Record<string, number>>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const add = (hour: number, counts: Record<string, number>): void => {
    let sums = pending.get(hour);
    if (!sums) pending.set(hour, (sums = {}));
    for (const name in counts) sums[name] = (sums[name] ?? 0) + (counts[name] ?? 0);
  };

  const write = async (): Promise<void> => {
    const batch = pending;
    pending = new Map();
    for (const [hour, counts] of batch) {
      try {
        await tallies.add(series, hour, counts, keepHours);
      } catch (error) {
        // Kept for the next time: there are few hours and few names, so this cannot grow.
        add(hour, counts);
        log.warn({ err: error, series }, 'counters could not be written; it is tried again');
      }
    }
  };

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write);
    return writing;
  };

  return {
    count(counts) {
      add(hourOf(now()), counts);
      timer ??= setTimeout(() => void flush(), FLUSH_MS).unref();
    },
    flush,
    async read(fromHour, toHour) {
      await flush();
      return (await tallies.read(series, fromHour, toHour)).toSorted((a, b) => a.hour - b.hour);
    },
  };
}
