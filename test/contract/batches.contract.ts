import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchId, ItemState } from '../../src/domain/batch.ts';
import type { JobId } from '../../src/domain/identity.ts';
import type { Records } from '../specification/records.ts';
import { testOn, type RecordsKind } from '../support/stores.ts';
import {
  batchOf,
  HOUR_MS,
  invalidItem,
  itemsOf,
  jobOf,
  newBatchId,
  newBookId,
  newRun,
  NOW_MS,
  sampleBook,
  settlement,
  settleParsed,
  statesOf,
  submit,
} from './samples.ts';

export function batchesContract({ make, name }: RecordsKind): void {
  describe('batches', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(() => made.cleanup());

    it('are unknown until submitted', async () => {
      const batchId = newBatchId();
      expect(await store.batches.get(batchId)).toBeNull();
      expect(await store.batches.items(batchId, { fromIndex: 0, limit: 5, state: null })).toBeNull();
      expect(await store.batches.items(batchId, { fromIndex: 0, limit: 5, state: 'queued' })).toBeNull();
      expect(await store.batches.cancel(batchId, NOW_MS)).toBeNull();
      expect(await store.batches.settledSince(batchId, 0, 5)).toStrictEqual([]);
      expect((await store.batches.indexesOf(batchId, [jobOf(newBookId())])).size).toBe(0);
    });

    it('give their items in pages, also by state', async () => {
      const jobs = Array.from({ length: 7 }, () => jobOf(newBookId()));
      const batchId = newBatchId();
      await submit(store, batchId, [...itemsOf(jobs), invalidItem(7)]);
      for (const at of [1, 3, 6]) await settleParsed(store, jobs[at]!);

      const walk = async (limit: number, state: ItemState | null): Promise<number[][]> => {
        const seen: number[][] = [];
        let fromIndex: number | null = 0;
        while (fromIndex !== null && seen.length < 10) {
          const page: Awaited<ReturnType<Records['batches']['items']>> = await store.batches.items(batchId, { fromIndex, limit, state });
          if (page === null) throw new Error('the batch is gone');
          if (page.items.length > 0) seen.push(page.items.map((item) => item.index));
          fromIndex = page.nextIndex;
        }
        return seen;
      };
      expect(await walk(3, null)).toStrictEqual([
        [0, 1, 2],
        [3, 4, 5],
        [6, 7],
      ]);
      expect(await walk(8, null)).toStrictEqual([[0, 1, 2, 3, 4, 5, 6, 7]]);
      expect(await walk(2, 'parsed')).toStrictEqual([[1, 3], [6]]);
      expect(await walk(10, 'queued')).toStrictEqual([[0, 2, 4, 5]]);
      expect(await walk(10, 'invalid')).toStrictEqual([[7]]);
      // No page is named that would be empty.
      const parsed = await store.batches.items(batchId, { fromIndex: 0, limit: 3, state: 'parsed' });
      expect(parsed?.nextIndex).toBeNull();
      const firstParsed = await store.batches.items(batchId, { fromIndex: 0, limit: 1, state: 'parsed' });
      expect(firstParsed?.nextIndex).toBe(3);
      expect(await walk(10, 'failed')).toStrictEqual([]);
      for (const fromIndex of [8, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
        for (const state of [null, 'queued'] as const)
          expect(await store.batches.items(batchId, { fromIndex, limit: 5, state })).toStrictEqual({ items: [], nextIndex: null });
        expect(await store.batches.settledSince(batchId, fromIndex, 5)).toStrictEqual([]);
      }
    });

    it('name the live jobs that have an item in them', async () => {
      const jobs = [jobOf(newBookId()), jobOf(newBookId()), jobOf(newBookId())];
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf(jobs));
      await submit(store, newBatchId(), itemsOf([jobs[1]!]));
      const indexes = await store.batches.indexesOf(batchId, [jobs[2]!, jobOf(newBookId()), jobs[1]!]);
      expect(indexes).toStrictEqual(
        new Map([
          [jobs[2], 2],
          [jobs[1], 1],
        ]),
      );
      expect(await store.batches.indexesOf(batchId, [])).toStrictEqual(new Map());
    });

    it('remember when they last made progress', async () => {
      const jobs = [jobOf(newBookId()), jobOf(newBookId())];
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf(jobs), { nowMs: NOW_MS });
      await settleParsed(store, jobs[0]!, { nowMs: NOW_MS + 60_000 });
      expect(await batchOf(store, batchId)).toMatchObject({ createdAtMs: NOW_MS, progressedAtMs: NOW_MS + 60_000 });
    });

    it('make progress with what settles when it is submitted, and when they are cancelled', async () => {
      const batchId = newBatchId();
      const more = { total: 4, last: false };
      await submit(store, batchId, itemsOf([jobOf(newBookId())]), { ...more, nowMs: NOW_MS + HOUR_MS });
      await submit(store, batchId, [invalidItem(1)], { ...more, nowMs: NOW_MS + 60_000 });
      expect((await batchOf(store, batchId)).progressedAtMs).toBe(NOW_MS + 60_000);
      await submit(store, batchId, itemsOf([jobOf(newBookId())], 2), { ...more, nowMs: NOW_MS + 120_000 });
      expect((await batchOf(store, batchId)).progressedAtMs).toBe(NOW_MS + 60_000);
      await store.batches.cancel(batchId, NOW_MS + 180_000);
      expect((await batchOf(store, batchId)).progressedAtMs).toBe(NOW_MS + 180_000);
    });

    it('return, when cancelled, only the jobs that no other waiter needs', async () => {
      const [mine, shared, solo, done] = [jobOf(newBookId()), jobOf(newBookId()), jobOf(newBookId()), jobOf(newBookId())];
      const run = newRun();
      const batchId = newBatchId();
      const other = newBatchId();
      await submit(store, batchId, [...itemsOf([mine, shared, solo, done]), invalidItem(4)], { run });
      await submit(store, other, itemsOf([shared]));
      await submit(store, null, itemsOf([solo]));
      await settleParsed(store, done);

      expect(await store.batches.cancel(batchId, NOW_MS + 5)).toStrictEqual({ cancelled: 3, withoutWaiters: [{ jobId: mine, run }] });
      expect(await batchOf(store, batchId)).toMatchObject({
        counts: { queued: 0, cancelled: 3, parsed: 1, invalid: 1 },
        endedAtMs: NOW_MS + 5,
        cancelledAtMs: NOW_MS + 5,
      });
      expect(await statesOf(store, batchId)).toStrictEqual(['cancelled', 'cancelled', 'cancelled', 'parsed', 'invalid']);
      expect((await store.batches.settledSince(batchId, 0, 10)).map(({ seq, index, state }) => [seq, index, state])).toStrictEqual([
        [1, 3, 'parsed'],
        [2, 0, 'cancelled'],
        [3, 1, 'cancelled'],
        [4, 2, 'cancelled'],
      ]);
      expect(await store.jobs.get(mine)).toMatchObject({ state: 'cancelled', run });
      expect(await store.jobs.get(shared)).toMatchObject({ state: 'live', waiters: 1 });
      expect(await store.jobs.get(solo)).toMatchObject({ state: 'live', waiters: 0 });

      // What settles later belongs to the others.
      await settleParsed(store, shared);
      expect((await batchOf(store, other)).endedAtMs).toBe(NOW_MS);
      await settleParsed(store, solo);
      expect((await batchOf(store, batchId)).counts.cancelled).toBe(3);
      expect(await store.batches.settledSince(batchId, 4, 10)).toStrictEqual([]);
    });

    it('cannot be cancelled twice, nor after their end', async () => {
      const jobId = jobOf(newBookId());
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf([jobId]));
      expect(await store.batches.cancel(batchId, NOW_MS)).toMatchObject({ cancelled: 1 });
      expect(await store.batches.cancel(batchId, NOW_MS + 1)).toStrictEqual({ cancelled: 0, withoutWaiters: [] });
      expect((await batchOf(store, batchId)).cancelledAtMs).toBe(NOW_MS);

      const finished = newBatchId();
      await submit(store, finished, [invalidItem(0)]);
      expect(await store.batches.cancel(finished, NOW_MS)).toStrictEqual({ cancelled: 0, withoutWaiters: [] });
      expect((await batchOf(store, finished)).cancelledAtMs).toBeNull();
    });

    it('end when cancelled before their seal, with what was never submitted', async () => {
      const jobId = jobOf(newBookId());
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf([jobId]), { total: 10, last: false });
      expect(await store.batches.cancel(batchId, NOW_MS)).toMatchObject({ cancelled: 10, withoutWaiters: [{ jobId }] });
      expect(await batchOf(store, batchId)).toMatchObject({ endedAtMs: NOW_MS, counts: { cancelled: 10, queued: 0 } });
    });

    it('end when cancelled before their seal, though all their items are settled', async () => {
      const batchId = newBatchId();
      await submit(store, batchId, [invalidItem(0)], { last: false });
      expect(await store.batches.cancel(batchId, NOW_MS + 1)).toStrictEqual({ cancelled: 0, withoutWaiters: [] });
      expect(await batchOf(store, batchId)).toMatchObject({ endedAtMs: NOW_MS + 1, cancelledAtMs: NOW_MS + 1 });
      await expect(submit(store, batchId, [], { total: 1 })).rejects.toMatchObject({ code: 'cancelled' });
    });

    it('let a job that was cancelled with them be submitted again', async () => {
      const jobId = jobOf(newBookId());
      const first = newBatchId();
      await submit(store, first, itemsOf([jobId]));
      await store.batches.cancel(first, NOW_MS);
      const second = newBatchId();
      expect(await submit(store, second, itemsOf([jobId]))).toStrictEqual([{ status: 'queued' }]);
      await settleParsed(store, jobId);
      expect((await batchOf(store, second)).endedAtMs).toBe(NOW_MS);
    });

    it('settle each item once when cancelled while jobs settle', async () => {
      const jobs = Array.from({ length: 60 }, () => jobOf(newBookId()));
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf(jobs));
      await Promise.all([
        ...jobs.slice(0, 30).map((jobId) => settleParsed(store, jobId)),
        store.batches.cancel(batchId, NOW_MS),
        ...jobs.slice(30).map((jobId) => settleParsed(store, jobId)),
      ]);
      const { counts, endedAtMs } = await batchOf(store, batchId);
      expect(counts.parsed + counts.cancelled).toBe(60);
      expect(endedAtMs).not.toBeNull();
      expect(await store.batches.settledSince(batchId, 0, 100)).toHaveLength(60);
    });
  });

  describe('lists of batches', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(() => made.cleanup());

    it('name those that stand still, the longest first', async () => {
      const batches: BatchId[] = [];
      for (const [at, ageMs] of [5_000, 60_000, 30_000].entries()) {
        const batchId = newBatchId();
        batches.push(batchId);
        await submit(store, batchId, itemsOf([jobOf(newBookId()), jobOf(newBookId())]), { nowMs: NOW_MS - ageMs, last: at !== 1 });
      }
      const finished = newBatchId();
      await submit(store, finished, [invalidItem(0)], { nowMs: NOW_MS - 90_000 });
      expect(await store.batches.listIdle(NOW_MS - 10_000, 10)).toStrictEqual([batches[1], batches[2]]);
      expect(await store.batches.listIdle(NOW_MS - 10_000, 1)).toStrictEqual([batches[1]]);
      for (const batchId of batches) await store.batches.cancel(batchId, NOW_MS);
      expect(await store.batches.listIdle(NOW_MS + 10_000, 10)).toStrictEqual([]);
    });

    it('do not requeue what is settled, waits already, or is in no open batch', async () => {
      const [waiting, done] = [jobOf(newBookId()), jobOf(newBookId())];
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf([waiting, done]), { run: 'first' });
      await settleParsed(store, done);
      const again = (of: BatchId) => {
        const items = [waiting, done].map((jobId, index) => ({ jobId, index }));
        return store.batches.requeue(of, { items, nowMs: NOW_MS, run: 'again', priority: 'normal' });
      };
      expect(await again(batchId)).toStrictEqual([]);
      expect(await again(newBatchId())).toStrictEqual([]);
      expect(await store.jobs.get(waiting)).toMatchObject({ run: 'first', waiters: 1 });
      expect(await store.jobs.get(done)).toMatchObject({ state: 'parsed' });
      await settleParsed(store, waiting);
      expect((await batchOf(store, batchId)).endedAtMs).toBe(NOW_MS);
      expect(await again(batchId)).toStrictEqual([]);
    });

    it('name those that a clock gone wrong left in the future, until they make progress', async () => {
      const batchId = newBatchId();
      const jobs = [jobOf(newBookId()), jobOf(newBookId())];
      await submit(store, batchId, itemsOf(jobs), { nowMs: NOW_MS + HOUR_MS });
      expect(await store.batches.listAhead(NOW_MS + 60_000, 10)).toStrictEqual([batchId]);
      expect(await store.batches.listAhead(NOW_MS + HOUR_MS, 10)).toStrictEqual([]);
      await store.jobs.settle(settlement(jobs[0] as JobId, { book: sampleBook(newBookId()) }));
      expect(await store.batches.listAhead(NOW_MS + 60_000, 10)).toStrictEqual([]);
      expect((await store.batches.get(batchId))?.progressedAtMs).toBe(NOW_MS);
      await store.batches.cancel(batchId, NOW_MS);
    });

    it('name those whose end is not announced, until it is acknowledged', async () => {
      for (const batchId of await store.batches.listUnannounced(100)) await store.batches.acknowledge(batchId);
      const [first, second, open] = [newBatchId(), newBatchId(), newBatchId()];
      const jobId = jobOf(newBookId());
      await submit(store, first, itemsOf([jobId]));
      await submit(store, second, [invalidItem(0)], { nowMs: NOW_MS + 1 });
      await submit(store, open, itemsOf([jobOf(newBookId())]));
      await store.jobs.settle(settlement(jobId, { book: sampleBook(newBookId()), nowMs: NOW_MS + 2 }));
      expect(await store.batches.listUnannounced(10)).toStrictEqual([second, first]);
      expect(await store.batches.listUnannounced(1)).toStrictEqual([second]);
      await store.batches.acknowledge(second);
      await store.batches.acknowledge(second);
      expect(await store.batches.listUnannounced(10)).toStrictEqual([first]);
      await store.batches.acknowledge(first);
    });

    it('do not name those that were cancelled before their seal, since no caller knows them', async () => {
      const [unsealed, sealed] = [newBatchId(), newBatchId()];
      await submit(store, unsealed, itemsOf([jobOf(newBookId())]), { total: 2, last: false });
      await submit(store, sealed, itemsOf([jobOf(newBookId())]));
      for (const batchId of [unsealed, sealed]) await store.batches.cancel(batchId, NOW_MS);
      expect(await store.batches.listUnannounced(10)).toStrictEqual([sealed]);
      await store.batches.acknowledge(sealed);
    });

    testOn(name !== 'redis')('sweeps those that ended long ago, with their items', async () => {
      const [old, young, open] = [newBatchId(), newBatchId(), newBatchId()];
      await submit(store, old, [invalidItem(0)], { nowMs: NOW_MS - 10_000_000 });
      await submit(store, young, [invalidItem(0)], { nowMs: NOW_MS - 1_000 });
      await submit(store, open, itemsOf([jobOf(newBookId())]), { nowMs: NOW_MS - 20_000_000 });
      expect(await store.batches.sweep(NOW_MS - 5_000_000)).toBe(1);
      expect(await store.batches.get(old)).toBeNull();
      expect(await store.batches.items(old, { fromIndex: 0, limit: 1, state: null })).toBeNull();
      expect(await store.batches.get(young)).not.toBeNull();
      expect(await store.batches.get(open)).not.toBeNull();
      expect(await store.batches.sweep(NOW_MS - 5_000_000)).toBe(0);
    });
  });
}
