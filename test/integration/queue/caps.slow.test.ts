/** What piles up while jobs are done is cut to size: by the settings that the program gives to BullMQ and to the store. */
import { rm } from 'node:fs/promises';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { bookReference, type BookId } from '../../../src/domain/identity.ts';
import { createReconciler } from '../../../src/app/reconcile.ts';
import { createProcessBook } from '../../../src/app/process-book.ts';
import { createProducer } from '../../../src/queue/producer.ts';
import { openQueue, openWorker, PARSE_BOOK } from '../../../src/queue/parse-book-queue.ts';
import { openWebhookWorker } from '../../../src/queue/deliver-webhook-queue.ts';
import { createEmbeddedStore } from '../../../src/storage/embedded/store.ts';
import type { Store } from '../../../src/storage/store.ts';
import type { Contents } from '../../faults/leftovers/contents.ts';
import { findLeftovers, readEmbedded, readRedis } from '../../faults/leftovers.ts';
import { sharedRedisUrl } from '../../support/redis-server.ts';
import { openSource, noCollections, silentLog } from '../../support/quiet.ts';
import { embeddedDirectory, redisStore, TEST_SETTINGS } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { createBookJobs } from '../../../src/queue/book-jobs.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A store, and a look at all it holds once it has stopped. */
type Opened = { store: Store; leave(): Promise<Contents> };
const opened: Record<string, () => Promise<Opened>> = {
  async redis() {
    const prefix = `caps${process.pid}${Math.random().toString(36).slice(2, 8)}`;
    const { store, cleanup } = await redisStore.make({ prefix });
    undo.push(cleanup);
    return { store, leave: () => readRedis(sharedRedisUrl(), prefix) };
  },
  async embedded() {
    const dataDir = await embeddedDirectory();
    undo.push(() => rm(dataDir, { recursive: true, force: true }));
    const store = createEmbeddedStore({ dataDir, settings: TEST_SETTINGS });
    await store.start();
    undo.push(() => store.stop());
    return { store, leave: () => store.stop().then(() => readEmbedded(dataDir, TEST_SETTINGS.prefix)) };
  },
};
const open = (name: string): Promise<Opened> => opened[name]!();

it.each(Object.keys(opened))('keeps some thousand ended jobs and events in BullMQ on the %s store', async (name) => {
  const { store, leave } = await open(name);
  const queue = openQueue(store, () => undefined);
  const worker = openWorker(store, async () => ({ outcome: 'parsed' }), { concurrency: 50, backoffMs: () => 1, onError: () => undefined });
  try {
    const jobs = Array.from({ length: 1_300 }, (_, n) => ({ jobId: bookReference(String(n + 1) as BookId).jobId, run: 'a' }));
    await createProducer(store, queue).enqueue(jobs, 'normal');
    await worker.waitUntilReady();
    worker.run().catch(() => undefined);
    await waitUntil(
      'the queue to be empty',
      async () => Object.values(await queue.getJobCounts('waiting', 'prioritized', 'active')).every((n) => n === 0),
      { timeoutMs: 40_000 },
    );
  } finally {
    await worker.close();
    await queue.close();
  }
  const contents = await leave();
  const completed = contents.runs.filter(({ queue: of, state }) => of === PARSE_BOOK && state === 'completed');
  expect(completed.length).toBeGreaterThanOrEqual(1_000);
  expect(findLeftovers(contents)).toEqual([]);
});

it('gives BullMQ a cap for failed jobs too, and for calls of webhooks', async () => {
  const { store } = await open('redis');
  const options = { concurrency: 1, backoffMs: () => 1, onError: () => undefined };
  const workers = [
    openWorker(store, async () => ({ outcome: 'x' }), options),
    openWebhookWorker(store, async () => ({ state: 'x' }), options),
  ];
  try {
    expect(workers.map(({ opts }) => [opts.removeOnComplete, opts.removeOnFail])).toEqual([
      [
        { age: 86_400, count: 1_000 },
        { age: 7 * 86_400, count: 5_000 },
      ],
      [
        { age: 86_400, count: 1_000 },
        { age: 86_400, count: 1_000 },
      ],
    ]);
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
  }
});

it.each(Object.keys(opened))('keeps 200 pages that were not recognised on the %s store', async (name) => {
  const { store, leave } = await open(name);
  const startMs = Date.now();
  let pages = 0;
  const answer = { status: 200, headers: {}, body: Buffer.from('odd'), url: '', elapsedMs: 1, wireBytes: 1, requests: 1 };
  const processBook = createProcessBook({
    store,
    crawler: {
      crawl: async ({ classify }) => ({ reading: classify(answer), answer, askedAtMs: startMs, retryAfterMs: null }),
    },
    source: { current: () => openSource },
    settings: { attempts: 1, bookTtlMs: 1, bookRetentionMs: 1, notFoundTtlMs: 1, notFoundRecheckMs: 1 },
    log: silentLog,
    watch: { observe: () => undefined },
    announce: async () => undefined,
    announceFailure: async () => undefined,
    endBatch: async () => null,
    random: Math.random,
    // Each page has a time of its own.
    now: () => startMs + pages,
  });
  for (; pages < 205; pages++) {
    const reference = bookReference(`${pages + 1}` as BookId);
    const run = { jobId: reference.jobId, run: 'a', reference, attempt: 1, starts: 1, missingAtMs: null };
    expect(await processBook({ ...run, signal: new AbortController().signal })).toMatchObject({
      next: 'settle',
      code: 'page-not-recognised',
    });
  }
  const kept = (await leave()).pages;
  expect(kept).toHaveLength(200);
  expect(kept.map(({ jobId }) => jobId)).not.toContain('book-5');
});

it('each round of the reconciler drops expired records from a SQL store', async () => {
  const { store, leave } = await open('embedded');
  const hour = 3_600_000;
  const longAgoMs = Date.now() - 100 * hour;
  const item = { index: 0, input: 'x', jobId: null, bookId: null, duplicates: 0, reason: 'x' };
  const batch = {
    batchId: 'oldbatch00001' as never,
    options: { priority: 'normal', maxAgeMs: null, webhook: null } as const,
    total: 1,
    last: true,
  };
  await store.batches.submit({ batch, nowMs: longAgoMs, run: 'a', priority: 'normal', maxAgeMs: null, items: [item] });
  const end = longAgoMs + hour;
  await store.documents.put('idempotency:old', '{}', { nowMs: longAgoMs, expireAtMs: end });
  await store.pages.keep(bookReference('1' as BookId).jobId, Buffer.from('x'), { nowMs: longAgoMs, expireAtMs: end, maxPages: 5 });
  const book = {
    bookId: '2' as BookId,
    body: Buffer.from('{}'),
    etag: 'a'.repeat(16),
    fetchedAtMs: longAgoMs,
    freshUntilMs: end,
    richness: 1,
  };
  await store.books.put(book, [bookReference('3' as BookId).jobId], end);
  const queue = openQueue(store, () => undefined);
  onTestFinished(() => queue.close());
  const reconciler = createReconciler({
    announceFailure: async () => undefined,
    collections: noCollections,
    store,
    queue: createBookJobs(store, queue),
    log: silentLog,
    batchTtlMs: hour,
  });
  await reconciler.round();
  const { batches, items, names, documents, pages } = await leave();
  expect({ batches, items, names, documents, pages }).toEqual({ batches: [], items: [], names: [], documents: [], pages: [] });
});
