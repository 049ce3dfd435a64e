/**
 * What the use cases need from the queue of jobs. queue/ implements it on BullMQ. A call that fails rejects with `store-unavailable` within
 * 2 s.
 */
import type { Priority } from '../domain/batch.ts';
import type { JobId } from '../domain/identity.ts';
import type { JobRun } from '../domain/run-id.ts';

/** A slow count is used again for this many times its duration: on PostgreSQL, BullMQ counts by reading every job. */
export const COUNT_USED_AGAIN = 10;

/** Jobs by their state in the queue, and the age of the oldest waiting one in seconds. */
export interface Backlog {
  waiting: number;
  active: number;
  delayed: number;
  /** The waiting ones. A job that arrives between two counts may be in one of them alone. */
  byPriority: Record<Priority, number>;
  oldestSeconds: number | null;
}

/** A live run as the queue has it. */
export interface LiveRun {
  state: 'waiting' | 'active' | 'delayed';
  /** Attempts used so far. */
  attempts: number;
  /** When a delayed run is due, in milliseconds since the epoch. */
  dueAtMs: number | null;
  /** What the queue keeps of the last failed attempt: `code: detail`. */
  failedReason: string | undefined;
}

export interface JobQueue {
  /**
   * Adds jobs that the store has recorded. `ahead`: jobs of the same caller that wait already. Among bulk jobs, callers with few waiting jobs
   * come first. When it rejects, it adds the remaining jobs later, while their records are live.
   */
  enqueue(jobs: readonly JobRun[], priority: Priority, ahead?: number): Promise<void>;
  /**
   * Raises the priority of a waiting job. Adds the job when its own submission has not added it yet. Does nothing for a job that has
   * started.
   */
  raisePriority(job: JobRun, priority: Priority): Promise<void>;
  /** Removes jobs without waiters from the queue, and stops those that run, in every process. */
  cancel(jobs: readonly JobRun[]): Promise<void>;
  /** Where a run is; `null` when the queue does not have it. */
  find(run: JobRun): Promise<LiveRun | null>;
  /** The jobs in this state, at most `most`; of waiting ones at most twice as many. */
  listJobs(state: 'active' | 'delayed' | 'waiting', most: number): Promise<JobId[]>;
  /** For each of these runs, whether the queue has it and has not finished it. */
  has(runs: readonly JobRun[]): Promise<boolean[]>;
  /** Corrects times in the queues that lie in the future because a clock was ahead. */
  correctTimes(): Promise<void>;
  /** Jobs by state. Where counting is slow, the answer may be {@link COUNT_USED_AGAIN} times as old as a count takes. */
  backlog(): Promise<Backlog>;
  /** How many jobs wait. The answer may be as old as that of `backlog`. */
  waiting(): Promise<number>;
  /** How many jobs wait, counted at each call. */
  countWaiting(): Promise<number>;
}
