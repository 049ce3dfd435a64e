/** A batch with one collection on the rules of the store, with the pages of the stand-in, read from memory. */
import { vi } from 'vitest';
import type { CrawlResult, PageRequest } from '../../../src/crawl/crawl.ts';
import { createBacklogLimit } from '../../../src/app/backlog-limit.ts';
import type { ExpandResult } from '../../../src/app/collections/expansion.ts';
import { createExpandCollection } from '../../../src/app/collections/expand-collection.ts';
import { firstRecord, readProgress } from '../../../src/app/collections/progress.ts';
import type { BatchItem, BatchOptions, CollectionLimits } from '../../../src/domain/batch.ts';
import { collectionOfPath, collectionReference, type CollectionFamily } from '../../../src/domain/collection.ts';
import type { BookId } from '../../../src/domain/identity.ts';
import type { JobRun } from '../../../src/domain/run-id.ts';
import type { ListingReading } from '../../../src/parser/listing/listing.ts';
import type { UntilCondition } from '../../../src/domain/until.ts';
import type { Store } from '../../../src/storage/store.ts';
import { DEFAULT_SIZES, firstBook, makeListing, type ListingTrap } from '../../../scripts/goodreads-listings.ts';
import { itemsOf, jobOf, NOW_MS, newBatchId, submit } from '../../contract/samples.ts';
import { createSpecification } from '../../specification/store.ts';
import { openSource, silentLog } from '../../support/quiet.ts';
import { TEST_SETTINGS } from '../../support/stores.ts';

export interface Scene {
  family?: CollectionFamily;
  id?: string;
  total?: number;
  trap?: ListingTrap;
  limits?: Partial<CollectionLimits>;
  maxWaitingJobs?: number;
  /** Items of the batch besides the collection. */
  others?: string[];
  /** Answers a page by itself: a reading, an error, or nothing for the page as it is. */
  until?: UntilCondition;
  answer?: (page: number, time: number) => ListingReading | Error | undefined;
}

/** An answer that is whole. */
const OTHER = { headers: { 'content-type': 'text/plain' }, body: Buffer.alloc(0) };

/** A process died here. */
export class Crash extends Error {}

/** A batch with one collection, the use case, a queue of jobs that is a map, and a source in memory. */
export async function openCollection({
  family = 'list',
  id = '7',
  total,
  trap,
  limits,
  maxWaitingJobs = 0,
  others = [],
  until,
  answer,
}: Scene = {}) {
  let nowMs = NOW_MS;
  const store = createSpecification(TEST_SETTINGS, () => nowMs) as unknown as Store;
  const batchId = newBatchId();
  const reference = collectionReference(family, id)!;
  const index = others.length;
  const collection = { index, input: reference.url, jobId: null, bookId: null, duplicates: 0, reason: null };
  const items = [...itemsOf(others.map((book) => jobOf(book as BookId))), { ...collection, collection: firstRecord(reference) }];
  const options: BatchOptions = { priority: 'normal', maxAgeMs: null, webhook: null };
  if (limits) options.collections = { maxBooks: 1_000, maxPages: null, deadlineMs: null, editions: 'as-listed', ...limits };
  if (until) options.until = until;
  await submit(store, batchId, items, { options });

  const pages: number[] = [];
  const queued = new Map<string, JobRun>();
  const queue = {
    enqueue: vi.fn<(jobs: readonly JobRun[]) => Promise<void>>(async (jobs) => {
      for (const job of jobs) queued.set(`${job.jobId}.${job.run}`, job);
    }),
    raisePriority: () => Promise.resolve(),
    cancel: () => Promise.resolve(),
    has: (jobs: readonly JobRun[]) => Promise.resolve(jobs.map((job) => queued.has(`${job.jobId}.${job.run}`))),
    countWaiting: () => Promise.resolve(queued.size),
  };
  const crawl = async ({ path, classify }: PageRequest<ListingReading>): Promise<Partial<CrawlResult<ListingReading>>> => {
    const url = new URL(path, 'https://www.goodreads.com');
    const page = Number(url.searchParams.get('page') ?? 1);
    pages.push(page);
    const own = answer?.(page, pages.length);
    if (own instanceof Error) throw own;
    if (own) return { reading: own, retryAfterMs: null, answer: OTHER as never };
    const found = collectionOfPath(url.pathname)!;
    if ('reason' in found) throw new Error(found.reason);
    const request = { family: found.reference.family, id: found.reference.id, page, total: total ?? DEFAULT_SIZES[family] };
    const { html } = makeListing(trap === undefined ? request : { ...request, trap });
    const fetched = { status: 200, headers: {}, body: Buffer.from(html), url: url.href, requests: 1, wireBytes: html.length };
    return { reading: classify(fetched as never), retryAfterMs: null, answer: fetched as never };
  };
  const observeListing = vi.fn<(asked: object, reading: ListingReading) => void>();
  const deps = {
    store,
    queue,
    collections: { cancel: () => Promise.resolve() },
    enter: createBacklogLimit({ queue, maxWaitingJobs, clock: () => nowMs }),
    crawler: { crawl: crawl as never },
    source: { current: () => openSource },
    settings: { attempts: 3, backoffBaseMs: 1_000, notFoundRecheckMs: 60_000, maxWaitingJobs },
    watch: { observeListing },
    log: silentLog,
    announceFailure: () => Promise.resolve(),
    now: () => nowMs,
    random: () => 0.5,
  };
  const expand = createExpandCollection(deps);
  const run = (more: { signal?: AbortSignal; starts?: number } = {}): Promise<ExpandResult> =>
    expand({ batchId, index, starts: 1, draining: () => false, signal: new AbortController().signal, ...more });
  const all = async (): Promise<BatchItem[]> => (await store.batches.items(batchId, { fromIndex: 0, limit: 100_000, state: null }))!.items;
  const item = async () => (await all())[index]!;
  return {
    store,
    deps,
    batchId,
    pages,
    queue,
    queued,
    observeListing,
    run,
    all,
    item,
    progress: async () => readProgress((await item()).collection!.json),
    found: async () => (await all()).filter(({ via }) => via === index),
    wait: (ms: number) => void (nowMs += ms),
  };
}

/** The numbers of the first books of a collection. */
export const booksOf = (family: CollectionFamily, id: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => String(firstBook(family, id) + n));
