/** What only Redis does: long batches are cancelled, and looked through, in steps. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import type { BatchId } from '../../src/domain/batch.ts';
import { cancelOrphan, isOrphan } from '../../src/app/requeue-lost.ts';
import type { JobId } from '../../src/domain/identity.ts';
import type { Store } from '../../src/storage/store.ts';
import { sharedRedisUrl } from '../support/redis-server.ts';
import { redisStore, TEST_SETTINGS, type MadeStore } from '../support/stores.ts';
import { add, collectionItem, inPlaces, linkTo, newJob, pageOf, submitGrowing } from './growing-samples.ts';
import { batchOf, itemsOf, newBatchId, newRun, NOW_MS, OPTIONS, settleParsed, submit } from './samples.ts';

const A_STEP = 1_000;
const SLOW = { timeout: 120_000 };

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A store and a look behind it; `key` gives the full name of a key. */
async function open(): Promise<MadeStore & { redis: Redis; key: (name: string) => string }> {
  const prefix = `long${randomUUID().slice(0, 8)}`;
  const made = await redisStore.make({ ...TEST_SETTINGS, prefix });
  undo.push(made.cleanup);
  const redis = new Redis(sharedRedisUrl());
  undo.push(() => redis.quit());
  return { ...made, redis, key: (name) => `{${prefix}}:${name}` };
}

/** A batch of so many links. */
async function submitLong(store: Store, count: number, isOpen = false): Promise<{ batchId: BatchId; jobs: JobId[] }> {
  const batchId = newBatchId();
  const jobs = Array.from({ length: count }, newJob);
  const run = newRun();
  for (let from = 0; from < count; from += A_STEP) {
    const batch = { batchId, options: OPTIONS, total: count, last: from + A_STEP >= count, open: isOpen };
    const items = itemsOf(jobs.slice(from, from + A_STEP), from);
    await store.batches.submit({ batch, nowMs: NOW_MS, run, priority: 'normal', maxAgeMs: null, items });
  }
  return { batchId, jobs };
}

it('50,000 items are cancelled within the deadline of a call, and others are served meanwhile', SLOW, async () => {
  const { store } = await open();
  const { batchId, jobs } = await submitLong(store, 50_000);
  const cancelling = { over: false };
  const cancelled = store.batches.cancel(batchId, NOW_MS + 5).finally(() => (cancelling.over = true));
  const seen = new Set<number>();
  // Each of these calls has a deadline of its own, as each step has.
  while (!cancelling.over) seen.add((await batchOf(store, batchId)).counts.cancelled);
  const answer = await cancelled;
  expect(answer?.cancelled).toBe(50_000);
  expect(answer?.withoutWaiters.map(({ jobId }) => jobId)).toStrictEqual(jobs);
  const between = [...seen].filter((count) => count > 0 && count < 50_000);
  expect(between.length).toBeGreaterThan(5);
  for (const count of between) expect(count % A_STEP).toBe(0);
  expect(await batchOf(store, batchId)).toMatchObject({ endedAtMs: NOW_MS + 5, counts: { cancelled: 50_000, queued: 0 } });
  const log = await store.batches.settledSince(batchId, 49_998, 10);
  expect(log).toStrictEqual([
    { seq: 49_999, index: 49_998, state: 'cancelled', atMs: NOW_MS + 5 },
    { seq: 50_000, index: 49_999, state: 'cancelled', atMs: NOW_MS + 5 },
  ]);
});

it('a cancellation that breaks off between two steps takes nothing more, and ends by the next', SLOW, async () => {
  const { store: stopping, reopen, redis, key } = await open();
  const { batchId, jobs } = await submitLong(stopping, 20 * A_STEP, true);
  const cancelling = stopping.batches.cancel(batchId, NOW_MS + 5, 'expired').catch((error: unknown) => error);
  await expect.poll(() => redis.hget(key(`batch:${batchId}`), 'cancelled'), { interval: 1 }).not.toBeNull();
  await stopping.stop();
  expect(await cancelling).toMatchObject({ code: 'store-unavailable' });

  const store = await reopen();
  const half = await batchOf(store, batchId);
  expect(half).toMatchObject({ endedAtMs: null, cancelledAtMs: NOW_MS + 5, open: false });
  expect(half.counts.expired % A_STEP).toBe(0);
  expect(half.counts.expired).toBeGreaterThan(0);
  expect(half.counts.expired + half.counts.queued).toBe(20 * A_STEP);
  await expect(submit(store, batchId, [], { total: 20 * A_STEP })).rejects.toMatchObject({ code: 'cancelled' });
  await expect(add(store, batchId, [linkTo(newJob())])).rejects.toMatchObject({ code: 'cancelled' });
  const lost = { items: [{ jobId: jobs[0]!, index: 0 }], nowMs: NOW_MS, run: newRun(), priority: 'normal' as const };
  expect(await store.batches.requeue(batchId, lost)).toStrictEqual([]);
  // A job that ends meanwhile settles its item, once.
  await settleParsed(store, jobs.at(-1)!);

  // The reconciler ends it as it was begun.
  expect(await isOrphan({ store }, batchId)).toBe(true);
  const removed: { jobId: JobId }[] = [];
  const queue = { cancel: async (runs: { jobId: JobId }[]) => void removed.push(...runs) };
  await cancelOrphan({ store, queue, now: () => NOW_MS + 9, log: { warn: () => undefined } } as never, batchId);
  expect(removed).toHaveLength(half.counts.queued - 1);
  expect(await batchOf(store, batchId)).toMatchObject({
    endedAtMs: NOW_MS + 9,
    cancelledAtMs: NOW_MS + 5,
    counts: { expired: 20 * A_STEP - 1, parsed: 1, queued: 0, cancelled: 0 },
  });
  expect(await isOrphan({ store }, batchId)).toBe(false);
  expect(await store.batches.settledSince(batchId, 20 * A_STEP - 1, 5)).toHaveLength(1);
});

it('a batch that nobody knows is not announced, however many steps its cancellation takes', SLOW, async () => {
  const { store } = await open();
  const batchId = newBatchId();
  const jobs = Array.from({ length: 3 * A_STEP }, newJob);
  for (let from = 0; from < jobs.length; from += A_STEP)
    await submit(store, batchId, itemsOf(jobs.slice(from, from + A_STEP), from), { total: 5 * A_STEP, last: false });
  expect((await store.batches.cancel(batchId, NOW_MS))?.cancelled).toBe(5 * A_STEP);
  expect(await batchOf(store, batchId)).toMatchObject({ endedAtMs: NOW_MS, counts: { cancelled: 5 * A_STEP } });
  expect(await store.batches.listUnannounced(10)).toStrictEqual([]);
});

it('collections and links are skipped in steps', SLOW, async () => {
  const { store } = await open();
  const batchId = newBatchId();
  const items = Array.from({ length: 3 * A_STEP }, (_, at) => (at % 2 === 0 ? collectionItem() : linkTo(newJob())));
  const options = { ...OPTIONS, until: { field: 'title', contains: 'x', count: 1 } };
  for (let from = 0; from < items.length; from += A_STEP)
    await submit(store, batchId, inPlaces(items.slice(from, from + A_STEP), from), {
      total: items.length,
      options,
      last: from === 2 * A_STEP,
    });
  expect((await batchOf(store, batchId)).counts).toMatchObject({ expanding: 1.5 * A_STEP, queued: 1.5 * A_STEP });
  await store.batches.report(batchId, ['1' as never], NOW_MS);
  expect((await store.batches.cancel(batchId, NOW_MS, 'skipped'))?.cancelled).toBe(3 * A_STEP);
  expect(await batchOf(store, batchId)).toMatchObject({ endedAtMs: NOW_MS, counts: { skipped: 3 * A_STEP, expanding: 0, queued: 0 } });
});

it('the jobs of a long batch are looked up when it grows for the first time, and forgotten when it ends', SLOW, async () => {
  const { store, redis, key } = await open();
  const { batchId, jobs } = await submitLong(store, 2_500, true);
  expect(await redis.exists(key(`batch:${batchId}:jobs`))).toBe(0);
  expect(await add(store, batchId, [linkTo(jobs[2_400]!), linkTo(newJob()), linkTo(jobs[0]!)])).toStrictEqual([
    { status: 'duplicate', index: 2_400 },
    { status: 'queued', index: 2_500 },
    { status: 'duplicate', index: 0 },
  ]);
  // A process of an earlier version ends the batch without this key, so it has an end of its own.
  expect(await redis.pttl(key(`batch:${batchId}:jobs`))).toBeGreaterThan(0);
  await redis.del(key(`batch:${batchId}:jobs`));
  expect(await add(store, batchId, [linkTo(jobs[1_700]!)])).toStrictEqual([{ status: 'duplicate', index: 1_700 }]);
  await store.batches.cancel(batchId, NOW_MS);
  expect(await redis.exists(key(`batch:${batchId}:jobs`))).toBe(0);
});

it('an open batch that an earlier version cancelled has no promise left, and leaves the list of the open ones', async () => {
  const { store, redis, key } = await open();
  const { batchId } = await submitGrowing(store, [collectionItem(), linkTo(newJob())], { open: true });
  // What the earlier version does: all that it counts as queued becomes cancelled.
  await redis.set(key(`batch:${batchId}:states`), 'xx');
  await redis.hset(key(`batch:${batchId}`), { q: 0, x: 3, cancelled: NOW_MS, finished: NOW_MS });
  expect(await batchOf(store, batchId)).toMatchObject({ open: false, total: 2, counts: { cancelled: 2, queued: 0, expanding: 0 } });
  const page = await store.batches.items(batchId, { fromIndex: 0, limit: 5, state: 'cancelled' });
  expect(page?.items.map(({ index }) => index)).toStrictEqual([0, 1]);
  await expect(add(store, batchId, [], { from: pageOf(1) })).rejects.toMatchObject({ code: 'cancelled' });
  expect(await store.batches.listOpenFor(NOW_MS + 1, 5)).toStrictEqual([batchId]);
  expect(await store.batches.close(batchId, NOW_MS)).toBe(false);
  expect(await store.batches.listOpenFor(NOW_MS + 1, 5)).toStrictEqual([]);
});
