/** How a use case says that a job gave a book. webhooks/ listens. */
import type { JobId } from '../domain/identity.ts';
import type { StoredBook } from '../storage/store.ts';

/** A job that gave a book. */
export interface ParsedJob {
  jobId: JobId;
  run: string;
  /** When the job was settled: the same at a second announcement. */
  settledAtMs: number;
  /** What it gave; `null`: what the store has. */
  book: Pick<StoredBook, 'body'> | null;
}

/** Announces `book.parsed`. Rejects with what the store throws: call it again then, since announcing twice is the same as once. */
export type AnnounceBook = (parsed: ParsedJob) => Promise<void>;
