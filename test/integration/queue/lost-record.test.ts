/** A job's record that is gone (evicted, deleted by hand) must not keep its batch open for ever. */
import { rm } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import type { BatchId } from '../../../src/domain/batch.ts';
import { bookReference, type BookId, type JobId } from '../../../src/domain/identity.ts';
import { createBookJobs } from '../../../src/queue/book-jobs.ts';
import { openQueue, PARSE_BOOK } from '../../../src/queue/parse-book-queue.ts';
import { createReconciler } from '../../../src/app/reconcile.ts';
import { databaseDirectory } from '../../../src/storage/embedded/data-directory.ts';
import { openInstance } from '../../../src/storage/embedded/pglite-instance.ts';
import { createEmbeddedStore } from '../../../src/storage/embedded/store.ts';
import { createPostgresStore } from '../../../src/storage/postgres/store.ts';
import { runIdOf } from '../../../src/domain/run-id.ts';
import type { Store } from '../../../src/storage/store.ts';
import { createDatabase, sharedPostgresUrl } from '../../support/postgres-server.ts';
import { sharedRedisUrl } from '../../support/redis-server.ts';
import { embeddedDirectory, redisStore, TEST_SETTINGS } from '../../support/stores.ts';
import { noCollections, silentLog } from '../../support/quiet.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A store, and the hand that deletes the record of a job in it; the store goes on as what comes back. */
interface Handled {
  store: Store;
  lose(jobId: JobId): Promise<Store>;
}

const LOSE = `DELETE FROM "quire_test".job WHERE job_id = $1`;
const prefix = (): string => `lost${process.pid}${Math.random().toString(36).slice(2, 8)}`;

const handled: Record<string, () => Promise<Handled>> = {
  async redis() {
    const name = prefix();
    const { store, cleanup } = await redisStore.make({ prefix: name });
    undo.push(cleanup);
    const redis = new Redis(sharedRedisUrl());
    undo.push(() => redis.quit());
    return {
      store,
      lose: async (jobId) => {
        await redis.del(`{${name}}:job:${jobId}`);
        return store;
      },
    };
  },
  async postgres() {
    const database = await createDatabase(sharedPostgresUrl());
    undo.push(database.drop);
    const store = createPostgresStore({ url: database.url, settings: TEST_SETTINGS });
    undo.push(() => store.stop());
    await store.start();
    const client = new Client({ connectionString: database.url });
    undo.push(() => client.end());
    await client.connect();
    return {
      store,
      lose: async (jobId) => {
        await client.query(LOSE, [jobId]);
        return store;
      },
    };
  },
  async embedded() {
    const dataDir = await embeddedDirectory();
    undo.push(() => rm(dataDir, { recursive: true, force: true }));
    const start = async (): Promise<Store> => {
      const store = createEmbeddedStore({ dataDir, settings: TEST_SETTINGS });
      undo.push(() => store.stop());
      await store.start();
      return store;
    };
    const store = await start();
    return {
      store,
      lose: async (jobId) => {
        await store.stop();
        const instance = await openInstance(databaseDirectory(dataDir), [], () => undefined);
        await instance.run(LOSE, [jobId]);
        await instance.close();
        return start();
      },
    };
  },
};

const BATCH = 'lostrecords01' as BatchId;
const JOBS = ['1', '2', '3'].map((id) => bookReference(id as BookId).jobId) as [JobId, JobId, JobId];

async function submit(store: Store): Promise<void> {
  const items = JOBS.map((jobId, index) => ({ index, input: jobId, jobId, bookId: jobId.slice(5) as BookId, duplicates: 0, reason: null }));
  const batch = { batchId: BATCH, options: { priority: 'bulk', maxAgeMs: null, webhook: null } as const, total: 3, last: true };
  await store.batches.submit({ batch, nowMs: Date.now(), run: 'first', priority: 'bulk', maxAgeMs: null, items });
}

/** One round of the reconciler, an hour later. */
async function reconcile(store: Store): Promise<number> {
  const queue = openQueue(store, () => undefined);
  try {
    const jobs = createBookJobs(store, queue);
    const now = (): number => Date.now() + 3_600_000;
    return await createReconciler({
      announceFailure: async () => undefined,
      collections: noCollections,
      store,
      queue: jobs,
      log: silentLog,
      batchTtlMs: 7 * 86_400_000,
      now,
    }).round();
  } finally {
    await queue.close();
  }
}

async function settleAll(store: Store): Promise<void> {
  for (const jobId of JOBS) {
    const end = { outcome: 'failed', error: { code: 'poison', detail: 'x' } } as const;
    await store.jobs.settle({ jobId, run: null, nowMs: Date.now(), attempts: 1, ...end });
  }
}

describe.each(Object.keys(handled))('on the %s store', (name) => {
  it('items whose job has lost its record get a new job, and their batch ends', async () => {
    const { store: before, lose } = await handled[name]!();
    await submit(before);
    const store = await lose(JOBS[1]);
    expect(await store.jobs.get(JOBS[1])).toBeNull();
    expect(await reconcile(store)).toBe(3);
    const record = await store.jobs.get(JOBS[1]);
    expect(record).toMatchObject({ state: 'live', priority: 'bulk', waiters: 1 });
    expect(record?.run).not.toBe('first');
    expect(await store.queueBackend.has(PARSE_BOOK, [runIdOf(JOBS[1], record?.run ?? ''), runIdOf(JOBS[0], 'first')])).toEqual([
      true,
      true,
    ]);
    // One that lives is left alone.
    expect(
      await store.batches.requeue(BATCH, { items: [{ jobId: JOBS[0], index: 0 }], nowMs: 1, run: 'other', priority: 'normal' }),
    ).toEqual([]);
    await settleAll(store);
    expect(await store.batches.get(BATCH)).toMatchObject({ endedAtMs: expect.any(Number), counts: { queued: 0, failed: 3 } });
    expect(
      await store.batches.requeue(BATCH, { items: [{ jobId: JOBS[0], index: 0 }], nowMs: 1, run: 'other', priority: 'normal' }),
    ).toEqual([]);
    expect(await store.jobs.get(JOBS[0])).toMatchObject({ state: 'failed', run: 'first' });
  });

  it('items whose job lost its record wait for the job that others submitted again', async () => {
    const { store: before, lose } = await handled[name]!();
    await submit(before);
    const store = await lose(JOBS[0]);
    await store.batches.submit({
      batch: null,
      nowMs: Date.now(),
      run: 'second',
      priority: 'normal',
      maxAgeMs: 0,
      items: [{ index: 0, input: 'x', jobId: JOBS[0], bookId: null, duplicates: 0, reason: null }],
    });
    expect(await reconcile(store)).toBe(3);
    await settleAll(store);
    expect(await store.batches.get(BATCH)).toMatchObject({ endedAtMs: expect.any(Number), counts: { queued: 0, failed: 3 } });
  });
});
