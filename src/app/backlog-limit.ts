/**
 * Refuses new jobs while the backlog is full. Every waiting job takes memory in the store, and a list that waits for months helps nobody.
 */
import { QuireError } from '../errors.ts';
import { COUNT_USED_AGAIN, type JobQueue } from './job-queue.ts';

const RETRY_AFTER_SECONDS = 60;
/**
 * A count is used for this long, in milliseconds, and longer where counting is slow. Jobs that this process added since are added to it.
 */
const COUNT_MS = 1_000;

export interface BacklogLimitOptions {
  queue: Pick<JobQueue, 'countWaiting'>;
  /** 0: no limit. */
  maxWaitingJobs: number;
  clock?: () => number;
}

/**
 * Accepts a request that brings at most `jobs` new jobs. Resolves to a function: call it once the jobs are in the queue, with their real
 * number. Rejects with `rate-limited` when the jobs do not fit now, and with `body-too-large` when they can never fit. Rejects with
 * `store-unavailable` when the queue cannot be counted.
 */
export type EnterQueue = (jobs: number) => Promise<(queued: number) => void>;

/**
 * Makes the limit of one process. It adds accepted jobs to its last count, so one process never exceeds the limit. It counts again before
 * it refuses, and requests at the same time share that count. Jobs of other processes show in the next count. Until then, for a second,
 * each process may accept too many.
 */
export function createBacklogLimit({ queue, maxWaitingJobs, clock = () => performance.now() }: BacklogLimitOptions): EnterQueue {
  let counted = 0;
  let countedUntilMs = Number.NEGATIVE_INFINITY;
  let counting: Promise<void> | null = null;
  /** Jobs that requests in progress may bring. */
  let coming = 0;
  /** Jobs that requests brought since the last count began. */
  let brought = 0;

  const countAgain = async (): Promise<void> => {
    const [seen, startedMs] = [brought, clock()];
    counted = await queue.countWaiting();
    brought -= seen;
    countedUntilMs = clock() + Math.max(COUNT_MS, COUNT_USED_AGAIN * (clock() - startedMs));
  };
  const look = (): Promise<void> => (counting ??= countAgain().finally(() => (counting = null)));
  const waiting = (): number => counted + coming + brought;
  const fits = (jobs: number): boolean => waiting() + jobs <= maxWaitingJobs;

  return async (jobs) => {
    if (maxWaitingJobs === 0) return () => undefined;
    if (jobs > maxWaitingJobs) throw tooLong(jobs, maxWaitingJobs);
    if (clock() >= countedUntilMs || !fits(jobs)) await look();
    if (!fits(jobs)) throw full(waiting(), jobs, maxWaitingJobs);
    coming += jobs;
    return (queued) => {
      coming -= jobs;
      brought += queued;
    };
  };
}

function tooLong(jobs: number, most: number): QuireError {
  return new QuireError(
    'body-too-large',
    `The list names ${jobs} books, and no more than ${most} jobs may wait (MAX_WAITING_JOBS): split it into lists of at most ${most}. Nothing of this request was kept.`,
  );
}

function full(waiting: number, jobs: number, most: number): QuireError {
  return new QuireError(
    'rate-limited',
    `${waiting} jobs wait, this request may bring ${jobs} more, and no more than ${most} are taken (MAX_WAITING_JOBS). Nothing of it was kept; send it again later.`,
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}
