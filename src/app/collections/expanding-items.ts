/** The collections of a batch that are still read. */
import type { BatchId } from '../../domain/batch.ts';
import type { Store } from '../../storage/store.ts';
import type { CollectionItem } from './collection-queue.ts';

const ITEMS_AT_ONCE = 500;

/** Reads nothing but the counts of a batch without any. */
export async function expandingItems({ batches }: Pick<Store, 'batches'>, batchId: BatchId): Promise<CollectionItem[]> {
  const batch = await batches.get(batchId);
  if (!batch || batch.counts.expanding === 0) return [];
  const expanding: CollectionItem[] = [];
  for (let fromIndex: number | null = 0; fromIndex !== null;) {
    const query = { fromIndex, limit: ITEMS_AT_ONCE, state: 'expanding' as const };
    const page: Awaited<ReturnType<Store['batches']['items']>> = await batches.items(batchId, query);
    expanding.push(...(page?.items ?? []).map(({ index }) => ({ batchId, index })));
    fromIndex = page?.nextIndex ?? null;
  }
  return expanding;
}
