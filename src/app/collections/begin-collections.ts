/** What follows when a batch with collections is sealed: those that robots.txt forbids end, and the others are queued. */
import type { BatchId, Priority } from '../../domain/batch.ts';
import type { Log } from '../../domain/log.ts';
import type { Store, SubmittedItem } from '../../storage/store.ts';
import type { CollectionQueue } from './collection-queue.ts';
import { readProgress } from './progress.ts';

/** Forbidden pages that a submission ends itself. The queue ends further ones, without a request. */
const MOST_ENDED_AT_ONCE = 50;

export interface BeginCollectionsOptions {
  store: Pick<Store, 'batches'>;
  collections: Pick<CollectionQueue, 'enqueue'>;
  log: Log;
  now: () => number;
}

/** The items of a batch that have a record of a collection. */
export type BegunItem = Pick<SubmittedItem, 'index' | 'collection'>;

/** Makes the step. It never rejects: the batch counts even when it fails, because the reconciler queues collections later. */
export function createBeginCollections({ store, collections, log, now }: BeginCollectionsOptions) {
  return async function beginCollections(batchId: BatchId, items: readonly BegunItem[], priority: Priority): Promise<void> {
    const begun = items.flatMap(({ index, collection }) => (typeof collection === 'string' ? [{ index, json: collection }] : []));
    if (begun.length === 0) return;
    const forbidden = begun.filter(({ json }) => readProgress(json).end !== null).slice(0, MOST_ENDED_AT_ONCE);
    try {
      for (const { index, json } of forbidden) {
        const from = { index, ifVersion: 1, json, end: readProgress(json).end };
        await store.batches.add({ batchId, nowMs: now(), run: 'none', priority, maxAgeMs: null, items: [], from });
      }
      const ended = new Set(forbidden.map(({ index }) => index));
      const toRead = begun.filter(({ index }) => !ended.has(index)).map(({ index }) => ({ batchId, index }));
      if (toRead.length > 0) await collections.enqueue(toRead, priority);
    } catch (err) {
      log.warn({ err, batchId }, 'the queue did not take the collections of a batch; the reconciler queues them');
    }
  };
}
