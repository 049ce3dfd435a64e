/** Ids in paths: a malformed one names nothing, so it is answered like one that does not exist. */
import { parseBatchId, type BatchId } from '../../domain/batch.ts';
import { bookReference, parseBookId, referenceOfJob, type BookId, type BookReference } from '../../domain/identity.ts';
import { QuireError } from '../../errors.ts';

const shown = (text: string): string => JSON.stringify(text.slice(0, 60));

export function batchIdOf({ batchId }: { batchId: string }): BatchId {
  return parseBatchId(batchId) ?? unknownBatch(batchId);
}

export function unknownBatch(batchId: string): never {
  throw new QuireError('batch-unknown', `There is no batch ${shown(batchId)}. Batches are kept for BATCH_TTL after they end.`);
}

export function bookIdOf({ bookId }: { bookId: string }): BookId {
  const id = /^\d+$/.test(bookId) ? parseBookId(bookId) : null;
  if (id === null) throw new QuireError('book-unknown', `${shown(bookId)} is not a Goodreads book number: 1 to 12 digits.`);
  return id;
}

export const bookOf = (params: { bookId: string }): BookReference => bookReference(bookIdOf(params));

export function jobOf({ jobId }: { jobId: string }): BookReference {
  return referenceOfJob(jobId) ?? unknownJob(jobId);
}

export function unknownJob(jobId: string): never {
  throw new QuireError('job-unknown', `There is no job ${shown(jobId)}. Settled jobs are forgotten after some time.`);
}
