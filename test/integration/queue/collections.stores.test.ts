/** The worker of collections: who reads what, what is queued again, and what must not wait. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { firstRecord } from '../../../src/app/collections/progress.ts';
import { createReconciler } from '../../../src/app/reconcile.ts';
import type { BatchId } from '../../../src/domain/batch.ts';
import { collectionReference } from '../../../src/domain/collection.ts';
import { createBookJobs } from '../../../src/queue/book-jobs.ts';
import {
  createCollectionQueue,
  openCollectionQueue,
  openCollectionWorker,
} from '../../../src/queue/collections/expand-collection-queue.ts';
import { openQueue } from '../../../src/queue/parse-book-queue.ts';
import type { Store } from '../../../src/storage/store.ts';
import { silentLog } from '../../support/quiet.ts';
import { recordUntil } from '../../support/record-until.ts';
import { startQuire, STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';

const SITE = 'https://www.goodreads.com';
const linkTo = (book: number): string => `${SITE}/book/show/${book}`;

/** Records a batch with a collection, and queues nothing, as a process that died in between. */
async function record(store: Store, batchId: BatchId, work: string): Promise<void> {
  const reference = collectionReference('editions', work)!;
  const item = { index: 0, input: reference.url, jobId: null, bookId: null, duplicates: 0, reason: null };
  await store.batches.submit({
    batch: { batchId, options: { priority: 'normal', maxAgeMs: null, webhook: null }, total: 1, last: true },
    nowMs: Date.now(),
    run: 'none',
    priority: 'normal',
    maxAgeMs: null,
    items: [{ ...item, collection: firstRecord(reference) }],
  });
}

describe.each(inThisRun(eachStore))('a collection in the queue, on the $name store', ({ make }) => {
  it('is queued again when the queue lost it, and can be queued again when the queue finished it', async () => {
    const { store, cleanup } = await make();
    onTestFinished(cleanup);
    const queue = openCollectionQueue(store, () => undefined);
    const books = openQueue(store, () => undefined);
    onTestFinished(async () => void (await Promise.all([queue.close(), books.close()])));
    const collections = createCollectionQueue(store, queue);
    const batchId = 'lostcollection000001' as BatchId;
    const item = { batchId, index: 0 };
    await record(store, batchId, '11');
    const reconciler = createReconciler({
      announceFailure: async () => undefined,
      store,
      queue: createBookJobs(store, books),
      collections,
      log: silentLog,
      batchTtlMs: 1e9,
      idleMs: -1_000,
    });
    expect(await collections.has([item])).toEqual([false]);
    expect(await reconciler.round()).toBe(1);
    expect(await collections.has([item])).toEqual([true]);
    await collections.enqueue([item], 'normal');
    expect(await collections.counts()).toEqual({ waiting: 1, active: 0, delayed: 0 });

    const options = { backoffMs: () => 1, onError: () => undefined };
    const worker = openCollectionWorker(store, async () => ({ outcome: 'ended' }), options);
    const ended = recordUntil(worker, ['completed'], () => true);
    await worker.waitUntilReady();
    worker.run().catch(() => undefined);
    await ended;
    await worker.close();
    expect(await collections.has([item])).toEqual([false]);
    await collections.enqueue([item], 'interactive');
    expect(await collections.has([item])).toEqual([true]);
    await collections.cancel([item]);
    expect(await collections.has([item])).toEqual([false]);
  }, 60_000);
});

describe.each(inThisRun(STORES))('the queue of collections, on the %s store', (store) => {
  it('is read on by another process behind the last page, when one stops in the middle', async () => {
    const api = await startQuire(store, { role: store === 'embedded' ? 'all' : 'api' });
    onTestFinished(api.stop);
    // The embedded store belongs to one process: there, the same process goes on after it was blocked.
    api.goodreads.setCollections({ sizes: { 'list/5': 650 } });
    await api.goodreads.control({ delayMs: 30 });
    const settings = { env: api.env, goodreads: api.goodreads, role: 'worker' as const };
    const first = store === 'embedded' ? null : await startQuire(store, settings);
    const { batchId } = await api.submit([`${SITE}/list/show/5`]);
    await waitUntil('some pages', async () => ((await api.goodreads.stats()).byPage['list/5?page=3'] ?? 0) > 0);
    await first?.stop();
    const second = first === null ? null : await startQuire(store, settings);
    if (second !== null) onTestFinished(second.stop);
    await api.goodreads.control({});
    expect((await api.ended(batchId, 60_000)).counts).toMatchObject({ expanded: 1, parsed: 650 });
    const { byPage } = await api.goodreads.stats();
    expect(Array.from({ length: 7 }, (_, n) => byPage[`list/5?page=${n + 1}`])).toEqual([1, 1, 1, 1, 1, 1, 1]);
  }, 90_000);

  it('lets an interactive link go before a thousand collections, but for the page on its way', async () => {
    const quire = await startQuire(store, { settings: { CRAWL_RATE: '20', CRAWL_CONCURRENCY: '1' } });
    onTestFinished(quire.stop);
    const { goodreads } = quire;
    goodreads.setCollections({ sizes: { series: 2 } });
    const links = Array.from({ length: 1_000 }, (_, n) => `${SITE}/series/${n + 1}`);
    const { batchId } = await quire.submit(links, '?priority=bulk');
    await waitUntil('collections to be read', async () => (await goodreads.stats()).requests > 10, { timeoutMs: 20_000 });
    const extra: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const book = 1_000_000_500 + n;
      const before = (await goodreads.stats()).requests;
      await quire.submit([linkTo(book)], '?priority=interactive');
      await waitUntil('the book', async () => (await goodreads.stats()).byId[String(book)] === 1, { everyMs: 2, timeoutMs: 30_000 });
      extra.push((await goodreads.stats()).requests - before - 1);
    }
    // The book and the page that were on their way, and those that the submission itself took the time for.
    expect(extra.toSorted((a, b) => a - b)[2]).toBeLessThanOrEqual(4);
    expect((await quire.get(`/batches/${batchId}`)).body.counts.expanding).toBeGreaterThan(900);
    expect((await quire.delete(`/batches/${batchId}`)).body.cancelled).toBeGreaterThan(900);
    expect((await quire.get(`/batches/${batchId}`)).body.state).toBe('cancelled');
    expect(Number((await quire.get('/stats')).body.backlog.waiting)).toBe(0);
  }, 90_000);
});
