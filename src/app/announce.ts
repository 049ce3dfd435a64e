/** How a use case announces that a job gave a book, or failed. webhooks/ implements it. */
import type { JobId } from '../domain/identity.ts';
import type { JobRecord } from '../domain/job.ts';
import type { StoredBook } from '../storage/store.ts';

/** A job that gave a book. */
export interface ParsedJob {
  jobId: JobId;
  run: string;
  /** When the job was settled. A second announcement has the same time. */
  settledAtMs: number;
  /** The book that the job gave. `null` means the copy in the store. */
  book: Pick<StoredBook, 'body'> | null;
}

/** Announces `book.parsed`. Rejects with what the store throws. Then call it again: announcing twice is the same as once. */
export type AnnounceBook = (parsed: ParsedJob) => Promise<void>;

/** Announces `book.failed` of a job, from its settled record. As {@link AnnounceBook} otherwise. */
export type AnnounceFailure = (job: JobRecord) => Promise<void>;
