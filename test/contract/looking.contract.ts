import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchId } from '../../src/domain/batch.ts';
import type { BookId, JobId } from '../../src/domain/identity.ts';
import type { UntilCondition } from '../../src/domain/until.ts';
import type { AddedItem, Settled } from '../../src/storage/store.ts';
import type { Records } from '../specification/records.ts';
import type { RecordsKind } from '../support/stores.ts';
import { add, collectionItem, inPlaces, linkTo, pageOf } from './growing-samples.ts';
import {
  batchOf,
  itemsOf,
  jobOf,
  newBatchId,
  newBookId,
  newRun,
  NOW_MS,
  OPTIONS,
  sampleBook,
  settlement,
  statesOf,
  submit,
} from './samples.ts';

const until = (count: number): UntilCondition => ({ field: 'title', contains: 'мир', count });
const CANCELLED = { code: 'cancelled' };
const JUDGED = (batchId: BatchId, verdict: boolean) => new Map([[batchId, verdict]]);

/** Batches that look for books: the verdicts come from the caller, the store counts. */
export function lookingContract({ make }: RecordsKind): void {
  describe('batches that look for books', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(() => made.cleanup());

    /** A batch of these jobs that looks for so many books. */
    const look = async (
      count: number,
      items: AddedItem[],
      { last = true, open = false, total = items.length }: { last?: boolean; open?: boolean; total?: number } = {},
    ): Promise<BatchId> => {
      const batchId = newBatchId();
      await store.batches.submit({
        batch: { batchId, options: { ...OPTIONS, until: until(count) }, total, last, open },
        nowMs: NOW_MS,
        run: newRun(),
        priority: 'normal',
        maxAgeMs: null,
        items: inPlaces(items),
      });
      return batchId;
    };
    const newJobs = (count: number): JobId[] => Array.from({ length: count }, () => jobOf(newBookId()));
    const bookIn = (jobId: JobId): BookId => jobId.slice(5) as BookId;
    const settleAs = (jobId: JobId, judged: ReadonlyMap<BatchId, boolean> | undefined, nowMs = NOW_MS): Promise<Settled> =>
      store.jobs.settle({ ...settlement(jobId, { nowMs }), ...(judged && { judged }) });

    it('ask for a verdict before a parsed book is settled', async () => {
      const [job] = newJobs(1) as [JobId];
      const batchId = await look(2, [linkTo(job)]);
      expect(await batchOf(store, batchId)).toMatchObject({ options: { until: until(2) }, found: [], stoppedAtMs: null });
      const asked = { settled: false, stored: null, toJudge: [{ batchId, until: until(2) }], stopped: [] };
      expect(await settleAs(job, undefined)).toStrictEqual(asked);
      expect(await settleAs(job, JUDGED(newBatchId(), true))).toStrictEqual(asked);
      // Nothing was changed by the question: not even the copy is there.
      expect(await store.books.find(job, NOW_MS)).toBeNull();
      expect(await store.jobs.get(job)).toMatchObject({ state: 'live', waiters: 1 });
      expect(await settleAs(job, JUDGED(batchId, true))).toStrictEqual({ settled: true, stored: 'stored', toJudge: [], stopped: [] });
      expect(await batchOf(store, batchId)).toMatchObject({ found: [bookIn(job)], stoppedAtMs: null, endedAtMs: NOW_MS });
    });

    it.each(['not-found', 'failed', 'cancelled'] as const)('need no verdict about a job that ends as %s', async (outcome) => {
      const [job] = newJobs(1) as [JobId];
      const batchId = await look(1, [linkTo(job)]);
      expect(await store.jobs.settle(settlement(job, { outcome }))).toStrictEqual({
        settled: true,
        stored: null,
        toJudge: [],
        stopped: [],
      });
      expect(await statesOf(store, batchId)).toStrictEqual([outcome]);
      expect((await batchOf(store, batchId)).found).toStrictEqual([]);
    });

    it('go on after a book that does not satisfy them', async () => {
      const jobs = newJobs(2);
      const batchId = await look(
        1,
        jobs.map((job) => linkTo(job)),
      );
      expect(await settleAs(jobs[0]!, JUDGED(batchId, false))).toMatchObject({ settled: true, stopped: [] });
      expect(await batchOf(store, batchId)).toMatchObject({ found: [], stoppedAtMs: null, counts: { parsed: 1, queued: 1 } });
    });

    it('stop with the last book, and skip what settles after', async () => {
      const jobs = newJobs(3);
      const batchId = await look(1, [...jobs.map((job) => linkTo(job)), collectionItem()]);
      expect(await settleAs(jobs[0]!, JUDGED(batchId, true), NOW_MS + 5)).toStrictEqual({
        settled: true,
        stored: 'stored',
        toJudge: [],
        stopped: [batchId],
      });
      expect(await batchOf(store, batchId)).toMatchObject({ found: [bookIn(jobs[0]!)], stoppedAtMs: NOW_MS + 5, endedAtMs: null });
      // A book that arrives in the same moment is skipped, and needs no verdict.
      expect(await settleAs(jobs[1]!, undefined)).toStrictEqual({ settled: true, stored: 'stored', toJudge: [], stopped: [] });
      expect(await statesOf(store, batchId)).toStrictEqual(['parsed', 'skipped', 'queued', 'expanding']);
      expect(await store.jobs.get(jobs[1]!)).toMatchObject({ state: 'parsed', waiters: 1 });
      const { run } = (await store.jobs.get(jobs[2]!))!;
      expect(await store.batches.cancel(batchId, NOW_MS + 6, 'skipped')).toStrictEqual({
        cancelled: 2,
        withoutWaiters: [{ jobId: jobs[2], run }],
      });
      expect(await statesOf(store, batchId)).toStrictEqual(['parsed', 'skipped', 'skipped', 'skipped']);
      expect(await batchOf(store, batchId)).toMatchObject({
        endedAtMs: NOW_MS + 6,
        cancelledAtMs: null,
        stoppedAtMs: NOW_MS + 5,
        counts: { parsed: 1, skipped: 3, queued: 0, expanding: 0 },
      });
      expect((await store.batches.settledSince(batchId, 0, 10)).map(({ index, state }) => [index, state])).toStrictEqual([
        [0, 'parsed'],
        [1, 'skipped'],
        [2, 'skipped'],
        [3, 'skipped'],
      ]);
      expect(await store.jobs.get(jobs[2]!)).toMatchObject({ state: 'cancelled', error: { code: 'cancelled' } });
      expect(await store.batches.listUnannounced(5_000)).toContain(batchId);
    });

    it('leave a job to others when they stop', async () => {
      const jobs = newJobs(2);
      const batchId = await look(
        1,
        jobs.map((job) => linkTo(job)),
      );
      const other = newBatchId();
      await submit(store, other, itemsOf([jobs[1]!]));
      await settleAs(jobs[0]!, JUDGED(batchId, true));
      expect(await store.batches.cancel(batchId, NOW_MS, 'skipped')).toStrictEqual({ cancelled: 1, withoutWaiters: [] });
      expect(await store.jobs.get(jobs[1]!)).toMatchObject({ state: 'live', waiters: 1 });
      expect(await statesOf(store, other)).toStrictEqual(['queued']);
    });

    it('are not skipped while they look', async () => {
      const jobs = newJobs(2);
      const batchId = await look(
        2,
        jobs.map((job) => linkTo(job)),
      );
      await settleAs(jobs[0]!, JUDGED(batchId, true));
      const before = await batchOf(store, batchId);
      expect(await store.batches.cancel(batchId, NOW_MS + 60_000, 'skipped')).toStrictEqual({ cancelled: 0, withoutWaiters: [] });
      expect(await batchOf(store, batchId)).toStrictEqual(before);
      const plain = newBatchId();
      await submit(store, plain, itemsOf(newJobs(1)));
      expect(await store.batches.cancel(plain, NOW_MS, 'skipped')).toStrictEqual({ cancelled: 0, withoutWaiters: [] });
      expect(await statesOf(store, plain)).toStrictEqual(['queued']);
      expect(await store.batches.cancel(newBatchId(), NOW_MS, 'skipped')).toBeNull();
    });

    it('take the same job for several batches, each by its own verdict', async () => {
      const [job] = newJobs(1) as [JobId];
      const [yes, no, unasked] = [await look(1, [linkTo(job)]), await look(1, [linkTo(job)]), newBatchId()];
      await submit(store, unasked, itemsOf([job]));
      const { toJudge } = await settleAs(job, JUDGED(yes, true));
      expect(toJudge).toStrictEqual([{ batchId: no, until: until(1) }]);
      const verdicts = new Map([
        [yes, true],
        [no, false],
      ]);
      expect(await settleAs(job, verdicts)).toMatchObject({ settled: true, stopped: [yes], toJudge: [] });
      expect((await batchOf(store, yes)).found).toStrictEqual([bookIn(job)]);
      expect((await batchOf(store, no)).found).toStrictEqual([]);
      for (const batchId of [yes, no, unasked]) expect(await statesOf(store, batchId)).toStrictEqual(['parsed']);
    });

    it('count a book once, by whatever job it comes', async () => {
      const jobs = newJobs(2);
      const batchId = await look(2, [...jobs.map((job) => linkTo(job)), collectionItem()]);
      const book = sampleBook(bookIn(jobs[0]!));
      await settleAs(jobs[0]!, JUDGED(batchId, true));
      // The second job gives the same book: it was merged.
      const end = { ...settlement(jobs[1]!, { book }), judged: JUDGED(batchId, true) };
      expect(await store.jobs.settle(end)).toMatchObject({ settled: true, stopped: [] });
      expect(await batchOf(store, batchId)).toMatchObject({ found: [book.bookId], stoppedAtMs: null });
    });

    it('count cached copies that are reported, each once and never more than they want', async () => {
      const batchId = await look(2, [collectionItem()]);
      const [one, two, three] = [newBookId(), newBookId(), newBookId()];
      expect(await store.batches.report(batchId, [], NOW_MS)).toStrictEqual({ stopped: false });
      expect(await store.batches.report(batchId, [one, one], NOW_MS)).toStrictEqual({ stopped: false });
      expect(await store.batches.report(batchId, [one], NOW_MS)).toStrictEqual({ stopped: false });
      expect(await store.batches.report(batchId, [one, three, two], NOW_MS + 5)).toStrictEqual({ stopped: true });
      expect(await store.batches.report(batchId, [two], NOW_MS + 6)).toStrictEqual({ stopped: true });
      expect(await batchOf(store, batchId)).toMatchObject({ found: [one, three], stoppedAtMs: NOW_MS + 5, endedAtMs: null });
      await store.batches.cancel(batchId, NOW_MS + 7, 'skipped');
      expect(await store.batches.report(batchId, [two], NOW_MS + 8)).toStrictEqual({ stopped: true });
      expect((await batchOf(store, batchId)).found).toStrictEqual([one, three]);
    });

    it('take no report in a batch that looks for nothing, has ended, or does not exist', async () => {
      const plain = newBatchId();
      await submit(store, plain, itemsOf(newJobs(1)));
      const [job] = newJobs(1) as [JobId];
      const ended = await look(2, [linkTo(job)]);
      await settleAs(job, JUDGED(ended, false));
      for (const batchId of [plain, ended, newBatchId()])
        expect(await store.batches.report(batchId, [newBookId()], NOW_MS)).toStrictEqual({ stopped: false });
      for (const batchId of [plain, ended]) expect(await batchOf(store, batchId)).toMatchObject({ found: [], stoppedAtMs: null });
    });

    it('never report more than they want, whoever finds at the same moment', async () => {
      const jobs = newJobs(12);
      const batchId = await look(
        3,
        jobs.map((job) => linkTo(job)),
      );
      const answers = await Promise.all([
        ...jobs.slice(0, 8).map(async (job) => (await settleAs(job, JUDGED(batchId, true))).stopped.length),
        ...jobs.slice(8).map(async (job) => (await store.batches.report(batchId, [bookIn(job)], NOW_MS), 0)),
      ]);
      const batch = await batchOf(store, batchId);
      expect(batch.found).toHaveLength(3);
      expect(new Set(batch.found).size).toBe(3);
      expect(batch.stoppedAtMs).toBe(NOW_MS);
      // At most one settlement says that it was the last; it is none when a report was.
      expect(answers.reduce((sum, stopped) => sum + stopped, 0)).toBeLessThanOrEqual(1);
      // Whatever is settled is either one of the found, or skipped.
      const states = await statesOf(store, batchId);
      const parsed = jobs.filter((_, at) => states[at] === 'parsed').map(bookIn);
      expect(parsed.filter((bookId) => !batch.found.includes(bookId))).toStrictEqual([]);
      expect(states.slice(0, 8).every((state) => state === 'parsed' || state === 'skipped')).toBe(true);
    });

    it('take nothing more once they have found enough', async () => {
      const batchId = await look(1, [collectionItem()], { open: true });
      await store.batches.report(batchId, [newBookId()], NOW_MS);
      const [job] = newJobs(1) as [JobId];
      await expect(add(store, batchId, [linkTo(job)])).rejects.toMatchObject(CANCELLED);
      await expect(add(store, batchId, [linkTo(job)], { from: pageOf(1) })).rejects.toMatchObject(CANCELLED);
      expect(await store.jobs.get(job)).toBeNull();
      expect(await store.batches.cancel(batchId, NOW_MS, 'skipped')).toMatchObject({ cancelled: 1 });
      expect(await batchOf(store, batchId)).toMatchObject({ open: false, endedAtMs: NOW_MS, total: 1 });
    });

    it('skip what is submitted after they have found enough, except what needs no job', async () => {
      const [first, next, fresh] = newJobs(3) as [JobId, JobId, JobId];
      await store.books.put(sampleBook(bookIn(fresh)), [], NOW_MS + 86_400_000);
      const batchId = await look(1, [linkTo(first)], { total: 4, last: false });
      expect(await settleAs(first, JUDGED(batchId, true))).toMatchObject({ stopped: [batchId] });
      expect(await store.batches.cancel(batchId, NOW_MS, 'skipped')).toStrictEqual({ cancelled: 0, withoutWaiters: [] });
      expect(await batchOf(store, batchId)).toMatchObject({ endedAtMs: null, sealed: false, counts: { parsed: 1, queued: 3 } });
      const rest = inPlaces([linkTo(next), linkTo(fresh), collectionItem()], 1);
      const options = { ...OPTIONS, until: until(1) };
      const outcomes = await submit(store, batchId, rest, { total: 4, options, nowMs: NOW_MS + 5 });
      expect(outcomes.map(({ status }) => status)).toStrictEqual(['skipped', 'cached', 'skipped']);
      expect(await store.jobs.get(next)).toBeNull();
      expect(await statesOf(store, batchId)).toStrictEqual(['parsed', 'skipped', 'cached', 'skipped']);
      expect(await batchOf(store, batchId)).toMatchObject({
        endedAtMs: NOW_MS + 5,
        counts: { parsed: 1, skipped: 2, cached: 1, queued: 0 },
      });
    });
  });
}
