/** Batches as callers see them: submit, view, list and cancel them, and wait for their end. */
import { etaSeconds } from '../../crawl/source/source-now.ts';
import { foreignCursor } from '../../errors.ts';
import {
  ALL_ITEM_STATES,
  parseBatchId,
  type BatchId,
  type BatchItem,
  type BatchRecord,
  type ItemState,
  type ShownState,
} from '../../domain/batch.ts';
import { createSubmitLinks, type SubmitLinksOptions } from '../submit-links.ts';
import { createAddLinks } from './add-links.ts';
import { createCloseBatch } from './close-batch.ts';
import { createEndBatch } from './end-batch.ts';
import { waitFor } from '../wait.ts';
import type { CollectionQueue } from '../collections/collection-queue.ts';
import type { JobQueue } from '../job-queue.ts';
import { blocksJobs } from '../../crawl/source/source-state.ts';
import type { Source } from '../../crawl/source/source.ts';
import type { Store } from '../../storage/store.ts';
import type { Batches, BatchView, ItemView } from './batch-view.ts';
import { itemKind } from './item-kind.ts';
import { iso, isoOrNull } from '../../domain/time/iso.ts';

/** Jobs read to tell active and delayed items from queued ones. Items of further jobs count as queued. */
const MOST_LIVE_RUNS = 1_000;

export interface BatchesOptions extends SubmitLinksOptions {
  store: Pick<Store, 'batches' | 'books' | 'jobs' | 'signals'>;
  queue: JobQueue;
  collections: CollectionQueue;
  source: Pick<Source, 'current'>;
}

/** The index of the next item, in base 36. Five digits are more than any batch has, and within the range of the stores. */
const CURSOR = /^[0-9a-z]{1,5}$/;

export function createBatches(options: BatchesOptions): Batches {
  const { store, queue, source, now } = options;
  const endBatch = createEndBatch(options);
  const closeBatch = createCloseBatch(options);

  /** The items of this batch whose jobs are active or delayed now. */
  const liveItems = async (batchId: BatchId): Promise<Map<number, ShownState>> => {
    const states = new Map<number, ShownState>();
    for (const state of ['delayed', 'active'] as const) {
      const jobIds = await queue.listJobs(state, MOST_LIVE_RUNS);
      if (jobIds.length === 0) continue;
      for (const index of (await store.batches.indexesOf(batchId, jobIds)).values()) states.set(index, state);
    }
    return states;
  };

  const waitingState = (): ShownState => (blocksJobs(source.current()) ? 'blocked' : 'queued');

  /** Interactive jobs go first. All others wait for the whole backlog. */
  const eta = async ({ counts, options: { priority } }: BatchRecord): Promise<number | null> => {
    // Nobody knows how many books a collection has.
    if (counts.expanding > 0) return null;
    const state = source.current();
    // Counting the queue is worth it only where an estimate is possible.
    if (etaSeconds(0, state, now()) === null) return null;
    const pages = priority === 'interactive' ? counts.queued : Math.max(counts.queued, await queue.waiting());
    return etaSeconds(pages, state, now());
  };

  /** `live` has the states of the queued items that are active or delayed now. */
  const toView = async (record: BatchRecord, live: readonly ShownState[]): Promise<BatchView> => {
    const counts = { ...record.counts, active: 0, delayed: 0, blocked: 0 } as Record<ShownState, number>;
    for (const state of live) {
      // An item may have settled between the two reads. The counts must still add up.
      if (counts.queued === 0) break;
      counts.queued -= 1;
      counts[state] += 1;
    }
    if (waitingState() === 'blocked') {
      counts.blocked = counts.queued;
      counts.queued = 0;
    }
    return {
      batchId: record.batchId,
      state: record.endedAtMs === null ? 'running' : record.cancelledAtMs === null ? 'completed' : 'cancelled',
      total: record.total,
      counts,
      priority: record.options.priority,
      createdAt: iso(record.createdAtMs),
      finishedAt: isoOrNull(record.endedAtMs),
      open: record.open,
      until: record.options.until ?? null,
      found: record.found,
      etaSeconds: record.endedAtMs === null ? await eta(record) : null,
    };
  };

  const toItemView = (item: BatchItem, live: Map<number, ShownState>): ItemView => ({
    index: item.index,
    input: item.input,
    ...itemKind(item),
    state: item.state === 'queued' ? (live.get(item.index) ?? waitingState()) : item.state,
    jobId: item.jobId,
    bookId: item.bookId,
    reason: item.reason,
    duplicates: item.duplicates,
    via: item.via,
  });

  const view = async (batchId: BatchId): Promise<BatchView | null> => {
    const record = await store.batches.get(batchId);
    if (!record) return null;
    return toView(record, record.counts.queued > 0 ? [...(await liveItems(batchId)).values()] : []);
  };

  return {
    submit: createSubmitLinks(options),
    add: createAddLinks(options),
    view,

    async close(batchId) {
      return (await closeBatch(batchId)) === null ? null : view(batchId);
    },

    async list({ ended, cursor, limit }) {
      const before = cursor === null ? null : parseBatchId(cursor);
      if (cursor !== null && before === null) throw foreignCursor();
      const { batches, next } = await store.batches.list({ before, limit, ended });
      return { batches: await Promise.all(batches.map((record) => toView(record, []))), cursor: next };
    },

    async items(batchId, { state, cursor, limit }) {
      if (cursor !== null && !CURSOR.test(cursor)) throw foreignCursor();
      const fromIndex = cursor === null ? 0 : Number.parseInt(cursor, 36);
      const kept: ItemState | null = state && (ALL_ITEM_STATES.find((one) => one === state) ?? 'queued');
      const page = await store.batches.items(batchId, { fromIndex, limit, state: kept });
      if (!page) return null;
      const live = page.items.some((item) => item.state === 'queued') ? await liveItems(batchId) : new Map<number, ShownState>();
      // The store does not know `active`, `delayed` and `blocked`, so a page of such items may be shorter than `limit`.
      const items = page.items.map((item) => toItemView(item, live)).filter((item) => state === null || item.state === state);
      return { items, cursor: page.nextIndex === null ? null : page.nextIndex.toString(36) };
    },

    async cancel(batchId) {
      const result = await endBatch(batchId, 'cancelled');
      return result && { cancelled: result.cancelled };
    },

    untilEnded: (batchId, timeoutMs, signal) =>
      waitFor(async () => (await store.batches.get(batchId))?.endedAtMs !== null, {
        timeoutMs,
        signal,
        subscribe: (poke) => store.signals.subscribe((s) => (s.kind === 'batch' && s.batchId === batchId ? poke() : undefined)),
      }),
  };
}
