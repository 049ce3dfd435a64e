/** Quire's own record of a job, beside that of BullMQ: its waiters, its outcome, its timeline. */
import type { Priority } from './batch.ts';
import type { BookId, JobId } from './identity.ts';
import type { ErrorCode } from '../errors.ts';

/** How a job was settled. */
export type JobOutcome = 'parsed' | 'not-found' | 'failed' | 'cancelled';

/** Something that happened to a job between being queued and being settled. */
export interface TimelineEntry {
  atMs: number;
  event: 'attempt-failed' | 'blocked' | 'recheck' | 'stalled' | 'retried';
  /** A sentence without secrets, at most 500 characters. */
  detail: string;
}

export interface JobFailure {
  code: ErrorCode;
  detail: string;
}

/** The record of a book's latest job. Each `jobId` has one live job at most. `run` tells its runs apart and fences off late writers. */
export interface JobRecord {
  jobId: JobId;
  /** Names this run. BullMQ knows the run as `<jobId>.<run>`. */
  run: string;
  state: 'live' | JobOutcome;
  priority: Priority;
  createdAtMs: number;
  settledAtMs: number | null;
  /** Attempts used when it was settled. */
  attempts: number;
  /** Batch items that wait for it while it is live, or waited for it before it was settled. */
  waiters: number;
  error: JobFailure | null;
  /** The book that the job gave. For ISBN jobs and merged books it differs from the id in `jobId`. */
  bookId: BookId | null;
  timeline: TimelineEntry[];
}
