/** What callers are told of jobs, and what they can do with them. http/ turns it into JSON. */
import type { JobId } from '../../domain/identity.ts';
import type { Priority } from '../../domain/batch.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Backlog } from '../job-queue.ts';
import type { Retry } from './retry.ts';
import type { SubmitBook } from '../submit-book.ts';
import type { JobFailure, JobOutcome } from '../../domain/job.ts';

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

export interface Jobs extends Retry {
  view(jobId: JobId): Promise<JobView | null>;
  listFailed(query: {
    reason: ErrorCode | null;
    cursor: string | null;
    limit: number;
  }): Promise<{ jobs: JobView[]; cursor: string | null }>;
  submit: SubmitBook;
  /** Ends a live job for everybody who waits for it, in any process. `null`: no such job; `ended`: nothing to cancel. */
  cancel(jobId: JobId): Promise<'cancelled' | 'ended' | null>;
  /** Resolves as soon as the job is no longer live (`true`), or after `timeoutMs` or `signal` (`false`). */
  untilSettled(jobId: JobId, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  backlog(): Promise<Backlog>;
}
