/**
 * What the use cases need from the queue of collections. queue/ implements it on BullMQ. A call that fails rejects with
 * `store-unavailable` within 2 s.
 */
import type { BatchId, Priority } from '../../domain/batch.ts';

/** A collection item of a batch. */
export interface CollectionItem {
  batchId: BatchId;
  index: number;
}

export interface CollectionQueue {
  /** Adds collections that the store has recorded. One that is in the queue already is not added twice. */
  enqueue(collections: readonly CollectionItem[], priority: Priority): Promise<void>;
  /** Removes collections whose batch ended, and aborts the page that is read now, in every process. */
  cancel(collections: readonly CollectionItem[]): Promise<void>;
  /** For each of these, whether the queue has it. */
  has(collections: readonly CollectionItem[]): Promise<boolean[]>;
  /** How many collections wait, are read now, and wait for their next attempt. */
  counts(): Promise<{ waiting: number; active: number; delayed: number }>;
}
