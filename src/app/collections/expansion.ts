/** A collection while it is read: its record in the store, and what reading needs. */
import type { Crawler } from '../../crawl/crawl.ts';
import type { Source } from '../../crawl/source/source.ts';
import type { BatchRecord, CollectionLimits } from '../../domain/batch.ts';
import type { BookId } from '../../domain/identity.ts';
import type { Log } from '../../domain/log.ts';
import type { Store } from '../../storage/store.ts';
import type { EnterQueue } from '../backlog-limit.ts';
import type { JobQueue } from '../job-queue.ts';
import type { ParserWatch } from '../parser-watch.ts';
import type { CollectionItem, CollectionQueue } from './collection-queue.ts';
import { readProgress, writeProgress, type CollectionProgress } from './progress.ts';
import { DEFAULT_LIMITS } from './take-page.ts';

export interface ExpandSettings {
  /** CRAWL_ATTEMPTS, for each page. */
  attempts: number;
  backoffBaseMs: number;
  notFoundRecheckMs: number;
  /** MAX_WAITING_JOBS. 0: no limit. */
  maxWaitingJobs: number;
}

export interface ExpandDeps {
  store: Store;
  queue: Pick<JobQueue, 'enqueue' | 'raisePriority' | 'cancel'>;
  collections: Pick<CollectionQueue, 'cancel'>;
  enter: EnterQueue;
  crawler: Crawler;
  source: Pick<Source, 'current'>;
  settings: ExpandSettings;
  watch: Pick<ParserWatch, 'observeListing'>;
  log: Log;
  now: () => number;
  random: () => number;
}

/** What the queue does with the collection now. Attempts are counted in its record, so none of these uses one of the queue's. */
export type ExpandResult =
  /** It has ended, or its batch has. */
  | { next: 'done' }
  /** It runs again at this time. */
  | { next: 'later'; atMs: number }
  /** It goes back to the queue, and the worker takes none until then: the source is closed, or the queue of jobs is full. */
  | { next: 'wait'; untilMs: number }
  /** It goes back to the queue at once. */
  | { next: 'requeue' };

/** A step leads to the next one (`null`), or says what the queue does. It may lose the record to another process (`lost`). */
export type Step = ExpandResult | 'lost' | null;

/** A collection while it is read: its record in the store, and what the batch says. */
export interface Expansion extends CollectionItem {
  batch: BatchRecord;
  limits: CollectionLimits;
  progress: CollectionProgress;
  /** The record in the store. `progress` may be ahead of it. */
  json: string;
  version: number;
  /** Books of the pages that were read; `null` before they are needed. */
  seen: Set<BookId> | null;
  /** Whether this process reported all fresh books of the collection to a batch that looks for books. */
  reported: boolean;
}

/** The collection as the store has it; `null` when it or its batch has ended. */
export async function readExpansion({ store }: Pick<ExpandDeps, 'store'>, { batchId, index }: CollectionItem): Promise<Expansion | null> {
  const batch = await store.batches.get(batchId);
  const page = await store.batches.items(batchId, { fromIndex: index, limit: 1, state: null });
  const item = page?.items[0];
  if (!batch || item?.index !== index || item.state !== 'expanding' || item.collection === null) return null;
  const { version, json } = item.collection;
  const progress = readProgress(json);
  return {
    batchId,
    index,
    batch,
    limits: batch.options.collections ?? DEFAULT_LIMITS,
    progress,
    json,
    version,
    seen: null,
    reported: progress.pages === 0,
  };
}

/** Writes the record without books. `false` when another process changed it. `ends`: as its `end` says. */
export async function save(
  { store, now }: Pick<ExpandDeps, 'store' | 'now'>,
  expansion: Expansion,
  progress: CollectionProgress,
  ends = false,
): Promise<boolean> {
  const { batchId, index, version, batch } = expansion;
  const { priority, maxAgeMs } = batch.options;
  // What only reading needs goes with the end.
  const kept = ends ? { ...progress, slug: null, works: [], end: null } : progress;
  const json = writeProgress(kept);
  if (!ends && json === expansion.json) return true;
  const from = { index, ifVersion: version, json, end: ends ? progress.end : null };
  const added = await store.batches.add({ batchId, nowMs: now(), run: 'none', priority, maxAgeMs, items: [], from });
  if (added === null) return false;
  Object.assign(expansion, { progress: kept, json, version: version + 1 });
  return true;
}
