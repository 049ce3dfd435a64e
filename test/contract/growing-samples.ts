/** Made-up batches that grow, and what is added to them. */
import type { BatchId } from '../../src/domain/batch.ts';
import type { JobId } from '../../src/domain/identity.ts';
import type { AddedItem, Addition, AddOutcome, SubmittedItem } from '../../src/storage/store.ts';
import type { Records } from '../specification/records.ts';
import { itemsOf, jobOf, newBatchId, newBookId, newRun, NOW_MS, OPTIONS } from './samples.ts';

export const LIST = 'https://www.goodreads.com/list/show/1';
export const collectionItem = (json = '{"page":0}'): AddedItem => ({
  input: LIST,
  jobId: null,
  bookId: null,
  duplicates: 0,
  reason: null,
  collection: json,
});
export const linkTo = (jobId: JobId, duplicates = 0): AddedItem => {
  const [{ index: _index, ...item }] = itemsOf([jobId]) as [ReturnType<typeof itemsOf>[number]];
  return { ...item, duplicates };
};
export const newJob = (): JobId => jobOf(newBookId());

/** Items of a submission whose first is that at `firstIndex`. */
export const inPlaces = (items: readonly AddedItem[], firstIndex = 0): SubmittedItem[] =>
  items.map((item, at) => Object.assign({ index: firstIndex + at }, item));

interface GrowMore {
  last?: boolean;
  total?: number;
  open?: boolean;
  nowMs?: number;
}

/** Submits items as a batch that may grow. */
export async function submitGrowing(
  store: Records,
  items: AddedItem[],
  { last = true, total, open = false, nowMs = NOW_MS }: GrowMore = {},
) {
  const batchId = newBatchId();
  const outcomes = await store.batches.submit({
    batch: { batchId, options: OPTIONS, total: total ?? items.length, last, open },
    nowMs,
    run: newRun(),
    priority: 'normal',
    maxAgeMs: null,
    items: inPlaces(items),
  });
  return { batchId, outcomes };
}

/** Adds items; `null` when the collection that brings them has moved on. */
export async function add(
  store: Records,
  batchId: BatchId,
  items: AddedItem[],
  more: Partial<Omit<Addition, 'batchId' | 'items'>> = {},
): Promise<AddOutcome[] | null> {
  const wish = { nowMs: NOW_MS, run: newRun(), priority: 'normal' as const, maxAgeMs: null, from: null, ...more };
  return (await store.batches.add({ batchId, items, ...wish }))?.outcomes ?? null;
}

/** A page of the collection at `index`, read as version `ifVersion`. */
export const pageOf = (
  ifVersion: number,
  { index = 0, json = `{"page":${ifVersion}}`, end = null }: Partial<NonNullable<Addition['from']>> = {},
): NonNullable<Addition['from']> => ({ index, ifVersion, json, end });
