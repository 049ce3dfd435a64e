/** Short messages to every process. */
import type { BatchId } from '../../domain/batch.ts';
import type { BookId, JobId } from '../../domain/identity.ts';

/** A short message to every process that listens now, delivered at most once. A reader who must miss nothing reads the store. */
export type Signal =
  /** Items of this batch settled, or it ended. Sent by the store itself. */
  | { kind: 'batch'; batchId: BatchId }
  /** What is known of this book changed: its copy, that it is not found, or that it leads to another book. Sent by the store itself. */
  | { kind: 'book'; bookId: BookId }
  /** The run was cancelled: the worker that works on it stops. */
  | { kind: 'cancel'; jobId: JobId; run: string }
  /** The answer to a question to Goodreads is kept now: a document of the store. `id` has no spaces. */
  | { kind: 'look-up'; id: string }
  /** The keys of the API changed. */
  | { kind: 'keys' }
  /** The state of the source changed. */
  | { kind: 'source' };

export interface Signals {
  publish(signal: Signal): Promise<void>;
  /** Returns a function that ends the subscription. */
  subscribe(listener: (signal: Signal) => void): () => void;
}
