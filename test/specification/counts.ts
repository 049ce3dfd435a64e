/** The counts of a batch follow from its items, and so does its end. */
import { ITEM_STATES, type ItemCounts } from '../../src/domain/batch.ts';
import type { Batch } from './records.ts';

/** Items by state. Those that were announced and did not come count as queued, or as cancelled with their batch. */
export function countsOf({ items, total, cancelledAtMs }: Batch): ItemCounts {
  const counts = Object.fromEntries(Object.keys(ITEM_STATES).map((state) => [state, 0])) as ItemCounts;
  for (const { state } of items) counts[state] += 1;
  counts[cancelledAtMs === null ? 'queued' : 'cancelled'] += total - items.length;
  return counts;
}

/** A sealed batch without queued items ends, once. */
export function endIfDone(batch: Batch, nowMs: number): void {
  if (batch.sealed && batch.endedAtMs === null && countsOf(batch).queued === 0) batch.endedAtMs = nowMs;
}
