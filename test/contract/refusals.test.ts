/** Servers that are there, but refuse: full, a replica, the wrong database, not ours. */
import { Redis } from 'ioredis';
import { Queue, Worker, type BackendFactory, type WorkerOptions } from 'bullmq';
import { afterEach, describe, expect, it } from 'vitest';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { asked } from '../../src/storage/redis/connection.ts';
import { createRedisStore } from '../../src/storage/redis/store.ts';
import type { Store } from '../../src/storage/store.ts';
import { createDatabase, sharedPostgresUrl } from '../support/postgres-server.ts';
import { startRedis } from '../support/redis-server.ts';
import { TEST_SETTINGS } from '../support/stores.ts';
import { waitUntil } from '../support/wait-until.ts';
import { jobOf, newBookId, NOW_MS } from './samples.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A store on a Redis of its own, and a client of ours beside it. */
const setUp = async (): Promise<{ store: Store; errors: string[]; admin: Redis; url: string }> => {
  const server = await startRedis();
  undo.push(() => server.stop());
  const admin = new Redis(server.url);
  undo.push(() => admin.quit());
  const errors: string[] = [];
  const store = createRedisStore({ url: server.url, settings: TEST_SETTINGS, onError: ({ message }) => errors.push(message) });
  undo.push(() => store.stop());
  await store.start();
  return { store, errors, admin, url: server.url };
};

/** How many scripts were refused so far. */
const refusedScripts = async (admin: Redis): Promise<number> => {
  const info = await admin.info('commandstats');
  const counts = [...info.matchAll(/cmdstat_eval\w*:.*?rejected_calls=(\d+),failed_calls=(\d+)/g)];
  return counts.reduce((sum, [, rejected, failed]) => sum + Number(rejected) + Number(failed), 0);
};

describe('a Redis that is full', () => {
  it('is asked by workers once in a while, and completes a job once there is room', async () => {
    const { store, errors, admin } = await setUp();
    const factory = store.queueBackend.factory as BackendFactory;
    const queue = new Queue('queue', store.queueBackend.options('producer'), factory);
    undo.push(() => queue.close());
    let begun = 0;
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (finish = resolve));
    const options = { ...store.queueBackend.options('worker'), concurrency: 2, runRetryDelay: 200, drainDelay: 1 } as WorkerOptions;
    const work = (): Promise<void> => ((begun += 1), held);
    const worker = new Worker('queue', work, options, factory);
    undo.push(() => worker.close());
    queue.on('error', () => {});
    worker.on('error', () => {});
    await queue.add('job', {}, { jobId: 'book-1.a' });
    await waitUntil('the job to run', () => Promise.resolve(begun === 1));

    await admin.config('SET', 'maxmemory', '1');
    const before = await refusedScripts(admin);
    const startedAt = performance.now();
    finish();
    await waitUntil(
      'a second in which it refuses',
      async () => performance.now() - startedAt > 1_500 && (await refusedScripts(admin)) > before,
    );
    const refused = (await refusedScripts(admin)) - before;
    const spans = (performance.now() - startedAt) / 200;
    // A loop for each job in hand, and the one that looks for more; each waits in between.
    expect(refused).toBeLessThan(spans * 6 + 10);
    expect(errors.filter((error) => error.startsWith('OOM')).length).toBeGreaterThan(0);

    await admin.config('SET', 'maxmemory', '0');
    await waitUntil('the job to be completed', async () => (await queue.getJobCounts('completed'))['completed'] === 1);
    expect(begun).toBe(1);
  });
});

describe('a Redis that became a replica', () => {
  it('refuses as unavailable, and is left, since the address may lead to its master by now', async () => {
    const { store, admin } = await setUp();
    const idOf = async (): Promise<string | undefined> => /id=(\d+) .*name=quire-records/.exec(String(await admin.client('LIST')))?.[1];
    const before = await idOf();
    expect(before).toBeDefined();
    await admin.replicaof('127.0.0.1', '1');
    const put = store.documents.put('key', '1', { nowMs: NOW_MS, expireAtMs: null });
    await expect(put).rejects.toMatchObject({ code: 'store-unavailable' });
    await waitUntil('another connection', async () => ![undefined, before].includes(await idOf()));
    await admin.replicaof('NO', 'ONE');
    await waitUntil('the store to take it', async () => {
      await store.documents.put('key', '1', { nowMs: NOW_MS, expireAtMs: null });
      return true;
    });
  });
});

describe('a Redis that has no such database', () => {
  it('is no store: nothing is written into another', async () => {
    const { admin, url } = await setUp();
    const store = createRedisStore({ url: `${url}/99`, settings: TEST_SETTINGS });
    undo.push(() => store.stop());
    await expect(store.start()).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(/database 99 .*index is out of range/) as string,
    });
    expect(await admin.dbsize()).toBe(0);
  });
});

describe('a Redis user without the rights', () => {
  it('gets a sentence about its rights at the start', async () => {
    const { admin, url } = await setUp();
    await admin.call('ACL', 'SETUSER', 'weak', 'on', '>geheim', '~*', '+@read');
    const store = createRedisStore({ url: url.replace('//', '//weak:geheim@'), settings: TEST_SETTINGS });
    undo.push(() => store.stop());
    const error = await store.start().catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject({ code: 'store-unavailable', message: expect.stringContaining('NOPERM') as string });
    expect((error as Error).message).not.toContain('geheim');
  });
});

describe('an error of a cluster during a failover is an outage', () => {
  it.each([
    'Too many Cluster redirections. Last error: ReplyError: MOVED 7717 127.0.0.1:6432',
    'Failed to refresh slots cache.',
    'MOVED 7717 127.0.0.1:6432',
    'NOREPLICAS Not enough good replicas to write.',
  ])('%s', async (message) => {
    await expect(asked(Promise.reject(new Error(message)))).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('a fault of ours is none', async () => {
    const fault = new Error('ERR wrong number of arguments');
    await expect(asked(Promise.reject(fault))).rejects.toBe(fault);
  });
});

describe('a PostgreSQL that refuses us', () => {
  it.each<[string, (url: URL) => void, RegExp]>([
    ['because it has no such database', (url) => void (url.pathname = '/no_such_database'), /database "no_such_database" does not exist/],
    ['because it has no such user', (url) => void (url.username = 'nobody_at_all'), /nobody_at_all/],
    ['because it has no TLS', (url) => url.searchParams.set('ssl', 'true'), /does not support SSL/],
  ])('%s is named with the place and the reason', async (_why, change, reason) => {
    const database = await createDatabase(sharedPostgresUrl());
    undo.push(() => database.drop());
    const url = new URL(database.url);
    change(url);
    url.password = 'geheim';
    const store = createPostgresStore({ url: url.href, settings: TEST_SETTINGS });
    undo.push(() => store.stop());
    const error = await store.start().catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'store-unavailable', message: expect.stringMatching(reason) as string });
    expect((error as Error).message).toContain(url.host);
    expect((error as Error).message).not.toContain('geheim');
  });

  it('after the start answers as one that is away', async () => {
    const database = await createDatabase(sharedPostgresUrl());
    const store = createPostgresStore({ url: database.url, settings: TEST_SETTINGS });
    undo.push(() => store.stop());
    await store.start();
    await database.drop();
    await expect(store.books.find(jobOf(newBookId()), NOW_MS)).rejects.toMatchObject({ code: 'store-unavailable' });
    // The first call may find the connection cut; this one asks for the database by name.
    await expect(store.books.find(jobOf(newBookId()), NOW_MS)).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});
