/** Ends a batch before all its items are settled: in the store, in the queue, and in every process that works for it. */
import type { BatchId } from '../../domain/batch.ts';
import type { CancelledAs, Store } from '../../storage/store.ts';
import type { CollectionQueue } from '../collections/collection-queue.ts';
import { expandingItems } from '../collections/expanding-items.ts';
import type { JobQueue } from '../job-queue.ts';

/** As {@link Store.batches.cancel}; then removes its collections and the jobs that nobody else wants, and aborts what is fetched for them. */
export type EndBatch = (batchId: BatchId, as: CancelledAs) => ReturnType<Store['batches']['cancel']>;

export interface EndBatchDeps {
  store: Pick<Store, 'batches'>;
  queue: Pick<JobQueue, 'cancel'>;
  collections: Pick<CollectionQueue, 'cancel'>;
  now: () => number;
}

export function createEndBatch({ store, queue, collections, now }: EndBatchDeps): EndBatch {
  return async function endBatch(batchId, as) {
    const expanding = await expandingItems(store, batchId);
    const ended = await store.batches.cancel(batchId, now(), as);
    if (expanding.length > 0) await collections.cancel(expanding);
    await queue.cancel(ended?.withoutWaiters ?? []);
    return ended;
  };
}
