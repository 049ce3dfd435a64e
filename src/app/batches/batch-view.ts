/** Batches as callers see them: the shapes of the HTTP contract. batches.ts makes them, http/ turns them into JSON. */
import type { BatchId, CollectionLimits, Priority, ShownState } from '../../domain/batch.ts';
import type { CollectionFamily } from '../../domain/collection.ts';
import type { EntryKind } from '../../domain/entry.ts';
import type { BookId } from '../../domain/identity.ts';
import type { UntilCondition } from '../../domain/until.ts';

export type SubmitStatus = 'queued' | 'joined' | 'cached' | 'invalid' | 'expanding' | 'disallowed';

/** One item of the answer to `POST /parse-links`. Fields that do not apply are absent. */
export interface AnsweredItem {
  input: string;
  /** How the entry was read; absent on an `invalid` and a `disallowed` one. */
  kind?: EntryKind;
  /** The family of a collection. */
  family?: CollectionFamily;
  bookId?: string;
  url?: string;
  status: SubmitStatus;
  jobId?: string;
  /** Why a link is `invalid` or `disallowed`. */
  reason?: string;
  /** How often the link came again in the same request. */
  duplicates?: number;
  /** Seconds since a `cached` copy was fetched. */
  ageSeconds?: number;
  /**
   * `not-found` on a `cached` item: Quire remembers that Goodreads has no such book. `skipped`: the batch has found what it looks for.
   */
  state?: 'not-found' | 'skipped';
}

export interface SubmitRequest {
  /** As they were sent: 1 to 10,000 entries of any type. */
  links: readonly unknown[];
  priority: Priority;
  /** Milliseconds; `null`: `BOOK_TTL` decides. */
  maxAgeMs: number | null;
  webhook: { url: string; secret: string | null } | null;
  /** Limits of every collection in the list; absent: the default ones. */
  collections?: CollectionLimits;
  /** The books that the batch looks for. */
  until?: UntilCondition;
  /** The batch takes more links later. */
  open?: boolean;
  /** Jobs of the same caller that wait already. */
  ahead?: number;
}

export interface SubmitAnswer {
  batchId: BatchId;
  /** Those of `expanding` and `disallowed` are absent when there is none. */
  counts: { total: number; queued: number; joined: number; cached: number; invalid: number; expanding?: number; disallowed?: number };
  items: AnsweredItem[];
}

/** An item of the answer to `POST /batches/{id}/links`. `duplicate`: the batch has the book already. */
export interface AddedItem extends Omit<AnsweredItem, 'status'> {
  status: SubmitStatus | 'duplicate';
  /** Position in the batch, from 0. */
  index: number;
}

/** Which items an answer has. Those of a long file alone would take as much memory as the rest of it, so only items with a reason are kept. */
export type ItemsTold = 'all' | 'with-reason';

export interface AddAnswer {
  batchId: BatchId;
  counts: SubmitAnswer['counts'] & { duplicate: number };
  items: AddedItem[];
}

/** `GET /batches/{id}`. The counts add up to `total` at every instant. */
export interface BatchView {
  batchId: BatchId;
  state: 'running' | 'completed' | 'cancelled';
  total: number;
  counts: Record<ShownState, number>;
  priority: Priority;
  createdAt: string;
  finishedAt: string | null;
  /** Takes more items, and does not end before it is closed. */
  open: boolean;
  /** What the batch looks for; `null` when it looks for nothing. */
  until: UntilCondition | null;
  /** Books that satisfy `until`, in the order in which they were found. */
  found: BookId[];
  /**
   * Estimated seconds until the batch ends, from backlog and rate. `null`: the batch ended, the source is blocked or unreachable, or the rate is
   * unlimited.
   */
  etaSeconds: number | null;
}

/** How far a collection is, or how it ended. */
export interface CollectionView {
  title: string | null;
  /** How many books it says that it has. */
  claimed: number | null;
  /** Books on its pages, each once. */
  found: number;
  /** Those that the limits let into the batch. */
  taken: number;
  pages: number;
  /** Why it was not read whole; `null` when it was, or is not read to its end yet. */
  cutOff: string | null;
  timeline: { at: string; event: string; detail: string }[];
}

/** One item of `GET /batches/{id}/items` and of an `item` event. */
export interface ItemView {
  index: number;
  input: string;
  /** `null` for an entry that names nothing. */
  kind: EntryKind | null;
  /** Of a collection, else `null`. */
  family: CollectionFamily | null;
  collection: CollectionView | null;
  state: ShownState;
  jobId: string | null;
  bookId: string | null;
  url: string | null;
  reason: string | null;
  duplicates: number;
  /** Index of the collection item that brought this one; `null` when the caller sent it. */
  via: number | null;
}

export interface Batches {
  /**
   * Records a batch and queues jobs for the books that are not fresh. When it throws, it has recorded nothing. Throws `no-valid-links` when
   * no link names a book; the pointers of its `errors[]` (at most 100) are places in the list as sent. Throws `store-unavailable` when the
   * store does not answer.
   */
  submit(request: SubmitRequest, told?: ItemsTold): Promise<SubmitAnswer>;
  /**
   * Adds links to an open batch. `null`: no such batch. Throws `batch-closed` when it takes no more, and `no-valid-links` as `submit` does.
   * When it throws anything else, some links may be in the batch: sending all of them again does no harm.
   */
  add(batchId: BatchId, links: readonly unknown[], told?: ItemsTold): Promise<AddAnswer | null>;
  /** Ends the promise of more links; the batch ends with its last item. `null`: no such batch. Idempotent. */
  close(batchId: BatchId): Promise<BatchView | null>;
  view(batchId: BatchId): Promise<BatchView | null>;
  /**
   * Batches, newest first. `ended` filters: `true` for ended batches, `false` for open ones. Active and delayed items count as queued here.
   */
  list(query: { ended: boolean | null; cursor: string | null; limit: number }): Promise<{ batches: BatchView[]; cursor: string | null }>;
  items(
    batchId: BatchId,
    query: { state: ShownState | null; cursor: string | null; limit: number },
  ): Promise<{ items: ItemView[]; cursor: string | null } | null>;
  /** Cancels what is not settled, in any process. `null`: no such batch. */
  cancel(batchId: BatchId): Promise<{ cancelled: number } | null>;
  /** Resolves `true` as soon as all items are settled, `false` after `timeoutMs` or when `signal` fires. */
  untilEnded(batchId: BatchId, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
}
