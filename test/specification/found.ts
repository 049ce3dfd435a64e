/** What a batch looks for: each book counts once, and never more than it wants. */
import type { BookId } from '../../src/domain/identity.ts';
import type { Batch } from './records.ts';

/** Takes a book that satisfies what the batch looks for. `true` when that was the last one. */
export function takeFound(batch: Batch, bookId: BookId, nowMs: number): boolean {
  const { until } = batch.options;
  if (!until || batch.stoppedAtMs !== null || batch.found.includes(bookId)) return false;
  batch.found.push(bookId);
  if (batch.found.length < until.count) return false;
  batch.stoppedAtMs = nowMs;
  return true;
}
