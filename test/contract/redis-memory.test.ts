/** What only Redis has: names of things that expired must not pile up. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import type { Store } from '../../src/storage/store.ts';
import { sharedRedisUrl } from '../support/redis-server.ts';
import { redisStore, TEST_SETTINGS } from '../support/stores.ts';
import { waitUntil } from '../support/wait-until.ts';
import { KEEP_UNTIL_MS, newBookId, NOW_MS, sampleBook } from './samples.ts';

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

it('forgets the names of documents that expired', async () => {
  const { store, redis, key } = await open();
  const past = Date.now() - 10_000;
  // Written with an end that has passed already: Redis drops each at once, its name goes with one of the next writes.
  for (let n = 0; n < 50; n++) await store.documents.put(`key/${n}`, '{}', { nowMs: past, expireAtMs: past });
  await store.documents.put('key/last', '{}', { nowMs: Date.now(), expireAtMs: null });
  for (let n = 0; n < 5; n++) await store.documents.put('key/last', '{}', { nowMs: Date.now(), expireAtMs: null });
  expect(await redis.zrange(key('docs'), 0, '-1')).toEqual(['key/last']);
  expect(await redis.zcard(key('docs-ending'))).toBe(0);
});

it('forgets the name of a document whose end our clock saw before the server did', async () => {
  const { store, redis, key } = await open();
  const expireAtMs = Date.now() + 300;
  const later = { nowMs: expireAtMs + 1_000, expireAtMs: null };
  await store.documents.put('key/ends', '{}', { nowMs: Date.now(), expireAtMs });
  await store.documents.put('key/other', '{}', later);
  await waitUntil('the server to drop it', async () => (await redis.exists(key('doc:key/ends'))) === 0);
  await store.documents.put('key/other', '{}', later);
  expect(await redis.zrange(key('docs'), 0, '-1')).toEqual(['key/other']);
});

it('takes the numbers of expired books off the list, and leaves those of books alone', async () => {
  const { store, redis, key } = await open();
  const [kept, expired, merged] = [newBookId(), newBookId(), newBookId()];
  for (const id of [kept, expired, merged]) await store.books.put(sampleBook(id), [], KEEP_UNTIL_MS);
  await redis.del(key(`book-${expired}`));
  await redis.set(key(`book-${merged}`), `A${kept}`);
  for (let sweep = 0; sweep < 3; sweep++) await store.batches.sweep(NOW_MS);
  expect(await redis.zrange(key('books'), 0, '-1')).toEqual([kept]);
});
