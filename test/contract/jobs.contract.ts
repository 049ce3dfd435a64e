import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchId } from '../../src/domain/batch.ts';
import type { JobId } from '../../src/domain/identity.ts';
import type { JobOutcome } from '../../src/domain/job.ts';
import type { Records } from '../specification/records.ts';
import type { RecordsKind } from '../support/stores.ts';
import {
  answered,
  batchOf,
  HOUR_MS,
  itemsOf,
  jobOf,
  KEEP_UNTIL_MS,
  newBatchId,
  newBookId,
  newIsbnJob,
  newRun,
  NOW_MS,
  sampleBook,
  settlement,
  settleParsed,
  statesOf,
  submit,
} from './samples.ts';

export function jobsContract({ make }: RecordsKind): void {
  describe('settling', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(() => made.cleanup());

    it.each(['parsed', 'not-found', 'failed', 'cancelled'] satisfies JobOutcome[])(
      'settles a job as %s, with every item that waits for it',
      async (outcome) => {
        const bookId = newBookId();
        const jobId = jobOf(bookId);
        const [run, first, second] = [newRun(), newBatchId(), newBatchId()];
        await submit(store, first, itemsOf([jobId]), { run });
        await submit(store, second, itemsOf([jobOf(newBookId()), jobId]));
        const error = { code: 'page-not-recognised' as const, detail: 'No title.' };

        const settled = await store.jobs.settle(settlement(jobId, { run, outcome, attempts: 3, error, nowMs: NOW_MS + 7 }));
        expect(settled).toStrictEqual(answered(true, outcome === 'parsed' ? 'stored' : null));
        expect(await store.jobs.get(jobId)).toMatchObject({
          run,
          state: outcome,
          attempts: 3,
          waiters: 2,
          error: outcome === 'parsed' ? null : error,
          bookId: outcome === 'parsed' ? bookId : null,
          createdAtMs: NOW_MS,
          settledAtMs: NOW_MS + 7,
        });
        expect(await batchOf(store, first)).toMatchObject({ endedAtMs: NOW_MS + 7, counts: { queued: 0, [outcome]: 1 } });
        expect(await batchOf(store, second)).toMatchObject({ endedAtMs: null, counts: { queued: 1, [outcome]: 1 } });
        expect(await statesOf(store, second)).toStrictEqual(['queued', outcome]);
        expect(await store.batches.settledSince(second, 0, 10)).toStrictEqual([{ seq: 1, index: 1, state: outcome, atMs: NOW_MS + 7 }]);
      },
    );

    it('settles once: the second time is a no-op', async () => {
      const jobId = jobOf(newBookId());
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf([jobId]));
      await settleParsed(store, jobId);
      const again = await store.jobs.settle(settlement(jobId, { outcome: 'failed', error: { code: 'crawl-failed', detail: 'x' } }));
      expect(again).toStrictEqual(answered(false, null));
      expect((await store.jobs.get(jobId))?.state).toBe('parsed');
      expect((await batchOf(store, batchId)).counts.parsed).toBe(1);
      expect(await store.batches.settledSince(batchId, 0, 10)).toHaveLength(1);
    });

    it('fences a stale run off, but keeps the copy it brings', async () => {
      const bookId = newBookId();
      const jobId = jobOf(bookId);
      const stale = newRun();
      await submit(store, null, itemsOf([jobId]), { run: stale });
      await store.jobs.cancel(jobId, NOW_MS);
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf([jobId]));
      expect(await store.jobs.settle(settlement(jobId, { run: stale, book: sampleBook(bookId) }))).toStrictEqual(answered(false, 'stored'));
      expect(await store.books.find(jobId, NOW_MS)).toMatchObject({ kind: 'book' });
      expect(await store.jobs.settle(settlement(jobId, { run: stale, outcome: 'not-found' }))).toMatchObject({ settled: false });
      expect(await store.jobs.get(jobId)).toMatchObject({ state: 'live', waiters: 1 });
      expect(await statesOf(store, batchId)).toStrictEqual(['queued']);
    });

    it('does not settle a job that nobody submitted', async () => {
      const bookId = newBookId();
      expect(await store.jobs.settle(settlement(jobOf(bookId), { book: sampleBook(bookId) }))).toStrictEqual(answered(false, 'stored'));
      expect(await store.jobs.get(jobOf(bookId))).toBeNull();
    });

    it.each([
      { what: 'older', have: { fetchedAtMs: NOW_MS + 50 }, stored: 'older' },
      { what: 'poorer', have: { richness: 40 }, stored: 'poorer' },
    ] as const)('settles as parsed even when the copy is $what', async ({ have, stored }) => {
      const bookId = newBookId();
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf([jobOf(bookId)]), { maxAgeMs: 0 });
      await store.books.put(sampleBook(bookId, have), [], KEEP_UNTIL_MS);
      expect(await settleParsed(store, jobOf(bookId))).toStrictEqual(answered(true, stored));
      expect(await statesOf(store, batchId)).toStrictEqual(['parsed']);
    });

    it('learns the book of an ISBN: record, item and alias name it', async () => {
      const bookId = newBookId();
      const isbn = newIsbnJob();
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf([isbn]));
      await store.jobs.settle(settlement(isbn, { book: sampleBook(bookId) }));
      expect((await store.jobs.get(isbn))?.bookId).toBe(bookId);
      expect(await store.books.find(isbn, NOW_MS)).toMatchObject({ book: { bookId } });
      expect(await store.books.find(jobOf(bookId), NOW_MS)).toMatchObject({ book: { bookId } });
      const page = await store.batches.items(batchId, { fromIndex: 0, limit: 1, state: null });
      expect(page?.items[0]?.bookId).toBe(bookId);
    });

    it('remembers “not found” for a book without a copy', async () => {
      const jobId = newIsbnJob();
      await submit(store, null, itemsOf([jobId]));
      await store.jobs.settle(settlement(jobId, { outcome: 'not-found', notFoundUntilMs: NOW_MS + 5 * HOUR_MS }));
      expect(await store.books.find(jobId, NOW_MS + 1)).toStrictEqual({
        kind: 'not-found',
        sinceMs: NOW_MS,
        untilMs: NOW_MS + 5 * HOUR_MS,
      });
    });

    it('keeps a copy when Goodreads says “not found”; it is fresh until then only', async () => {
      const book = sampleBook(newBookId(), { freshUntilMs: NOW_MS - 1 });
      const isbn = newIsbnJob();
      await store.books.put(book, [isbn], KEEP_UNTIL_MS);
      for (const [jobId, until] of [
        [jobOf(book.bookId), NOW_MS + 2 * HOUR_MS],
        [isbn, NOW_MS + 3 * HOUR_MS],
      ] as const) {
        await submit(store, null, itemsOf([jobId]), { maxAgeMs: 0 });
        await store.jobs.settle(settlement(jobId, { outcome: 'not-found', notFoundUntilMs: until }));
        expect(await store.books.find(jobId, NOW_MS)).toStrictEqual({ kind: 'book', book: { ...book, freshUntilMs: until } });
      }
    });

    it('gives each item the book that its job found', async () => {
      const [merged, isbn, found] = [jobOf(newBookId()), newIsbnJob(), newBookId()];
      const [first, second] = [newBatchId(), newBatchId()];
      const booksOf = async (batchId: BatchId): Promise<(string | null)[]> =>
        (await store.batches.items(batchId, { fromIndex: 0, limit: 10, state: null }))?.items.map((item) => item.bookId) ?? [];
      await store.books.put(sampleBook(found), [isbn], KEEP_UNTIL_MS);
      await submit(store, first, itemsOf([merged, isbn]), { maxAgeMs: 0 });
      expect(await booksOf(first)).toStrictEqual([merged.slice(5), null]);
      for (const jobId of [merged, isbn]) await store.jobs.settle(settlement(jobId, { book: sampleBook(found) }));
      expect(await booksOf(first)).toStrictEqual([found, found]);
      await submit(store, second, itemsOf([merged, isbn]));
      expect(await booksOf(second)).toStrictEqual([found, found]);
    });

    it('settles each of many waiting batches', async () => {
      const jobId = jobOf(newBookId());
      const batches = Array.from({ length: 30 }, newBatchId);
      await Promise.all(batches.map((batchId) => submit(store, batchId, itemsOf([jobId]))));
      await settleParsed(store, jobId);
      for (const batchId of batches) expect((await batchOf(store, batchId)).endedAtMs).toBe(NOW_MS);
    });

    it('lets one of many concurrent settlements win', async () => {
      const jobId = jobOf(newBookId());
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf([jobId]));
      const outcomes: JobOutcome[] = ['parsed', 'failed', 'cancelled', 'not-found', 'parsed', 'failed'];
      const answers = await Promise.all(
        outcomes.map((outcome) => store.jobs.settle(settlement(jobId, { outcome, error: { code: 'crawl-failed', detail: 'x' } }))),
      );
      expect(answers.filter((answer) => answer.settled)).toHaveLength(1);
      expect((await batchOf(store, batchId)).counts.queued).toBe(0);
      expect(await store.batches.settledSince(batchId, 0, 10)).toHaveLength(1);
    });

    it('settles jobs of one batch from many sides: the log is dense and in order', async () => {
      const jobs = Array.from({ length: 40 }, () => jobOf(newBookId()));
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf(jobs));
      await Promise.all(jobs.map((jobId) => settleParsed(store, jobId)));
      expect((await batchOf(store, batchId)).endedAtMs).toBe(NOW_MS);
      const log = await store.batches.settledSince(batchId, 0, 100);
      expect(log.map((entry) => entry.seq)).toStrictEqual(jobs.map((_, at) => at + 1));
      expect(log.map((entry) => entry.index).toSorted((a, b) => a - b)).toStrictEqual(jobs.map((_, at) => at));
      expect((await store.batches.settledSince(batchId, 10, 5)).map((entry) => entry.seq)).toStrictEqual([11, 12, 13, 14, 15]);
      expect(await store.batches.settledSince(batchId, 40, 5)).toStrictEqual([]);
    });

    it('cancels a live job for every waiter and names its run', async () => {
      const jobId = jobOf(newBookId());
      const run = newRun();
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf([jobId]), { run });
      expect(await store.jobs.isLive(jobId)).toBe(true);
      expect(await store.jobs.cancel(jobId, NOW_MS + 1)).toBe(run);
      expect(await store.jobs.get(jobId)).toMatchObject({ state: 'cancelled', settledAtMs: NOW_MS + 1 });
      expect(await batchOf(store, batchId)).toMatchObject({ endedAtMs: NOW_MS + 1, counts: { cancelled: 1 }, cancelledAtMs: null });
      expect(await store.jobs.isLive(jobId)).toBe(false);
      expect(await store.jobs.cancel(jobId, NOW_MS + 2)).toBeNull();
      expect(await store.jobs.cancel(jobOf(newBookId()), NOW_MS)).toBeNull();
    });

    it('notes what happens to the live run only, in order, the last 50', async () => {
      const jobId = jobOf(newBookId());
      const run = newRun();
      await submit(store, null, itemsOf([jobId]), { run });
      await store.jobs.note(jobId, 'otherrun', { atMs: 1, event: 'recheck', detail: 'not mine' });
      for (let n = 1; n <= 53; n++) await store.jobs.note(jobId, run, { atMs: n, event: 'attempt-failed', detail: `n. "${n}"\n` });
      const timeline = (await store.jobs.get(jobId))?.timeline ?? [];
      expect(timeline.map((entry) => entry.atMs)).toStrictEqual(Array.from({ length: 50 }, (_, at) => at + 4));
      expect(timeline[0]).toStrictEqual({ atMs: 4, event: 'attempt-failed', detail: 'n. "4"\n' });
      await settleParsed(store, jobId);
      await store.jobs.note(jobId, run, { atMs: 99, event: 'recheck', detail: 'too late' });
      expect((await store.jobs.get(jobId))?.timeline.at(-1)?.atMs).toBe(53);
    });

    it('keeps text that PostgreSQL refuses with U+FFFD in its place, and cuts a note between characters', async () => {
      const jobId = jobOf(newBookId());
      const run = newRun();
      await submit(store, null, itemsOf([jobId]), { run });
      const detail = 'a\0b\ud800c';
      await store.jobs.note(jobId, run, { atMs: 1, event: 'blocked', detail });
      await store.jobs.note(jobId, run, { atMs: 2, event: 'blocked', detail: `${'x'.repeat(499)}\u{1f600}` });
      await store.jobs.settle(settlement(jobId, { outcome: 'failed', error: { code: 'crawl-failed', detail } }));
      const record = await store.jobs.get(jobId);
      expect(record?.timeline.map((entry) => entry.detail)).toStrictEqual(['a\ufffdb\ufffdc', 'x'.repeat(499)]);
      expect(record?.error?.detail).toBe('a\ufffdb\ufffdc');
    });

    it('has no record of a job that nobody submitted', async () => {
      expect(await store.jobs.get('book-1' as JobId)).toBeNull();
      expect(await store.jobs.isLive('book-1' as JobId)).toBe(false);
      await store.jobs.note('book-1' as JobId, 'run', { atMs: 1, event: 'recheck', detail: 'x' });
      expect(await store.jobs.get('book-1' as JobId)).toBeNull();
    });
  });
}
