/** Jobs as callers see them, and what callers can do with them. http/ turns it into JSON. */
import type { JobId } from '../../domain/identity.ts';
import type { Priority } from '../../domain/batch.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Backlog } from '../job-queue.ts';
import type { Retry } from './retry.ts';
import type { SubmitBook } from '../submit-book.ts';
import type { JobFailure, JobOutcome } from '../../domain/job.ts';

/** BullMQ's state while the job is live (`blocked` when it waits for a source that is blocked, unreachable or paused), then its outcome. */
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
  /** Items of batches that wait or waited for it. */
  waiters: number;
  /** Why the job failed; while it is live, why its last attempt failed. */
  lastError: JobFailure | null;
  /** What happened, oldest first, in sentences a person can read. */
  timeline: { at: string; event: string; detail: string }[];
  /** Estimated seconds until it is settled; `null` when there is no estimate. */
  etaSeconds: number | null;
}

export interface WaitingJob extends Pick<JobView, 'jobId' | 'bookId' | 'url' | 'priority' | 'waiters' | 'createdAt'> {
  state: 'waiting' | 'delayed';
}

export interface Jobs extends Retry {
  view(jobId: JobId): Promise<JobView | null>;
  listFailed(query: {
    reason: ErrorCode | null;
    cursor: string | null;
    limit: number;
  }): Promise<{ jobs: JobView[]; cursor: string | null }>;
  /** Jobs that wait, those first for which most items wait. Of very many only some are looked at. */
  listWaiting(limit: number): Promise<WaitingJob[]>;
  submit: SubmitBook;
  /** Cancels a live job for all its waiters, in every process. `null`: no such job. `settled`: it was settled before. */
  cancel(jobId: JobId): Promise<'cancelled' | 'settled' | null>;
  /** Resolves to `true` as soon as the job is settled, to `false` after `timeoutMs` or when `signal` fires. */
  untilSettled(jobId: JobId, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  /** As the queue has it, with `blocked` for the waiting jobs while no job goes on. */
  backlog(): Promise<Backlog & { blocked: number }>;
}
