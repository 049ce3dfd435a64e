/** What Quire itself remembers of a job, beside BullMQ's own record: who waits for it, how it ended, its timeline. */
import type { Priority } from './batch.ts';
import type { BookId, JobId } from './identity.ts';
import type { ErrorCode } from '../errors.ts';

/** How a job ended, or `live` while it has not. */
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

/** The record of a book's latest job. One live job per `jobId`; `run` tells its runs apart and fences late writers off. */
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
  /** Batch items that wait (while live) or waited (once settled) for it. */
  waiters: number;
  error: JobFailure | null;
  /** The book it gave; differs from the id in `jobId` for ISBN jobs and merged books. */
  bookId: BookId | null;
  timeline: TimelineEntry[];
}
