import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Queue, Worker, type BackendFactory } from 'bullmq';
import { afterEach, describe, expect, it } from 'vitest';
import { createEmbeddedStore } from '../../src/storage/embedded/store.ts';
import type { Signal, StoredBook } from '../../src/storage/store.ts';
import { recordUntil } from '../support/record-until.ts';
import { embeddedDirectory, TEST_SETTINGS } from '../support/stores.ts';
import { waitUntil } from '../support/wait-until.ts';
import { jobOf, KEEP_UNTIL_MS, newBookId, NOW_MS, sampleBook } from './samples.ts';

describe('the embedded store whose database ends', () => {
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  });

  it('rejects instead of hanging, opens it again by itself, and has lost nothing that was acknowledged', async () => {
    const dataDir = await embeddedDirectory();
    undo.push(() => rm(dataDir, { recursive: true, force: true }));
    const errors: Error[] = [];
    const store = createEmbeddedStore({ dataDir, settings: TEST_SETTINGS, onError: (error) => errors.push(error) });
    undo.push(() => store.stop());
    await store.start();
    const heard: Signal[] = [];
    store.signals.subscribe((signal) => heard.push(signal));
    const factory = store.queueBackend.factory as BackendFactory;
    const queue = new Queue('queue', store.queueBackend.options('producer'), factory);
    undo.push(() => queue.close());
    const worker = new Worker(
      'queue',
      (job) => Promise.resolve(job.id),
      { ...store.queueBackend.options('worker'), runRetryDelay: 100 },
      factory,
    );
    undo.push(() => worker.close());
    worker.on('error', () => {});
    queue.on('error', () => {});

    // Without a place for its log PostgreSQL panics, as it does when the disk is full.
    const log = join(dataDir, 'postgres-18', 'pg_wal');
    await rename(log, `${log}.away`);
    const acknowledged: StoredBook[] = [];
    const body = Buffer.from(JSON.stringify({ text: Array.from({ length: 20_000 }, () => Math.random().toString(36)).join(' ') }));
    const failure = await waitUntil('the panic', async () => {
      const book = sampleBook(newBookId(), { body });
      return store.books.put(book, [], KEEP_UNTIL_MS).then(
        () => (acknowledged.push(book), undefined),
        (error: unknown) => error,
      );
    });
    expect(failure).toMatchObject({ code: 'store-unavailable', message: expect.stringContaining('pg_wal') });
    await expect(store.ping()).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(queue.add('job', {}, { jobId: 'book-1.x' })).rejects.toThrow(/./);
    expect(errors.length).toBeGreaterThan(0);

    await rename(`${log}.away`, log);
    await waitUntil('the store to be back', async () => (await store.ping(), true), { timeoutMs: 20_000 });
    for (const book of acknowledged) expect(await store.books.find(jobOf(book.bookId), NOW_MS)).toStrictEqual({ kind: 'book', book });
    const done = recordUntil(worker, ['completed'], () => true, 20_000);
    await queue.add('job', {}, { jobId: 'book-2.x' });
    expect((await done)[0]?.args[1]).toBe('book-2.x');
    heard.length = 0;
    await store.signals.publish({ kind: 'source' });
    await waitUntil('a signal', () => heard.length > 0);
    expect(heard).toStrictEqual([{ kind: 'source' }]);
  });
});
