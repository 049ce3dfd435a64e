/** What only Redis has: names of things that expired must not pile up. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import type { Store } from '../../src/storage/store.ts';
import { sharedRedisUrl } from '../support/redis-server.ts';
import { redisStore, TEST_SETTINGS } from '../support/stores.ts';
import { waitUntil } from '../support/wait-until.ts';
import { invalidItem, itemsOf, jobOf, KEEP_UNTIL_MS, newBatchId, newBookId, NOW_MS, sampleBook, settleParsed, submit } from './samples.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A store and a look behind it; `key` gives the full name of a key. */
async function open(): Promise<{ store: Store; redis: Redis; key: (name: string) => string }> {
  const prefix = `names${randomUUID().slice(0, 8)}`;
  const { store, cleanup } = await redisStore.make({ ...TEST_SETTINGS, prefix });
  undo.push(cleanup);
  const redis = new Redis(sharedRedisUrl());
  undo.push(() => redis.quit());
  return { store, redis, key: (name) => `{${prefix}}:${name}` };
}

it('Redis keeps no names of documents that expired', async () => {
  const { store, redis, key } = await open();
  const past = Date.now() - 10_000;
  // Written with an end that has passed already: Redis drops each at once, its name goes with one of the next writes.
  for (let n = 0; n < 50; n++) await store.documents.put(`key/${n}`, '{}', { nowMs: past, expireAtMs: past });
  await store.documents.put('key/last', '{}', { nowMs: Date.now(), expireAtMs: null });
  for (let n = 0; n < 5; n++) await store.documents.put('key/last', '{}', { nowMs: Date.now(), expireAtMs: null });
  expect(await redis.zrange(key('docs'), 0, '-1')).toEqual(['key/last']);
  expect(await redis.zcard(key('docs-ending'))).toBe(0);
});

it("Redis keeps no name of a document that expired by our clock before it did by the server's", async () => {
  const { store, redis, key } = await open();
  const expireAtMs = Date.now() + 300;
  const later = { nowMs: expireAtMs + 1_000, expireAtMs: null };
  await store.documents.put('key/ends', '{}', { nowMs: Date.now(), expireAtMs });
  await store.documents.put('key/other', '{}', later);
  await waitUntil('the server to drop it', async () => (await redis.exists(key('doc:key/ends'))) === 0);
  await store.documents.put('key/other', '{}', later);
  expect(await redis.zrange(key('docs'), 0, '-1')).toEqual(['key/other']);
});

it('the list of books loses the numbers of expired books, and keeps those of books', async () => {
  const { store, redis, key } = await open();
  const [kept, expired, merged] = [newBookId(), newBookId(), newBookId()];
  for (const id of [kept, expired, merged]) await store.books.put(sampleBook(id), [], KEEP_UNTIL_MS);
  await redis.del(key(`book-${expired}`));
  await redis.set(key(`book-${merged}`), `A${kept}`);
  for (let sweep = 0; sweep < 3; sweep++) await store.batches.sweep(NOW_MS);
  expect(await redis.zrange(key('books'), 0, '-1')).toEqual([kept]);
});

const list = async (store: Store, ended: boolean | null = null): Promise<string[]> =>
  (await store.batches.list({ before: null, limit: 5, ended })).batches.map(({ batchId }) => batchId);

it('the list of batches loses the ids of expired batches, and goes on with those behind them', async () => {
  const { store, redis, key } = await open();
  const kept = newBatchId();
  await submit(store, kept, [invalidItem(0)]);
  const expired = Array.from({ length: 1_000 }, () => newBatchId());
  await redis.zadd(key('batches-ended'), ...expired.flatMap((batchId) => [0, batchId]));
  expect(await list(store)).toEqual([kept]);
  expect(await redis.zrange(key('batches-ended'), 0, '-1')).toEqual([kept]);
  await redis.zadd(key('batches-ended'), 0, newBatchId());
  await store.batches.sweep(NOW_MS);
  expect(await redis.zrange(key('batches-ended'), 0, '-1')).toEqual([kept]);
});

it('the list of batches has a batch of an earlier version once it makes progress, and one that this version ended as ended', async () => {
  const { store, redis, key } = await open();
  const jobs = [jobOf(newBookId()), jobOf(newBookId())];
  const batchId = newBatchId();
  await submit(store, batchId, itemsOf(jobs));
  // Earlier versions know none of the two lists.
  await redis.del(key('batches-open'));
  expect(await list(store)).toEqual([]);
  await settleParsed(store, jobs[0]!, { nowMs: NOW_MS + 5_000 });
  expect(await list(store, false)).toEqual([batchId]);
  await settleParsed(store, jobs[1]!, { nowMs: NOW_MS + 6_000 });
  await redis.del(key('batches-ended'));
  await redis.zadd(key('batches-open'), 0, batchId);
  expect(await list(store, false)).toEqual([]);
  expect(await list(store, true)).toEqual([batchId]);
  expect(await list(store)).toEqual([batchId]);
});
