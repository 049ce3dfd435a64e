/** The counts of a batch follow from its items, and so does its end. */
import { NO_ITEMS, type ItemCounts } from '../../src/domain/batch.ts';
import type { Batch } from './records.ts';

/** Items by state. Those that were announced and did not come count as queued, or as cancelled with their batch. */
export function countsOf({ items, total, cancelledAs }: Batch): ItemCounts {
  const counts = { ...NO_ITEMS };
  for (const { state } of items) counts[state] += 1;
  counts[cancelledAs ?? 'queued'] += total - items.length;
  return counts;
}

/** Items that are not settled. */
export function unsettledIn(batch: Batch): number {
  const { queued, expanding } = countsOf(batch);
  return queued + expanding;
}

/** A sealed batch that is not open ends when all its items are settled, once. */
export function endIfDone(batch: Batch, nowMs: number): void {
  if (batch.sealed && !batch.open && batch.endedAtMs === null && unsettledIn(batch) === 0) batch.endedAtMs = nowMs;
}
