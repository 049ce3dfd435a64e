/** What the use cases need of the queue of books' jobs. queue/ implements it on BullMQ. Every call rejects with `store-unavailable` within 2 s. */
import type { Priority } from '../domain/batch.ts';
import type { JobId } from '../domain/identity.ts';
import type { JobRun } from '../domain/run-id.ts';

/** A slow count is used again for this many times as long as it took: BullMQ counts on PostgreSQL by reading every job there is. */
export const COUNT_USED_AGAIN = 10;

/** Jobs by their state in the queue, and the age of the oldest waiting one in seconds. */
export interface Backlog {
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
  completed: number;
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
  /** Adds jobs that the store has just recorded. What a rejection left out is added later, while its record is live. */
  enqueue(jobs: readonly JobRun[], priority: Priority): Promise<void>;
  /** Moves a waiting job forward, or adds it where the submission that recorded it has not yet. A job that has started is left alone. */
  raisePriority(job: JobRun, priority: Priority): Promise<void>;
  /** Takes jobs that nobody wants out of the queue, and stops those that run, in whatever process. */
  cancel(jobs: readonly JobRun[]): Promise<void>;
  /** Where a run is; `null` where the queue does not have it. */
  find(run: JobRun): Promise<LiveRun | null>;
  /** The jobs that are worked on, or held back until a time; at most `most`. */
  listJobs(state: 'active' | 'delayed', most: number): Promise<JobId[]>;
  /** Whether the queue has each of these runs, and has not ended it. */
  has(runs: readonly JobRun[]): Promise<boolean[]>;
  /** Corrects times in the queues that a clock which was ahead has left in the future. */
  correctTimes(): Promise<void>;
  /** Jobs by state. Where counting is slow the answer is up to {@link COUNT_USED_AGAIN} times as old as that takes. */
  backlog(): Promise<Backlog>;
  /** Jobs that wait, as old as `backlog`. */
  waiting(): Promise<number>;
  /** Jobs that wait, counted anew at each call. */
  countWaiting(): Promise<number>;
}
