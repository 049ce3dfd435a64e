/** How many jobs ended by the hour, over all processes, for 48 hours. A crash loses up to a second of counts. */
import type { JobOutcome } from '../domain/job.ts';
import type { Log } from '../domain/log.ts';
import type { TallyStore } from '../storage/store.ts';
import { createTallyBuffer, hourOf } from '../storage/tally-buffer.ts';

const SERIES = 'ended';
const KEEP_HOURS = 48;
const DAY_HOURS = 24;

/** Jobs that ended since midnight UTC. Those of other processes show a second later. */
export type EndedToday = () => Promise<Record<JobOutcome, number>>;

export interface EndedJobs {
  count(outcome: string, jobs: number): void;
  today: EndedToday;
  /** Writes the remaining counts. */
  close(): Promise<void>;
}

export function createEndedJobs({ tallies, log, now }: { tallies: TallyStore; log: Log; now: () => number }): EndedJobs {
  const buffer = createTallyBuffer({ tallies, series: SERIES, keepHours: KEEP_HOURS, log, now });
  return {
    count: (outcome, jobs) => buffer.count({ [outcome]: jobs }),
    async today() {
      const hour = hourOf(now());
      const sums = { parsed: 0, 'not-found': 0, failed: 0, cancelled: 0 };
      for (const { counts } of await buffer.read(hour - (hour % DAY_HOURS), hour))
        for (const outcome of ['parsed', 'not-found', 'failed', 'cancelled'] as const) sums[outcome] += counts[outcome] ?? 0;
      return sums;
    },
    close: () => buffer.flush(),
  };
}
