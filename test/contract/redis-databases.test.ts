/** Several Quires with one prefix, in databases of one Redis: each keeps to its own. */
import { Queue, Worker, type WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { createRedisStore } from '../../src/storage/redis/store.ts';
import { decodeSignal } from '../../src/storage/signal-lines.ts';
import type { Signal, Store } from '../../src/storage/store.ts';
import { startRedis } from '../support/redis-server.ts';
import { TEST_SETTINGS } from '../support/stores.ts';
import { waitUntil } from '../support/wait-until.ts';
import { jobOf, KEEP_UNTIL_MS, newBookId, NOW_MS, sampleBook } from './samples.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function open(url: string): Promise<{ store: Store; heard: Signal[] }> {
  const store = createRedisStore({ url, settings: TEST_SETTINGS });
  undo.push(() => store.stop());
  await store.start();
  const heard: Signal[] = [];
  store.signals.subscribe((signal) => heard.push(signal));
  return { store, heard };
}

const books = (heard: Signal[]): string[] => heard.flatMap((signal) => (signal.kind === 'book' ? [signal.bookId] : []));

describe('signals of Quires in two databases', () => {
  it.each([
    [1, 2],
    [0, 1],
  ])('of number %i and %i are heard in their own', async (first, second) => {
    const { url } = await serverOfOwn();
    const one = await open(`${url}/${first}`);
    const other = await open(`${url}/${second}`);
    const [mine, theirs] = [newBookId(), newBookId()];
    await one.store.books.put(sampleBook(mine), [], KEEP_UNTIL_MS);
    await other.store.signals.publish({ kind: 'book', bookId: theirs });
    // Both went over one channel in this order, so each has heard all there is for it once it has heard this.
    for (const { store, heard } of [one, other]) {
      await store.signals.publish({ kind: 'source' });
      await waitUntil('the mark', () => heard.some(({ kind }) => kind === 'source'));
    }
    expect([books(one.heard), books(other.heard)]).toStrictEqual([[mine], [theirs]]);
  });

  it('are understood by processes of the version before, and theirs by this one', async () => {
    const { url } = await serverOfOwn();
    const { store, heard } = await open(`${url}/3`);
    const old = new Redis(url);
    const listener = new Redis(url);
    undo.push(
      () => old.quit(),
      () => listener.quit(),
    );
    const lines: string[] = [];
    listener.on('message', (_channel: string, line: string) => lines.push(line));
    await listener.subscribe(`{${TEST_SETTINGS.prefix}}:signals`);
    const signals: Signal[] = [
      { kind: 'book', bookId: newBookId() },
      { kind: 'cancel', jobId: jobOf(newBookId()), run: 'abc' },
      { kind: 'source' },
    ];
    for (const signal of signals) await store.signals.publish(signal);
    await waitUntil('the lines', () => lines.length === signals.length);
    // This is how the version before reads a line: it takes no notice of words beyond those it knows.
    expect(lines.map(decodeSignal)).toStrictEqual(signals);
    heard.length = 0;
    await old.publish(`{${TEST_SETTINGS.prefix}}:signals`, 'book 77');
    await waitUntil('the line of the version before', () => books(heard).includes('77'));
  });
});

describe('a Redis that has no such database any more after a restart', () => {
  it('is written in no other, and goes on when it has it again', async () => {
    const first = await serverOfOwn();
    const { store } = await open(`${first.url}/9`);
    const queue = new Queue('queue', store.queueBackend.options('producer'));
    undo.push(() => queue.close());
    const options = { ...store.queueBackend.options('worker'), runRetryDelay: 100, drainDelay: 1 } as WorkerOptions;
    const done: string[] = [];
    const worker = new Worker('queue', async (job) => void done.push(job.id ?? ''), options);
    undo.push(() => worker.close());
    queue.on('error', () => {});
    worker.on('error', () => {});
    await worker.waitUntilReady();
    await queue.add('job', {}, { jobId: 'book-1.a' });
    await waitUntil('the first job', () => done.includes('book-1.a'));

    await first.kill9();
    const fewer = await startRedis({ args: ['--databases', '4'], dir: first.dir, port: first.port });
    undo.unshift(() => fewer.stop());
    const admin = new Redis(first.url);
    // It is told when the server goes, too.
    admin.on('error', () => {});
    undo.push(async () => admin.disconnect());
    const refusedSelects = async (): Promise<number> =>
      Number(/cmdstat_select:.*?failed_calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
    // Records, signals, the queue, and the worker's two connections.
    await waitUntil('every connection to be refused', async () => (await refusedSelects()) >= 10, { timeoutMs: 20_000 });
    const put = store.books.put(sampleBook(newBookId()), [], KEEP_UNTIL_MS);
    await expect(put).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(queue.add('job', {}, { jobId: 'book-2.a' })).rejects.toThrow(/./);
    expect(await admin.keys('*')).toStrictEqual([]);

    await fewer.kill9();
    const again = await startRedis({ dir: first.dir, port: first.port });
    undo.unshift(() => again.stop());
    const book = sampleBook(newBookId());
    await waitUntil('the store to work again', async () => (await store.books.put(book, [], KEEP_UNTIL_MS)) === 'stored', {
      timeoutMs: 20_000,
    });
    expect(await store.books.find(jobOf(book.bookId), NOW_MS)).toMatchObject({ kind: 'book' });
    await waitUntil('the queue to work again', async () => (await queue.add('job', {}, { jobId: 'book-3.a' }), true), {
      timeoutMs: 20_000,
    });
    await waitUntil('the job', () => done.includes('book-3.a'), { timeoutMs: 20_000 });
    expect(await admin.keys('*')).toStrictEqual([]);
  });
});

async function serverOfOwn() {
  const server = await startRedis();
  undo.push(() => server.stop());
  return server;
}
