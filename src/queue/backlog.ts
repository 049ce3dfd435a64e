/** The backlog, as BullMQ counts it. */
import type { Job } from 'bullmq';
import { askQueue } from './ask-queue.ts';
import { BULK_NUMBERS, BULLMQ_PRIORITY, type ParseBookQueue } from './parse-book-queue.ts';
import { COUNT_USED_AGAIN, type Backlog, type JobQueue } from '../app/job-queue.ts';

/** An answer that took less than this many milliseconds is not cached. */
const QUICK_MS = 20;
/** The oldest waiting job is looked up at most this often, in milliseconds. */
const OLDEST_MS = 1_000;

/** Shares one read among calls at the same time, and keeps its answer for `leastMs`. A slow answer is kept longer. */
export function sparing<T>(
  read: () => Promise<T>,
  { leastMs = 0, clock = () => performance.now() }: { leastMs?: number; clock?: () => number } = {},
): () => Promise<T> {
  let last: Promise<T> | undefined;
  let untilMs = Number.POSITIVE_INFINITY;
  return () => {
    if (last && clock() < untilMs) return last;
    const startedMs = clock();
    untilMs = Number.POSITIVE_INFINITY;
    last = read().then(
      (value) => {
        const tookMs = clock() - startedMs;
        untilMs = clock() + Math.max(leastMs, tookMs < QUICK_MS ? 0 : COUNT_USED_AGAIN * tookMs);
        return value;
      },
      (error: unknown) => {
        untilMs = clock() + leastMs;
        throw error;
      },
    );
    return last;
  };
}

export function createBacklog(queue: ParseBookQueue, now: () => number = Date.now): Pick<JobQueue, 'backlog' | 'waiting' | 'countWaiting'> {
  /** When the oldest waiting job was added, in milliseconds since the epoch: one at the head of its priority. */
  const oldestAtMs = sparing(
    async (): Promise<number | null> => {
      const { interactive, normal } = BULLMQ_PRIORITY;
      const counts = await askQueue(queue.getCountsPerPriority([interactive, normal, ...BULK_NUMBERS]));
      // Where each band of bulk jobs begins among the jobs with a number.
      const begins = BULK_NUMBERS.map((band) =>
        [normal, ...BULK_NUMBERS].filter((one) => one < band).reduce((sum, one) => sum + (counts[one] ?? 0), 0),
      );
      const nth = (state: 'waiting' | 'prioritized', index: number): Promise<Job[]> => askQueue(queue.getJobs([state], index, index, true));
      const heads = await Promise.all([
        // BullMQ's PostgreSQL backend ignores the order asked for and lists these newest first, so both ends are read.
        nth('waiting', 0),
        nth('waiting', Math.max(0, (counts[interactive] ?? 0) - 1)),
        nth('prioritized', 0),
        ...[...new Set(begins)].map((index) => nth('prioritized', index)),
      ]);
      const times = heads.flat().map(({ timestamp }) => timestamp);
      return times.length === 0 ? null : Math.min(...times);
    },
    { leastMs: OLDEST_MS },
  );
  const look = async (): Promise<Backlog> => {
    const [counts, each] = await Promise.all([
      askQueue(queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed')),
      askQueue(queue.getCountsPerPriority([...new Set([...Object.values(BULLMQ_PRIORITY), ...BULK_NUMBERS])])),
    ]);
    const waiting = (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0);
    const { interactive, normal } = BULLMQ_PRIORITY;
    const bulk = BULK_NUMBERS.reduce((sum, number) => sum + (each[number] ?? 0), 0);
    return {
      waiting,
      active: counts['active'] ?? 0,
      delayed: counts['delayed'] ?? 0,
      byPriority: { interactive: each[interactive] ?? 0, normal: each[normal] ?? 0, bulk },
      // A job that was not found has just left or just arrived, so it is young.
      oldestSeconds: waiting === 0 ? null : Math.max(0, Math.round((now() - ((await oldestAtMs()) ?? now())) / 1000)),
    };
  };
  const countWaiting = async (): Promise<number> => {
    const counts = await askQueue(queue.getJobCounts('waiting', 'prioritized'));
    return (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0);
  };
  return { backlog: sparing(look), waiting: sparing(countWaiting), countWaiting };
}
