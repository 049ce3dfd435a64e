import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BatchId } from '../../src/domain/batch.ts';
import { nameStore } from '../../src/cli/named-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { MIGRATION_DOCUMENT, TRANSFER_KINDS, type KnownRecord, type MovedJob } from '../../src/storage/transfer.ts';
import { createDatabase, sharedPostgresUrl } from '../support/postgres-server.ts';
import { startRedisCluster, type RedisCluster } from '../support/redis-topologies.ts';
import { sharedRedisUrl } from '../support/redis-server.ts';
import { eachStore, redisAt, TEST_SETTINGS, type MadeStore } from '../support/stores.ts';
import { createRedisStore } from '../../src/storage/redis/store.ts';
import { contentsOf, namesOf, populate } from './populated.ts';
import {
  HOUR_MS,
  itemsOf,
  jobOf,
  KEEP_UNTIL_MS,
  newBatchId,
  newBookId,
  newIsbnJob,
  NOW_MS,
  sampleBook,
  settleParsed,
  submit,
} from './samples.ts';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster.stop());

const clusterStore = redisAt(() => cluster.url);
const KINDS = [...eachStore.map((kind) => ({ label: kind.name as string, kind })), { label: 'redis cluster', kind: clusterStore }];

/** Everything of one store into another, with nothing decided on the way. */
async function copyAll(from: Store, to: Store): Promise<void> {
  for (const kind of TRANSFER_KINDS) {
    const names = await namesOf(from, kind);
    if (kind === 'batches') {
      for (const batchId of names as BatchId[]) {
        const page = await from.batches.items(batchId, { fromIndex: 0, limit: 1_000, state: null });
        const log = await from.batches.settledSince(batchId, 0, 1_000);
        if (page && page.items.length > 0) await to.transfer.writeItems(batchId, page.items);
        if (log.length > 0) await to.transfer.writeLog(batchId, log);
      }
    }
    // The kinds differ in what they carry, but what one reads the same one writes.
    const given = await (from.transfer.kinds[kind].read as (names: string[], nowMs: number) => Promise<Map<string, never>>)(
      names,
      Date.now(),
    );
    await to.transfer.kinds[kind].write([...given.values()]);
  }
  await to.transfer.orderSettled();
}

describe.each(KINDS)('the transfer of the $label store', ({ kind }) => {
  let source: MadeStore;
  let target: MadeStore;
  let store: Store;
  beforeEach(async () => {
    source = await kind.make();
    target = await kind.make();
    store = source.store;
  });
  afterEach(async () => {
    await source.cleanup();
    await target.cleanup();
  });

  it('reads out everything, and taken in by another it is the same, once or twice', async () => {
    await populate(store);
    const before = await contentsOf(store);
    expect(before['books']).toHaveLength(9);
    expect(before['jobs']).toHaveLength(48);
    await copyAll(store, target.store);
    expect(await contentsOf(target.store)).toEqual(before);
    await copyAll(store, target.store);
    expect(await contentsOf(target.store)).toEqual(before);
    expect(await contentsOf(store)).toEqual(before);
  });

  it('names each record once a pass, whatever the size of the pages, and counts as many', async () => {
    await populate(store);
    await store.documents.put(MIGRATION_DOCUMENT, '{}', { nowMs: NOW_MS, expireAtMs: null });
    const totals = await store.transfer.totals();
    for (const one of TRANSFER_KINDS) {
      const names = await namesOf(store, one, 3);
      expect(await namesOf(store, one, 1_000)).toEqual(names);
      expect([one, names.length]).toEqual([one, totals[one]]);
    }
  });

  it('leaves out its own notes, and what is past its time', async () => {
    const nowMs = Date.now();
    await store.documents.put(MIGRATION_DOCUMENT, '{}', { nowMs, expireAtMs: null });
    await store.documents.put('kept', '{}', { nowMs, expireAtMs: nowMs + HOUR_MS });
    expect(await namesOf(store, 'documents')).toEqual(['kept']);
    const bookId = newBookId();
    await store.books.put(sampleBook(bookId), [], nowMs + HOUR_MS);
    const name = jobOf(bookId);
    expect((await store.transfer.kinds.books.read([name], nowMs + HOUR_MS - 1)).size).toBe(1);
    expect((await store.transfer.kinds.books.read([name], nowMs + HOUR_MS)).size).toBe(0);
    // On Redis its hour begins when the server has it.
    expect((await store.transfer.kinds.documents.read(['kept'], nowMs + HOUR_MS + 60_000)).size).toBe(0);
  });

  it('writes over what has the name, with every list that leads to it', async () => {
    const bookId = newBookId();
    const other = newBookId();
    const alias = (name: KnownRecord['name']): KnownRecord => ({ name, kind: 'alias', bookId: other, keepUntilMs: KEEP_UNTIL_MS });
    await store.books.put(sampleBook(bookId), [], KEEP_UNTIL_MS);
    await store.books.put(sampleBook(other), [], KEEP_UNTIL_MS);
    await store.transfer.kinds.books.write([alias(jobOf(bookId)), alias(newIsbnJob())]);
    expect(await store.books.find(jobOf(bookId), NOW_MS)).toMatchObject({ kind: 'book', book: { bookId: other } });
    expect((await store.books.list(null, 10)).map((book) => book.bookId)).toEqual([other]);

    const failed: MovedJob = {
      jobId: jobOf(bookId),
      run: 'one',
      state: 'failed',
      priority: 'bulk',
      createdAtMs: NOW_MS,
      settledAtMs: NOW_MS + 5,
      attempts: 3,
      waiters: 2,
      error: { code: 'poison', detail: 'Twice.' },
      bookId: null,
      timeline: [],
      solo: false,
      waiting: [],
    };
    await store.transfer.kinds.jobs.write([failed]);
    await store.transfer.kinds.jobs.write([{ ...failed, run: 'two', settledAtMs: NOW_MS + 9 }]);
    await store.transfer.orderSettled();
    expect((await store.jobs.listFailed({ reason: null, cursor: null, limit: 10 })).jobs.map(({ run }) => run)).toEqual(['two']);
    await store.transfer.kinds.jobs.write([
      { ...failed, run: 'three', state: 'live', settledAtMs: null, error: null, attempts: 0, waiters: 0, solo: true },
    ]);
    expect((await store.jobs.listFailed({ reason: null, cursor: null, limit: 10 })).jobs).toEqual([]);
    expect(await store.jobs.listSolo(10)).toMatchObject([{ jobId: jobOf(bookId), run: 'three', priority: 'bulk' }]);
  });

  it('keeps failed jobs in the order in which they were settled, and settles the jobs that it took in', async () => {
    const { running, waiting } = await populate(store);
    await copyAll(store, target.store);
    const jobs = waiting.slice(0, 3);
    for (const [at, jobId] of jobs.entries()) {
      await target.store.jobs.settle({
        jobId,
        run: null,
        nowMs: NOW_MS + 1_000 + at,
        outcome: 'failed',
        attempts: 1,
        error: { code: 'crawl-failed', detail: 'No.' },
      });
    }
    const { jobs: failed } = await target.store.jobs.listFailed({ reason: null, cursor: null, limit: 3 });
    expect(failed.map(({ jobId }) => jobId)).toEqual(jobs.toReversed());
    for (const jobId of waiting.slice(3)) await settleParsed(target.store, jobId, { nowMs: NOW_MS + 2_000 });
    expect(await target.store.batches.get(running)).toMatchObject({
      endedAtMs: NOW_MS + 2_000,
      counts: { queued: 0, parsed: 39, failed: 4, 'not-found': 1, cached: 1, invalid: 1 },
    });
    const log = await target.store.batches.settledSince(running, 0, 1_000);
    expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: 44 }, (_, n) => n + 1));
  });

  it('drops a batch with all that was written of it', async () => {
    const { running, waiting } = await populate(store);
    await store.transfer.dropBatch(running);
    expect(await store.batches.get(running)).toBeNull();
    expect(await store.batches.items(running, { fromIndex: 0, limit: 10, state: null })).toBeNull();
    const batchId = newBatchId();
    await submit(store, batchId, itemsOf(waiting.slice(0, 2)));
    expect(await store.batches.get(batchId)).toMatchObject({ counts: { queued: 2 } });
  });
});

describe('whether others use a store', () => {
  it('is known on Redis', async () => {
    const prefix = `t${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    const settings = { ...TEST_SETTINGS, prefix };
    const stores = [sharedRedisUrl(), sharedRedisUrl()].map((url) => createRedisStore({ url, settings }));
    const [one, two] = stores as [Store, Store];
    await one.start();
    expect(await one.transfer.others()).toBe(0);
    await two.start();
    expect(await one.transfer.others()).toBe(1);
    await two.stop();
    expect(await one.transfer.others()).toBe(0);
    await one.stop();
  });

  it('is known on a cluster, on whatever node the other listens', async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => clusterStore.make({ prefix: 'crowd' })));
    expect(await made[0]?.store.transfer.others()).toBe(3);
    await Promise.all(made.map(({ cleanup }) => cleanup()));
  });

  it('is known on PostgreSQL, for services and for other migrations', async () => {
    const { url, drop } = await createDatabase(sharedPostgresUrl());
    const open = (): Store => nameStore(url, { QUEUE_PREFIX: 'quire' }).open(() => undefined);
    const [ours, theirs] = [open(), open()];
    await ours.start();
    expect(await ours.transfer.others()).toBe(0);
    await theirs.start();
    expect(await ours.transfer.others()).toBeGreaterThan(0);
    await Promise.all([ours.stop(), theirs.stop()]);
    await drop();
  });
});
