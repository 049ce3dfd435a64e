/** What only Redis has: names of things that expired must not pile up. */
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { sharedRedisUrl } from '../support/redis-server.ts';
import { redisStore, TEST_SETTINGS } from '../support/stores.ts';

it('forgets the names of documents that expired', async () => {
  const prefix = `names${Date.now().toString(36)}`;
  const { store, cleanup } = await redisStore.make({ ...TEST_SETTINGS, prefix });
  const redis = new Redis(sharedRedisUrl());
  try {
    const past = Date.now() - 10_000;
    // Written with an end that has passed already: Redis drops each at once, its name goes with one of the next writes.
    for (let n = 0; n < 50; n++) await store.documents.put(`key/${n}`, '{}', { nowMs: past, expireAtMs: past + 1 });
    await store.documents.put('key/last', '{}', { nowMs: Date.now(), expireAtMs: null });
    for (let n = 0; n < 5; n++) await store.documents.put('key/last', '{}', { nowMs: Date.now(), expireAtMs: null });
    expect(await redis.zrange(`{${prefix}}:docs`, 0, '-1')).toEqual(['key/last']);
    expect(await redis.zcard(`{${prefix}}:docs-ending`)).toBe(0);
  } finally {
    redis.disconnect();
    await cleanup();
  }
});
