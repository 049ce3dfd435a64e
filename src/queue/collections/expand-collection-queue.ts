/**
 * BullMQ's queue of collections: implements app/collections/collection-queue.ts. It is a queue of its own, so that workers of earlier
 * versions never take a collection. The id of a job names the batch and the item; the item's record has everything else.
 */
import type { Processor, Queue, Worker } from 'bullmq';
import type { CollectionItem, CollectionQueue } from '../../app/collections/collection-queue.ts';
import { parseBatchId } from '../../domain/batch.ts';
import type { JobId } from '../../domain/identity.ts';
import { runIdOf } from '../../domain/run-id.ts';
import type { Store } from '../../storage/store.ts';
import { askQueue } from '../ask-queue.ts';
import { dataOfTrace, openBullQueue, openBullWorker, type OwnWorkerOptions, type TracedData } from '../open.ts';
import { BULLMQ_PRIORITY } from '../parse-book-queue.ts';

/** Name of the queue: what the jobs in it do. */
export const EXPAND_COLLECTION = 'expand-collection';

/**
 * Collections that are read at once, over all workers. One page of a collection at most is on its way, so a link that somebody waits for is
 * held up by one page, however many collections wait.
 */
export const COLLECTIONS_AT_ONCE = 1;

/**
 * How often a collection may lose its worker before it fails. A long one takes hours, and each lost worker costs it one page, so it may
 * happen more often than to a book.
 */
export const MAX_STALLED = 10;

const ADD_AT_ONCE = 1_000;
const REMOVE_AT_ONCE = 100;

export interface ExpandCollectionResult {
  outcome: string;
}
export type ExpandCollectionQueue = Queue<TracedData, ExpandCollectionResult>;
export type ExpandCollectionWorker = Worker<TracedData, ExpandCollectionResult>;

/** The id of a collection in the queue, as that of a run: the batch and the index of the item. */
const idOf = ({ batchId, index }: CollectionItem): string => runIdOf(batchId as string as JobId, String(index));

/** The item that an id in this queue names, or `null`. */
export function parseCollectionId(id: string): CollectionItem | null {
  const match = /^([0-9a-z]+)\.(\d{1,9})$/.exec(id);
  const batchId = parseBatchId(match?.[1] ?? '');
  return batchId === null ? null : { batchId, index: Number(match?.[2]) };
}

export const openCollectionQueue = (store: Store, onError: (error: Error) => void): ExpandCollectionQueue =>
  openBullQueue(EXPAND_COLLECTION, store, onError);

/** Works on an open queue. The caller closes that queue. */
export function createCollectionQueue(store: Store, queue: ExpandCollectionQueue): CollectionQueue {
  return {
    async enqueue(collections, priority) {
      const number = BULLMQ_PRIORITY[priority];
      const data = dataOfTrace();
      for (let from = 0; from < collections.length; from += ADD_AT_ONCE) {
        const step = collections.slice(from, from + ADD_AT_ONCE);
        const entries = step.map((collection) => ({
          name: EXPAND_COLLECTION,
          data,
          opts: { jobId: idOf(collection), ...(number === 0 ? {} : { priority: number }) },
        }));
        await askQueue(queue.addBulk(entries));
      }
    },
    async cancel(collections) {
      const left: CollectionItem[] = [];
      for (let from = 0; from < collections.length; from += REMOVE_AT_ONCE) {
        const step = collections.slice(from, from + REMOVE_AT_ONCE);
        const removals = await askQueue(Promise.allSettled(step.map((collection) => queue.remove(idOf(collection)))));
        left.push(...step.filter((_, at) => removals[at]?.status !== 'fulfilled' || removals[at].value !== 1));
      }
      // An active one cannot be removed. The signal stops it, and then it finds that its batch has ended.
      for (const { batchId, index } of left)
        await store.signals.publish({ kind: 'cancel', jobId: batchId as string as JobId, run: String(index) });
    },
    has: (collections) => store.queueBackend.has(EXPAND_COLLECTION, collections.map(idOf)),
    async counts() {
      const counts = await askQueue(queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed'));
      const waiting = (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0);
      return { waiting, active: counts['active'] ?? 0, delayed: counts['delayed'] ?? 0 };
    },
  };
}

export const openCollectionWorker = (
  store: Store,
  processor: Processor<TracedData, ExpandCollectionResult>,
  {
    lockMs,
    stalledCheckMs,
    ...options
  }: Pick<OwnWorkerOptions, 'backoffMs' | 'onError'> & {
    lockMs?: number | undefined;
    stalledCheckMs?: number | undefined;
  },
): ExpandCollectionWorker =>
  openBullWorker(EXPAND_COLLECTION, store, processor, {
    ...options,
    ...(lockMs === undefined ? {} : { lockDuration: lockMs }),
    ...(stalledCheckMs === undefined ? {} : { stalledInterval: stalledCheckMs }),
    concurrency: COLLECTIONS_AT_ONCE,
    maxStalledCount: MAX_STALLED,
    runRetryDelay: 1_000,
    drainDelay: 1,
    // A collection that is still expanding can be queued again under its id.
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
