import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MOST_DUPLICATES, type BatchId, type BatchItem, type BatchRecord } from '../../src/domain/batch.ts';
import type { Signal } from '../../src/storage/store.ts';
import type { Records } from '../specification/records.ts';
import type { RecordsKind } from '../support/stores.ts';
import { add, collectionItem, LIST, linkTo, newJob, pageOf, submitGrowing } from './growing-samples.ts';
import {
  batchOf,
  HOUR_MS,
  invalidItem,
  MINUTE_MS,
  newBatchId,
  newBookId,
  newIsbnJob,
  newRun,
  NOW_MS,
  sampleBook,
  settlement,
  settleParsed,
  statesOf,
} from './samples.ts';

const allItems = async (store: Records, batchId: BatchId): Promise<BatchItem[]> =>
  (await store.batches.items(batchId, { fromIndex: 0, limit: 1_000, state: null }))!.items;
const CANCELLED = { code: 'cancelled' };

/** Batches that take items after their submission: from collections, and from callers while they are open. */
export function growingContract({ make }: RecordsKind): void {
  describe('batches that grow', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(() => made.cleanup());

    it('keep a collection as an expanding item, and do not end before it is read', async () => {
      const job = newJob();
      const { batchId, outcomes } = await submitGrowing(store, [collectionItem('{"page":0,"text":"é\u{1F4DA}"}'), linkTo(job)]);
      expect(outcomes.map(({ status }) => status)).toStrictEqual(['expanding', 'queued']);
      await settleParsed(store, job);
      const batch = await batchOf(store, batchId);
      expect(batch).toMatchObject({ total: 2, endedAtMs: null, sealed: true, open: false, found: [], stoppedAtMs: null });
      expect(batch.counts).toMatchObject({ expanding: 1, queued: 0, parsed: 1 });
      const [collection, link] = await allItems(store, batchId);
      expect(collection).toStrictEqual({
        index: 0,
        input: LIST,
        jobId: null,
        bookId: null,
        duplicates: 0,
        reason: null,
        state: 'expanding',
        collection: { version: 1, json: '{"page":0,"text":"é\u{1F4DA}"}' },
        via: null,
      } satisfies BatchItem);
      expect(link).toMatchObject({ state: 'parsed', collection: null, via: null });
    });

    it('give expanding items by their state, and no others', async () => {
      const { batchId } = await submitGrowing(store, [collectionItem(), linkTo(newJob()), collectionItem(), linkTo(newJob())]);
      const indexes = async (state: 'queued' | 'expanding'): Promise<number[]> =>
        (await store.batches.items(batchId, { fromIndex: 0, limit: 10, state }))!.items.map(({ index }) => index);
      expect(await indexes('expanding')).toStrictEqual([0, 2]);
      expect(await indexes('queued')).toStrictEqual([1, 3]);
      expect((await store.batches.items(batchId, { fromIndex: 0, limit: 1, state: 'expanding' }))?.nextIndex).toBe(2);
    });

    it('take the books of a page with the next record of the collection, each decided as in a submission', async () => {
      const [fresh, missing, live, unknown, isbn] = [newJob(), newJob(), newJob(), newJob(), newIsbnJob()] as const;
      await submitGrowing(store, [linkTo(fresh), linkTo(missing), linkTo(live)]);
      await settleParsed(store, fresh);
      await store.jobs.settle(settlement(missing, { outcome: 'not-found' }));
      const book = sampleBook(newBookId());
      await store.books.put(book, [isbn], NOW_MS + 24 * HOUR_MS);

      const { batchId } = await submitGrowing(store, [collectionItem()]);
      const run = newRun();
      const items = [linkTo(fresh), linkTo(missing), linkTo(live), linkTo(unknown, 2), linkTo(isbn)];
      const { index: _index, ...invalid } = invalidItem(0);
      const outcomes = await add(store, batchId, [...items, invalid, collectionItem('{"inner":1}')], {
        run,
        priority: 'interactive',
        nowMs: NOW_MS + MINUTE_MS,
        from: pageOf(1),
      });
      expect(outcomes).toStrictEqual([
        { status: 'cached', bookId: fresh.slice(5), fetchedAtMs: NOW_MS, index: 1 },
        { status: 'not-found', index: 2 },
        { status: 'joined', raisedRun: (await store.jobs.get(live))!.run, index: 3 },
        { status: 'queued', index: 4 },
        { status: 'cached', bookId: book.bookId, fetchedAtMs: NOW_MS, index: 5 },
        { status: 'invalid', index: 6 },
        { status: 'expanding', index: 7 },
      ]);
      expect(await store.jobs.get(unknown)).toMatchObject({ state: 'live', run, waiters: 1, priority: 'interactive' });
      expect(await store.jobs.get(live)).toMatchObject({ waiters: 2, priority: 'interactive' });
      const batch = await batchOf(store, batchId);
      expect(batch).toMatchObject({ total: 8, endedAtMs: null, progressedAtMs: NOW_MS + MINUTE_MS });
      expect(batch.counts).toMatchObject({ expanding: 2, queued: 2, cached: 2, 'not-found': 1, invalid: 1 });
      const kept = await allItems(store, batchId);
      expect(kept.map(({ via }) => via)).toStrictEqual([null, 0, 0, 0, 0, 0, 0, 0]);
      expect(kept[0]?.collection).toStrictEqual({ version: 2, json: '{"page":1}' });
      expect(kept[4]).toMatchObject({ jobId: unknown, duplicates: 2 });
      expect(kept[5]).toMatchObject({ jobId: isbn, bookId: book.bookId });
      expect(kept[6]).toMatchObject({ input: invalid.input, reason: invalid.reason });
      expect(kept[7]).toMatchObject({ state: 'expanding', collection: { version: 1, json: '{"inner":1}' } });
      // What is settled from the start is not in the log.
      expect(await store.batches.settledSince(batchId, 0, 10)).toStrictEqual([]);
      expect(await store.batches.indexesOf(batchId, [unknown, live])).toStrictEqual(
        new Map([
          [unknown, 4],
          [live, 3],
        ]),
      );
    });

    it('settle added items with their jobs', async () => {
      const { batchId } = await submitGrowing(store, [collectionItem()]);
      const jobs = [newJob(), newJob()];
      await add(
        store,
        batchId,
        jobs.map((jobId) => linkTo(jobId)),
        { from: pageOf(1) },
      );
      for (const jobId of jobs) await settleParsed(store, jobId);
      expect(await statesOf(store, batchId)).toStrictEqual(['expanding', 'parsed', 'parsed']);
      expect((await batchOf(store, batchId)).endedAtMs).toBeNull();
      expect((await store.batches.settledSince(batchId, 0, 10)).map(({ index }) => index)).toStrictEqual([1, 2]);
      await add(store, batchId, [], { nowMs: NOW_MS + 7, from: pageOf(2, { end: { state: 'expanded', reason: null } }) });
      expect(await batchOf(store, batchId)).toMatchObject({ endedAtMs: NOW_MS + 7, total: 3 });
      expect((await store.batches.settledSince(batchId, 2, 10))[0]).toStrictEqual({
        seq: 3,
        index: 0,
        state: 'expanded',
        atMs: NOW_MS + 7,
      });
      expect(await store.batches.listUnannounced(5_000)).toContain(batchId);
    });

    it.each(['expanded', 'disallowed', 'failed', 'not-found'] as const)('end a collection as %s, with its reason', async (state) => {
      const { batchId } = await submitGrowing(store, [collectionItem()]);
      const reason = 'Goodreads shows 50 books — “signed out”.';
      expect(await add(store, batchId, [], { from: pageOf(1, { end: { state, reason } }) })).toStrictEqual([]);
      const [item] = await allItems(store, batchId);
      expect(item).toMatchObject({ state, reason, collection: { version: 2, json: '{"page":1}' } });
      const batch = await batchOf(store, batchId);
      expect(batch).toMatchObject({ endedAtMs: NOW_MS });
      expect(batch.counts).toMatchObject({ expanding: 0, queued: 0, [state]: 1 });
      expect((await store.batches.items(batchId, { fromIndex: 0, limit: 5, state: 'expanding' }))?.items).toStrictEqual([]);
      expect((await store.batches.items(batchId, { fromIndex: 0, limit: 5, state }))?.items).toHaveLength(1);
    });

    it('change nothing when the record of the collection has moved on, or is read', async () => {
      const { batchId } = await submitGrowing(store, [collectionItem(), linkTo(newJob())]);
      const [first, late] = [newJob(), newJob()];
      expect(await add(store, batchId, [linkTo(first)], { from: pageOf(1) })).toHaveLength(1);
      const before = [await batchOf(store, batchId), await allItems(store, batchId)];
      for (const from of [pageOf(1), pageOf(3), pageOf(1, { index: 1 }), pageOf(1, { index: 2 }), pageOf(1, { index: 9 })])
        expect(await add(store, batchId, [linkTo(late)], { nowMs: NOW_MS + HOUR_MS, from })).toBeNull();
      expect([await batchOf(store, batchId), await allItems(store, batchId)]).toStrictEqual(before);
      expect(await store.jobs.get(late)).toBeNull();
      await add(store, batchId, [], { from: pageOf(2, { end: { state: 'expanded', reason: null } }) });
      expect(await add(store, batchId, [linkTo(late)], { from: pageOf(3) })).toBeNull();
      expect(await store.jobs.get(late)).toBeNull();
    });

    it('let one of many that read the same page bring it', async () => {
      const { batchId } = await submitGrowing(store, [collectionItem()]);
      const answers = await Promise.all(Array.from({ length: 8 }, () => add(store, batchId, [linkTo(newJob())], { from: pageOf(1) })));
      expect(answers.filter((answer) => answer !== null)).toHaveLength(1);
      expect(await batchOf(store, batchId)).toMatchObject({ total: 2, counts: { queued: 1, expanding: 1 } });
    });

    it('count a book that the batch has as a duplicate, whoever brings it', async () => {
      const [mine, page] = [newJob(), newJob()];
      const { batchId } = await submitGrowing(store, [collectionItem(), collectionItem(), linkTo(mine, 1)], { open: true });
      await settleParsed(store, mine);
      expect(await add(store, batchId, [linkTo(mine, 2), linkTo(page)], { from: pageOf(1) })).toStrictEqual([
        { status: 'duplicate', index: 2 },
        { status: 'queued', index: 3 },
      ]);
      expect(await add(store, batchId, [linkTo(page)], { from: pageOf(1, { index: 1 }) })).toStrictEqual([
        { status: 'duplicate', index: 3 },
      ]);
      expect(await add(store, batchId, [linkTo(page, MOST_DUPLICATES)])).toStrictEqual([{ status: 'duplicate', index: 3 }]);
      const items = await allItems(store, batchId);
      expect(items.map(({ duplicates }) => duplicates)).toStrictEqual([0, 0, 4, MOST_DUPLICATES]);
      expect(items[3]?.via).toBe(0);
      expect(await store.jobs.get(page)).toMatchObject({ waiters: 1 });
      expect((await batchOf(store, batchId)).total).toBe(4);
    });

    it('are open for callers until they are closed, and end then', async () => {
      const { batchId } = await submitGrowing(store, [], { open: true });
      expect(await batchOf(store, batchId)).toMatchObject({ open: true, sealed: true, total: 0, endedAtMs: null });
      const jobId = newJob();
      expect(await add(store, batchId, [linkTo(jobId)])).toStrictEqual([{ status: 'queued', index: 0 }]);
      await settleParsed(store, jobId);
      expect(await batchOf(store, batchId)).toMatchObject({ total: 1, endedAtMs: null, counts: { parsed: 1, queued: 0 } });
      expect((await store.batches.list({ before: null, limit: 100, ended: false })).batches.map((one) => one.batchId)).toContain(batchId);
      expect(await store.batches.close(batchId, NOW_MS + MINUTE_MS)).toBe(true);
      expect(await batchOf(store, batchId)).toMatchObject({
        open: false,
        endedAtMs: NOW_MS + MINUTE_MS,
        progressedAtMs: NOW_MS + MINUTE_MS,
        counts: { parsed: 1, queued: 0, cancelled: 0 },
      });
      expect(await store.batches.close(batchId, NOW_MS)).toBe(false);
      expect(await store.batches.close(newBatchId(), NOW_MS)).toBeNull();
      await expect(add(store, batchId, [linkTo(newJob())])).rejects.toMatchObject(CANCELLED);
    });

    it('end after they were closed with the last item', async () => {
      const jobId = newJob();
      const { batchId } = await submitGrowing(store, [linkTo(jobId)], { open: true });
      expect(await store.batches.close(batchId, NOW_MS)).toBe(true);
      expect((await batchOf(store, batchId)).endedAtMs).toBeNull();
      await settleParsed(store, jobId, { nowMs: NOW_MS + 5 });
      expect((await batchOf(store, batchId)).endedAtMs).toBe(NOW_MS + 5);
    });

    it('are told as signals when they grow, and when they are closed', async () => {
      const { batchId } = await submitGrowing(store, [linkTo(newJob())], { open: true });
      const heard: Signal[] = [];
      const stop = store.signals.subscribe((signal) => void (signal.kind === 'batch' && signal.batchId === batchId && heard.push(signal)));
      await add(store, batchId, [linkTo(newJob())]);
      await expect.poll(() => heard.length, { timeout: 5_000 }).toBe(1);
      await store.batches.close(batchId, NOW_MS);
      await expect.poll(() => heard.length, { timeout: 5_000 }).toBe(2);
      stop();
    });

    it('refuse callers unless they are open, and everybody before the seal', async () => {
      const jobId = newJob();
      const shut = await submitGrowing(store, [collectionItem()]);
      const unsealed = await submitGrowing(store, [collectionItem()], { total: 2, last: false, open: true });
      await expect(add(store, shut.batchId, [linkTo(jobId)])).rejects.toMatchObject(CANCELLED);
      await expect(add(store, unsealed.batchId, [linkTo(jobId)])).rejects.toMatchObject(CANCELLED);
      await expect(add(store, unsealed.batchId, [linkTo(jobId)], { from: pageOf(1) })).rejects.toMatchObject(CANCELLED);
      await expect(add(store, newBatchId(), [linkTo(jobId)])).rejects.toMatchObject(CANCELLED);
      expect(await store.jobs.get(jobId)).toBeNull();
      expect((await batchOf(store, unsealed.batchId)).total).toBe(2);
    });

    it('are listed by the last addition of a caller while they are open', async () => {
      const early = await submitGrowing(store, [collectionItem()], { open: true, nowMs: NOW_MS - 10 * HOUR_MS });
      const later = await submitGrowing(store, [], { open: true, nowMs: NOW_MS - 9 * HOUR_MS });
      const shut = await submitGrowing(store, [collectionItem()], { nowMs: NOW_MS - 9 * HOUR_MS });
      const ours = async (limit = 100): Promise<BatchId[]> => {
        const own = new Set([early.batchId, later.batchId, shut.batchId]);
        return (await store.batches.listOpenFor(NOW_MS - 8 * HOUR_MS, limit)).filter((batchId) => own.has(batchId));
      };
      expect(await ours()).toStrictEqual([early.batchId, later.batchId]);
      expect(await store.batches.listOpenFor(NOW_MS - 8 * HOUR_MS, 1)).toStrictEqual([early.batchId]);
      // What a collection brings is no addition of a caller.
      await add(store, early.batchId, [linkTo(newJob())], { nowMs: NOW_MS, from: pageOf(1) });
      expect(await ours()).toStrictEqual([early.batchId, later.batchId]);
      await add(store, early.batchId, [], { nowMs: NOW_MS - 8.5 * HOUR_MS });
      expect(await ours()).toStrictEqual([later.batchId, early.batchId]);
      expect(await store.batches.listOpenFor(NOW_MS - 9 * HOUR_MS, 100)).not.toContain(later.batchId);
      await store.batches.close(early.batchId, NOW_MS);
      await store.batches.cancel(later.batchId, NOW_MS);
      expect(await ours()).toStrictEqual([]);
    });

    it.each(['cancelled', 'expired'] as const)('settle expanding items and the promise of more as %s', async (as) => {
      const jobId = newJob();
      const { batchId } = await submitGrowing(store, [collectionItem(), linkTo(jobId)], { open: true });
      const { run } = (await store.jobs.get(jobId))!;
      expect(await store.batches.cancel(batchId, NOW_MS + 5, as)).toStrictEqual({ cancelled: 2, withoutWaiters: [{ jobId, run }] });
      const batch = await batchOf(store, batchId);
      expect(batch).toMatchObject({ open: false, total: 2, endedAtMs: NOW_MS + 5, cancelledAtMs: NOW_MS + 5 });
      expect(batch.counts).toMatchObject({ [as]: 2, queued: 0, expanding: 0 });
      expect(await statesOf(store, batchId)).toStrictEqual([as, as]);
      expect(await store.jobs.get(jobId)).toMatchObject({ state: 'cancelled', error: { code: 'cancelled' } });
      await expect(add(store, batchId, [linkTo(newJob())], { from: pageOf(1) })).rejects.toMatchObject(CANCELLED);
      expect(await store.batches.close(batchId, NOW_MS)).toBe(false);
    });

    it('are not requeued at a collection', async () => {
      const jobId = newJob();
      const { batchId } = await submitGrowing(store, [collectionItem(), linkTo(jobId)]);
      const more = { nowMs: NOW_MS, run: newRun(), priority: 'normal' as const };
      expect(await store.batches.requeue(batchId, { items: [{ jobId, index: 1 }], ...more })).toStrictEqual([]);
      expect(await statesOf(store, batchId)).toStrictEqual(['expanding', 'queued']);
    });

    it('take a thousand items at once, and many additions', async () => {
      const { batchId } = await submitGrowing(store, [collectionItem()]);
      const jobs = Array.from({ length: 1_000 }, newJob);
      const links = jobs.map((jobId) => linkTo(jobId));
      expect((await add(store, batchId, links, { from: pageOf(1) }))?.map(({ status, index }) => [status, index])).toStrictEqual(
        jobs.map((_, at) => ['queued', at + 1]),
      );
      const again = [...links.slice(500), ...Array.from({ length: 500 }, () => linkTo(newJob()))];
      const outcomes = await add(store, batchId, again, { from: pageOf(2) });
      expect(outcomes?.map(({ status }) => status)).toStrictEqual(again.map((_, at) => (at < 500 ? 'duplicate' : 'queued')));
      expect(outcomes?.map(({ index }) => index)).toStrictEqual(again.map((_, at) => 501 + at));
      expect(await batchOf(store, batchId)).toMatchObject({ total: 1_501, counts: { queued: 1_500, expanding: 1 } } satisfies {
        total: number;
        counts: Partial<BatchRecord['counts']>;
      });
      await store.batches.cancel(batchId, NOW_MS);
      expect((await batchOf(store, batchId)).counts.cancelled).toBe(1_501);
    });
  });
}
