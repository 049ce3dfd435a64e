/** What callers are told of batches: the shapes of the HTTP contract, made in batches/, turned into JSON in http/. */
import type { BatchId, Priority, ShownState } from '../../domain/batch.ts';

export type SubmitStatus = 'queued' | 'joined' | 'cached' | 'invalid';

/** One item of the answer to `POST /parse-links`. Fields that do not apply are absent. */
export interface AnsweredItem {
  input: string;
  bookId?: string;
  url?: string;
  status: SubmitStatus;
  jobId?: string;
  /** Why an `invalid` link is. */
  reason?: string;
  /** How often the link came again in the same request. */
  duplicates?: number;
  /** Seconds since a `cached` copy was fetched. */
  ageSeconds?: number;
  /** `not-found` on a `cached` item: what is remembered is that Goodreads has no such book. */
  state?: 'not-found';
}

export interface SubmitRequest {
  /** As they came: 1 to 10,000 of anything. */
  links: readonly unknown[];
  priority: Priority;
  /** Milliseconds; `null`: `BOOK_TTL` decides. */
  maxAgeMs: number | null;
  webhook: { url: string; secret: string | null } | null;
}

export interface SubmitAnswer {
  batchId: BatchId;
  counts: { total: number; queued: number; joined: number; cached: number; invalid: number };
  items: AnsweredItem[];
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
  /** Seconds until it is likely done, from backlog and rate; `null` when finished or nothing can be said (source blocked, rate unlimited and nothing measured). */
  etaSeconds: number | null;
}

/** One item of `GET /batches/{id}/items` and of an `item` event. */
export interface ItemView {
  index: number;
  input: string;
  state: ShownState;
  jobId: string | null;
  bookId: string | null;
  url: string | null;
  reason: string | null;
  duplicates: number;
}

export interface Batches {
  /**
   * Records a batch and enqueues what is not fresh: all of it or, when it throws, nothing. Throws `no-valid-links` when no link names a book: the pointers of
   * its `errors[]` (at most 100) are places in the list as sent. Throws `store-unavailable` when the store is gone.
   */
  submit(request: SubmitRequest): Promise<SubmitAnswer>;
  view(batchId: BatchId): Promise<BatchView | null>;
  /** Batches, newest first; `ended` keeps those that have ended, or those that have not. Their queued items are not told apart from active and delayed ones. */
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
