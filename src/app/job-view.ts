/** What callers are told of jobs: the shapes of the HTTP contract, made in jobs/, turned into JSON in http/. */
import type { Queue } from 'bullmq';
import type { BookReference, JobId } from '../domain/identity.ts';
import type { Priority } from '../domain/batch.ts';
import type { ErrorCode } from '../errors.ts';
import type { JobFailure, JobOutcome } from '../domain/job.ts';

/** Where a job is: BullMQ's states while it is live (`blocked` for a waiting job of a blocked source), then how it ended. */
export type JobState = 'waiting' | 'active' | 'delayed' | 'blocked' | JobOutcome;

export interface JobView {
  jobId: JobId;
  state: JobState;
  priority: Priority;
  bookId: string | null;
  url: string;
  /** Attempts used so far, and how many there are. */
  attempts: number;
  maxAttempts: number;
  createdAt: string;
  settledAt: string | null;
  /** Batches' items that wait or waited for it. */
  waiters: number;
  /** How it ended, or while it is live why its last attempt failed. */
  lastError: JobFailure | null;
  /** What happened, oldest first, in sentences a person can read. */
  timeline: { at: string; event: string; detail: string }[];
  /** Seconds until it is likely done; `null` when nothing can be said. */
  etaSeconds: number | null;
}

/** Jobs by BullMQ state, and the age of the oldest waiting one. */
export interface Backlog {
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
  completed: number;
  oldestSeconds: number | null;
}

export interface Jobs {
  view(jobId: JobId): Promise<JobView | null>;
  listFailed(query: {
    reason: ErrorCode | null;
    cursor: string | null;
    limit: number;
  }): Promise<{ jobs: JobView[]; cursor: string | null }>;
  /** Wants a book without a batch: a refresh behind a stale read, `submit=true`, `POST /books/{id}/refresh`. `joined`: a live job existed. Like all that makes jobs, it throws `rate-limited` while the queue is full. */
  want(
    reference: BookReference,
    options: { priority: Priority; maxAgeMs: number | null },
  ): Promise<{ jobId: JobId; status: 'queued' | 'joined' | 'cached' | 'missing' }>;
  /** Queues a failed, cancelled or not-found job again. `null`: no such job; `live`: it has not ended. */
  retry(jobId: JobId): Promise<'queued' | 'live' | null>;
  /** Queues failed jobs again, newest first; `reason` filters. Returns how many; it stops where the queue is full. */
  redrive(query: { reason: ErrorCode | null; limit: number }): Promise<number>;
  /** Ends a live job for everybody who waits for it, in any process. `null`: no such job; `ended`: nothing to cancel. */
  cancel(jobId: JobId): Promise<'cancelled' | 'ended' | null>;
  /** Resolves as soon as the job is no longer live (`true`), or after `timeoutMs` or `signal` (`false`). */
  untilSettled(jobId: JobId, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  backlog(): Promise<Backlog>;
  /** BullMQ's queues, for the dashboard alone. */
  readonly queues: Queue[];
}
