/** Batches as a store keeps them, and submissions, which make them. */
import type { BatchId, BatchItem, BatchOptions, BatchRecord, ItemState, Priority, SettledEntry } from '../../domain/batch.ts';
import type { BookId, JobId } from '../../domain/identity.ts';

/** A link of a submission, as the caller of {@link BatchStore.submit} hands it over. */
export interface SubmittedItem {
  index: number;
  input: string;
  /** `null` for an invalid link. */
  jobId: JobId | null;
  bookId: BookId | null;
  duplicates: number;
  reason: string | null;
  /** The first record of a collection: the item is `expanding`, and has neither job nor reason. */
  collection?: string | null;
}

export interface Submission {
  /** `null` for a submission without a batch (a refresh, a read that submits). Its job is live without a waiter. */
  batch: {
    batchId: BatchId;
    options: BatchOptions;
    /** Items of the whole batch, over all its submissions. */
    total: number;
    /** The last submission of a batch seals it: only a sealed batch can end. It may bring no items. */
    last: boolean;
    /** The batch takes more items later ({@link BatchStore.add}), and does not end before it is closed. The first submission counts. */
    open?: boolean;
  } | null;
  nowMs: number;
  /** Names the run of every job this submission makes: unique in time, letters and digits. */
  run: string;
  priority: Priority;
  /**
   * A copy fetched at most so long ago counts as fresh. `null`: a copy before its `freshUntilMs` does. 0: none does. A remembered "not
   * found" is fresh by the same rule.
   */
  maxAgeMs: number | null;
  /** At most 1,000, their indexes one after the other; no two of the same job. */
  items: SubmittedItem[];
}

/** What became of a submitted item. */
export type SubmitOutcome =
  /** A new live job was recorded under `run`; the caller must now give it to BullMQ. */
  | { status: 'queued' }
  /** A live job existed. `raisedRun` names its run when this submission is more urgent than the job was so far. */
  | { status: 'joined'; raisedRun: string | null }
  /** A fresh copy exists; `bookId` is the book's own (after an alias). */
  | { status: 'cached'; bookId: BookId; fetchedAtMs: number }
  /** Goodreads' "no such book" is remembered: the item is settled as `not-found`. */
  | { status: 'not-found' }
  | { status: 'invalid' }
  /** A collection. The caller sees to it that it is read. */
  | { status: 'expanding' }
  /** The batch has found what it looks for: no job is needed. */
  | { status: 'skipped' };

/** An item that joins a batch later. The store gives it its index. */
export type AddedItem = Omit<SubmittedItem, 'index'>;

export interface Addition {
  batchId: BatchId;
  nowMs: number;
  /** As in {@link Submission}. */
  run: string;
  priority: Priority;
  maxAgeMs: number | null;
  /** At most 1,000; no two of the same job. Their `duplicates` count within this addition. */
  items: AddedItem[];
  /** The collection that brings the items, with its next record. `null`: a caller brings them, and the batch must be open. */
  from: {
    /** Index of the collection item. */
    index: number;
    /** The version of the record that the caller read. */
    ifVersion: number;
    json: string;
    /** The collection has been read, as far as it will be. */
    end: CollectionEnd | null;
  } | null;
}

export interface CollectionEnd {
  state: 'expanded' | 'disallowed' | 'failed' | 'not-found';
  /** Why it was not read whole. */
  reason: string | null;
}

/** What became of an added item. The batch may have its job already: then that item's `duplicates` grow, and `index` is its own. */
export type AddOutcome = (Exclude<SubmitOutcome, { status: 'skipped' }> | { status: 'duplicate' }) & { index: number };

/** How a batch is ended before all its items are settled. */
export type CancelledAs = 'cancelled' | 'skipped' | 'expired';

export interface BatchStore {
  /**
   * Records a submission and decides each item, in order. Throws `QuireError('cancelled')`, and records nothing, when the batch was
   * cancelled. A batch that has found what it looks for takes the items that would need a job as `skipped`.
   */
  submit(submission: Submission): Promise<SubmitOutcome[]>;
  /**
   * Adds items to a sealed batch behind those it has, decides each as `submit` does, and keeps the next record of the collection that brings
   * them. `null`, and nothing changes, when that record has another version, or the collection has ended. Throws `QuireError('cancelled')`,
   * and changes nothing, when the batch has ended, has found what it looks for, is not sealed, or does not exist; without `from` also when it
   * is not open. Books that were found among cached copies must be reported before the `end` of the collection, which may end the batch.
   */
  add(addition: Addition): Promise<{ outcomes: AddOutcome[] } | null>;
  /** Ends the promise of more items; the batch may end by it. `false`: it was not open. `null`: no such batch. */
  close(batchId: BatchId, nowMs: number): Promise<boolean | null>;
  /** Open batches whose last addition by a caller is older than `beforeMs`, at most `limit`, oldest first. */
  listOpenFor(beforeMs: number, limit: number): Promise<BatchId[]>;
  /**
   * Counts books, each once, that satisfy what a batch looks for and needed no job: cached copies. Returns whether the batch has found
   * enough. A batch that has, or that has ended, takes no more.
   */
  report(batchId: BatchId, bookIds: BookId[], nowMs: number): Promise<{ stopped: boolean }>;
  get(batchId: BatchId): Promise<BatchRecord | null>;
  /**
   * Batches before `before` (null: from the newest), at most `limit`, in descending order of their ids, which is the newest first. `ended`
   * keeps those that have ended, or those that have not. `next` is the next `before`, `null` at the end. A page may be shorter than
   * `limit`.
   */
  list(query: { before: BatchId | null; limit: number; ended: boolean | null }): Promise<{ batches: BatchRecord[]; next: BatchId | null }>;
  /**
   * Items from `fromIndex` on, in order, at most `limit`; only those in `state` when given. `nextIndex` is the next `fromIndex`, `null` at
   * the end.
   */
  items(
    batchId: BatchId,
    query: { fromIndex: number; limit: number; state: ItemState | null },
  ): Promise<{ items: BatchItem[]; nextIndex: number | null } | null>;
  /** Which of these jobs an item of this batch waits for: index by job. */
  indexesOf(batchId: BatchId, jobIds: JobId[]): Promise<Map<JobId, number>>;
  /** Entries of the settled log after `afterSeq`, in order; at most `limit`. */
  settledSince(batchId: BatchId, afterSeq: number, limit: number): Promise<SettledEntry[]>;
  /**
   * Settles every queued and expanding item as `as` (`cancelled` by default), takes it off its job, and closes the batch. Announced items
   * that never came count so too. Returns the jobs that have no waiter left: they are settled as `cancelled`, and the caller removes them
   * from BullMQ. The end of a batch that was not sealed is not announced, since no caller knows the batch. `null`: no such batch.
   *
   * `skipped` ends a batch that has found what it looks for, and changes nothing in any other. One that is not sealed goes on: its last
   * submission ends it.
   */
  cancel(
    batchId: BatchId,
    nowMs: number,
    as?: CancelledAs,
  ): Promise<{ cancelled: number; withoutWaiters: { jobId: JobId; run: string }[] } | null>;
  /**
   * Makes queued items of an open batch wait for a live job again, after the record of their job was lost (evicted, or deleted by
   * hand). Returns the jobs that are live under `run` now: the caller must give them to BullMQ. Changes nothing for items that are settled,
   * or that wait for a live job already.
   */
  requeue(
    batchId: BatchId,
    lost: { items: { jobId: JobId; index: number }[]; nowMs: number; run: string; priority: Priority },
  ): Promise<JobId[]>;
  /** Open batches without progress since `beforeMs`, at most `limit`, longest first. */
  listIdle(beforeMs: number, limit: number): Promise<BatchId[]>;
  /**
   * Open batches whose last progress lies after `afterMs`, at most `limit`. With a time in the future: those that a wrong clock left.
   */
  listAhead(afterMs: number, limit: number): Promise<BatchId[]>;
  /** Ended batches whose end is not announced yet (webhooks); they stay until acknowledged. */
  listUnannounced(limit: number): Promise<BatchId[]>;
  acknowledge(batchId: BatchId): Promise<void>;
  /** Removes batches that ended before `beforeMs`, at most 500 at once; returns how many. (Redis lets them expire and returns 0.) */
  sweep(beforeMs: number): Promise<number>;
}
