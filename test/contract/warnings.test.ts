/** What a store says at the start of a server that may lose jobs. */
import { expect, it, onTestFinished } from 'vitest';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { createRedisStore } from '../../src/storage/redis/store.ts';
import type { Store } from '../../src/storage/store.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { startRedis } from '../support/redis-server.ts';
import { TEST_SETTINGS } from '../support/stores.ts';

async function warningsOf(store: Store): Promise<string[]> {
  onTestFinished(() => store.stop());
  await store.start();
  return store.warnings();
}

it.each([
  [
    ['--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no'],
    [/maxmemory-policy is allkeys-lru: it may evict jobs\. Set it to noeviction\./, /no append-only file/],
  ],
  [['--maxmemory-policy', 'noeviction', '--appendonly', 'yes'], []],
])('a Redis with %s', async (args, sentences) => {
  const server = await startRedis({ args });
  onTestFinished(() => server.stop());
  const found = await warningsOf(createRedisStore({ url: server.url, settings: TEST_SETTINGS }));
  expect(found).toEqual(sentences.map((sentence) => expect.stringMatching(sentence)));
});

it.each([
  [
    ['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'autovacuum=off'],
    [/fsync off/, /synchronous_commit off/, /autovacuum off/],
  ],
  [['-c', 'fsync=on'], []],
])('a PostgreSQL with %s', async (args, sentences) => {
  const server = await startPostgres({ args });
  onTestFinished(() => server.stop());
  const found = await warningsOf(createPostgresStore({ url: server.url, settings: TEST_SETTINGS }));
  expect(found).toEqual(sentences.map((sentence) => expect.stringMatching(sentence)));
});
