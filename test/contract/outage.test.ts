import { randomUUID } from 'node:crypto';
import { Queue, Worker, type BackendFactory, type WorkerOptions } from 'bullmq';
import { afterEach, describe, expect, it } from 'vitest';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { createRedisStore } from '../../src/storage/redis/store.ts';
import type { Signal, Store } from '../../src/storage/store.ts';
import { freeze } from '../support/freeze.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { recordUntil } from '../support/record-until.ts';
import { startRedis } from '../support/redis-server.ts';
import { TEST_SETTINGS } from '../support/stores.ts';
import { timed } from '../support/stopwatch.ts';
import { waitUntil } from '../support/wait-until.ts';
import { itemsOf, jobOf, KEEP_UNTIL_MS, newBatchId, newBookId, NOW_MS, sampleBook, settlement, submit } from './samples.ts';

interface Server {
  pid: number;
  url: string;
  kill9: () => Promise<void>;
  stop: () => Promise<void>;
}

interface Kind {
  name: string;
  /** Starts a server whose data outlives `kill9`; `before` restarts that one. */
  start: (before?: Server & { dir: string; port: number }) => Promise<Server & { dir: string; port: number }>;
  open: (url: string) => Store;
}

const settings = { ...TEST_SETTINGS, prefix: `o${randomUUID().slice(0, 8)}` };

const KINDS: Kind[] = [
  {
    name: 'redis',
    start: (before) =>
      startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'], ...(before ? { dir: before.dir, port: before.port } : {}) }),
    open: (url) => createRedisStore({ url, settings }),
  },
  {
    name: 'postgres',
    start: (before) => startPostgres(before ? { dir: before.dir, port: before.port } : {}),
    open: (url) => createPostgresStore({ url, settings }),
  },
];

/** One call of every method that asks the store something. */
const CALLS: Record<string, (store: Store) => Promise<unknown>> = {
  ping: (store) => store.ping(),
  warnings: (store) => store.warnings(),
  'books.find': (store) => store.books.find(jobOf(newBookId()), NOW_MS),
  'books.put': (store) => store.books.put(sampleBook(newBookId()), [], KEEP_UNTIL_MS),
  'books.delete': (store) => store.books.delete(newBookId()),
  'books.list': (store) => store.books.list(null, 5),
  'books.count': (store) => store.books.count(),
  'jobs.get': (store) => store.jobs.get(jobOf(newBookId())),
  'jobs.settle': (store) => store.jobs.settle(settlement(jobOf(newBookId()))),
  'jobs.note': (store) => store.jobs.note(jobOf(newBookId()), 'run', { atMs: 1, event: 'recheck', detail: 'x' }),
  'jobs.listFailed': (store) => store.jobs.listFailed({ reason: null, cursor: null, limit: 5 }),
  'jobs.cancel': (store) => store.jobs.cancel(jobOf(newBookId()), NOW_MS),
  'jobs.listSolo': (store) => store.jobs.listSolo(5),
  'batches.submit': (store) => submit(store, newBatchId(), itemsOf([jobOf(newBookId())])),
  'batches.get': (store) => store.batches.get(newBatchId()),
  'batches.items': (store) => store.batches.items(newBatchId(), { fromIndex: 0, limit: 5, state: null }),
  'batches.indexesOf': (store) => store.batches.indexesOf(newBatchId(), [jobOf(newBookId())]),
  'batches.settledSince': (store) => store.batches.settledSince(newBatchId(), 0, 5),
  'batches.cancel': (store) => store.batches.cancel(newBatchId(), NOW_MS),
  'batches.listIdle': (store) => store.batches.listIdle(NOW_MS, 5),
  'batches.listAhead': (store) => store.batches.listAhead(NOW_MS, 5),
  'batches.listUnannounced': (store) => store.batches.listUnannounced(5),
  'batches.acknowledge': (store) => store.batches.acknowledge(newBatchId()),
  'documents.get': (store) => store.documents.get('key', NOW_MS),
  'documents.put': (store) => store.documents.put('key', '1', { nowMs: NOW_MS, expireAtMs: null }),
  'documents.delete': (store) => store.documents.delete('key'),
  'documents.list': (store) => store.documents.list('key', { nowMs: NOW_MS, afterKey: null, limit: 5 }),
  'tallies.add': (store) => store.tallies.add('series', 1, { a: 1 }, 5),
  'tallies.read': (store) => store.tallies.read('series', 1, 2),
  'pages.keep': (store) =>
    store.pages.keep(jobOf(newBookId()), Buffer.from('x'), { nowMs: NOW_MS, expireAtMs: KEEP_UNTIL_MS, maxPages: 5 }),
  'pages.get': (store) => store.pages.get(jobOf(newBookId()), NOW_MS),
  'signals.publish': (store) => store.signals.publish({ kind: 'source' }),
  'queueBackend.correctTimes': (store) => store.queueBackend.correctTimes('queue', 1),
  'queueBackend.has': (store) => store.queueBackend.has('queue', ['a']),
};

const MOST_MS = 2_000;

/** Makes every call at once; resolves to the names of those that did not reject as `store-unavailable` in time. */
async function unruly(store: Store): Promise<string[]> {
  const answers = await Promise.all(
    Object.entries(CALLS).map(async ([name, call]) => {
      const { value: said, tookMs } = await timed(() =>
        call(store).then(
          () => 'resolved',
          (error: { code?: string; message: string }) =>
            error.code === 'store-unavailable' ? '' : `rejected with ${error.code}: ${error.message}`,
        ),
      );
      return said === '' && tookMs <= MOST_MS + 200 ? '' : `${name} ${said || 'rejected'} after ${tookMs} ms`;
    }),
  );
  return answers.filter((answer) => answer !== '');
}

describe.each(KINDS)('a $name server that goes away', ({ start, open }) => {
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  });

  const setUp = async () => {
    const server = await start();
    undo.push(() => server.stop());
    const store = open(server.url);
    undo.push(() => store.stop());
    await store.start();
    return { server, store };
  };

  it('makes every call reject in time, whether it is dead or hangs; afterwards everything works by itself', async () => {
    const { server, store } = await setUp();
    const book = sampleBook(newBookId());
    await store.books.put(book, [], KEEP_UNTIL_MS);

    const goOn = await freeze(server.pid);
    undo.push(goOn);
    expect(await unruly(store)).toStrictEqual([]);
    await goOn();
    await waitUntil('the store to answer again', async () => (await store.ping(), true));

    await server.kill9();
    expect(await unruly(store)).toStrictEqual([]);
    const again = await start(server);
    undo.splice(1, 0, () => again.stop());
    await waitUntil('the store to answer again', async () => (await store.ping(), true));
    expect(await store.books.find(jobOf(book.bookId), NOW_MS)).toStrictEqual({ kind: 'book', book });
    for (const call of Object.values(CALLS)) await call(store);

    const heard: Signal[] = [];
    store.signals.subscribe((signal) => heard.push(signal));
    await waitUntil('signals to arrive again', async () => {
      await store.signals.publish({ kind: 'source' });
      return heard.length > 0;
    });
  });

  it('stops no worker for ever, and makes producers fail fast', async () => {
    const { server, store } = await setUp();
    const factory = store.queueBackend.factory as BackendFactory;
    const queue = new Queue('queue', store.queueBackend.options('producer'), factory);
    undo.push(() => queue.close());
    const options = { ...store.queueBackend.options('worker'), runRetryDelay: 200, drainDelay: 1 } as WorkerOptions;
    const worker = new Worker('queue', (job) => Promise.resolve(job.id), options, factory);
    undo.push(() => worker.close());
    queue.on('error', () => {});
    worker.on('error', () => {});
    const first = recordUntil(worker, ['completed'], () => true);
    await queue.add('job', {}, { jobId: 'book-1.a' });
    await first;

    await server.kill9();
    const { tookMs } = await timed(() => expect(queue.add('job', {}, { jobId: 'book-2.a' })).rejects.toThrow(/./));
    expect(tookMs).toBeLessThan(MOST_MS + 200);

    const again = await start(server);
    undo.splice(1, 0, () => again.stop());
    // The one that was refused may have arrived all the same.
    const second = recordUntil(worker, ['completed'], ({ args }) => args[1] === 'book-3.a', 20_000);
    await waitUntil('the producer to work again', async () => (await queue.add('job', {}, { jobId: 'book-3.a' }), true));
    expect((await second).length).toBeGreaterThan(0);
  });

  it('makes a start reject with a sentence that names the place and the remedy, without the password', async () => {
    const server = await start();
    undo.push(() => server.stop());
    await server.kill9();
    const url = new URL(server.url);
    url.password = 'secret';
    const store = open(url.href);
    undo.push(() => store.stop());
    const error = await store.start().then(
      () => null,
      (reason: Error & { code: string }) => reason,
    );
    expect(error).toMatchObject({ code: 'store-unavailable' });
    expect(error?.message).toContain(url.host);
    expect(error?.message).not.toContain('secret');
    expect(store.description).not.toContain('secret');
  });
});
