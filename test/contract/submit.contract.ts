import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_ITEMS } from '../../src/domain/batch.ts';
import type { BookId } from '../../src/domain/identity.ts';
import type { Records } from '../specification/records.ts';
import type { RecordsKind } from '../support/stores.ts';
import {
  batchOf,
  HOUR_MS,
  invalidItem,
  itemsOf,
  jobOf,
  KEEP_UNTIL_MS,
  MINUTE_MS,
  newBatchId,
  newBookId,
  newIsbnJob,
  newRun,
  NOW_MS,
  OPTIONS,
  sampleBook,
  settlement,
  settleParsed,
  statesOf,
  submit,
} from './samples.ts';

export function submitContract({ make }: RecordsKind): void {
  describe('submitting', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(() => made.cleanup());

    it('answers in order, with every kind of outcome, and records the batch', async () => {
      const [fresh, live, missing, unknown] = [newBookId(), newBookId(), newBookId(), newBookId()];
      await store.books.put(sampleBook(fresh), [], KEEP_UNTIL_MS);
      await submit(store, null, itemsOf([jobOf(live), jobOf(missing)]));
      await store.jobs.settle(settlement(jobOf(missing), { outcome: 'not-found' }));

      const batchId = newBatchId();
      const options = { priority: 'bulk', maxAgeMs: 5, webhook: { url: 'https://hooks.example/1', secret: 'whsec_x' } } as const;
      const links = itemsOf([jobOf(unknown), jobOf(fresh), jobOf(live), jobOf(missing)]);
      const items = [...links, { ...invalidItem(4), duplicates: 3 }];
      const outcomes = await submit(store, batchId, items, { options, priority: 'bulk' });

      expect(outcomes).toStrictEqual([
        { status: 'queued' },
        { status: 'cached', bookId: fresh, fetchedAtMs: NOW_MS },
        { status: 'joined', raisedRun: null },
        { status: 'not-found' },
        { status: 'invalid' },
      ]);
      expect(await batchOf(store, batchId)).toStrictEqual({
        batchId,
        total: 5,
        counts: { ...NO_ITEMS, queued: 2, 'not-found': 1, cached: 1, invalid: 1 },
        createdAtMs: NOW_MS,
        endedAtMs: null,
        progressedAtMs: NOW_MS,
        cancelledAtMs: null,
        sealed: true,
        open: false,
        found: [],
        stoppedAtMs: null,
        options,
      });
      const page = await store.batches.items(batchId, { fromIndex: 0, limit: 10, state: null });
      const states = ['queued', 'cached', 'queued', 'not-found', 'invalid'];
      expect(page?.items.map((item) => item.state)).toStrictEqual(states);
      expect(page).toMatchObject({ items, nextIndex: null });
      // What was settled from the start is not in the log.
      expect(await store.batches.settledSince(batchId, 0, 10)).toStrictEqual([]);
    });

    it('records a live job under its run', async () => {
      const jobId = jobOf(newBookId());
      const run = newRun();
      await submit(store, newBatchId(), itemsOf([jobId]), { run, priority: 'bulk' });
      expect(await store.jobs.get(jobId)).toStrictEqual({
        jobId,
        run,
        state: 'live',
        priority: 'bulk',
        createdAtMs: NOW_MS,
        settledAtMs: null,
        attempts: 0,
        waiters: 1,
        error: null,
        bookId: null,
        timeline: [],
      });
    });

    it('starts a new run after the last one was settled, and forgets that one', async () => {
      const jobId = jobOf(newBookId());
      const first = newRun();
      await submit(store, null, itemsOf([jobId]), { run: first });
      await store.jobs.note(jobId, first, { atMs: NOW_MS, event: 'attempt-failed', detail: 'Attempt 1 of 5: Reset.' });
      await store.jobs.settle(settlement(jobId, { outcome: 'failed', attempts: 5, error: { code: 'crawl-failed', detail: 'Reset.' } }));
      const run = newRun();
      expect(await submit(store, null, itemsOf([jobId]), { run })).toStrictEqual([{ status: 'queued' }]);
      expect(await store.jobs.get(jobId)).toMatchObject({ run, state: 'live', attempts: 0, error: null, settledAtMs: null, timeline: [] });
    });

    it('lets any number of batches join one job', async () => {
      const jobId = jobOf(newBookId());
      await submit(store, newBatchId(), itemsOf([jobId]));
      for (let n = 0; n < 5; n++)
        expect(await submit(store, newBatchId(), itemsOf([jobId]))).toStrictEqual([{ status: 'joined', raisedRun: null }]);
      expect((await store.jobs.get(jobId))?.waiters).toBe(6);
    });

    it('asks to raise the priority only when a submission is more urgent than all before it', async () => {
      const jobId = jobOf(newBookId());
      const run = newRun();
      const again = async (priority: 'interactive' | 'normal' | 'bulk') => (await submit(store, null, itemsOf([jobId]), { priority }))[0];
      await submit(store, null, itemsOf([jobId]), { run, priority: 'normal' });
      expect(await again('bulk')).toStrictEqual({ status: 'joined', raisedRun: null });
      expect((await store.jobs.get(jobId))?.priority).toBe('normal');
      expect(await again('interactive')).toStrictEqual({ status: 'joined', raisedRun: run });
      expect((await store.jobs.get(jobId))?.priority).toBe('interactive');
      expect(await again('interactive')).toStrictEqual({ status: 'joined', raisedRun: null });
    });

    const freshness: { what: string; maxAgeMs: number | null; ageMs: number; freshForMs: number; fresh: boolean }[] = [
      { what: 'no maxAge, before its time', maxAgeMs: null, ageMs: HOUR_MS, freshForMs: 1, fresh: true },
      { what: 'no maxAge, at its time', maxAgeMs: null, ageMs: HOUR_MS, freshForMs: 0, fresh: false },
      { what: 'as old as maxAge', maxAgeMs: MINUTE_MS, ageMs: MINUTE_MS, freshForMs: HOUR_MS, fresh: true },
      { what: 'older than maxAge', maxAgeMs: MINUTE_MS, ageMs: MINUTE_MS + 1, freshForMs: HOUR_MS, fresh: false },
      { what: 'young enough for maxAge though stale', maxAgeMs: HOUR_MS, ageMs: MINUTE_MS, freshForMs: -1, fresh: true },
      { what: 'maxAge 0', maxAgeMs: 0, ageMs: 0, freshForMs: HOUR_MS, fresh: false },
      { what: 'ahead by no more than clocks differ', maxAgeMs: MINUTE_MS, ageMs: -MINUTE_MS, freshForMs: HOUR_MS, fresh: true },
      { what: 'from the future', maxAgeMs: MINUTE_MS, ageMs: -MINUTE_MS - 1, freshForMs: HOUR_MS, fresh: false },
    ];
    it.each(freshness)('decides whether a copy is fresh: $what', async ({ maxAgeMs, ageMs, freshForMs, fresh }) => {
      const bookId = newBookId();
      await store.books.put(sampleBook(bookId, { fetchedAtMs: NOW_MS - ageMs, freshUntilMs: NOW_MS + freshForMs }), [], KEEP_UNTIL_MS);
      const [outcome] = await submit(store, null, itemsOf([jobOf(bookId)]), { maxAgeMs });
      expect(outcome).toStrictEqual(fresh ? { status: 'cached', bookId, fetchedAtMs: NOW_MS - ageMs } : { status: 'queued' });
    });

    it.each([
      { what: 'no maxAge', maxAgeMs: null, ageMs: MINUTE_MS, fresh: true },
      { what: 'within maxAge', maxAgeMs: MINUTE_MS, ageMs: MINUTE_MS, fresh: true },
      { what: 'beyond maxAge', maxAgeMs: MINUTE_MS - 1, ageMs: MINUTE_MS, fresh: false },
      { what: 'maxAge 0', maxAgeMs: 0, ageMs: 0, fresh: false },
    ])('holds a remembered “missing” to the same rule: $what', async ({ maxAgeMs, ageMs, fresh }) => {
      const jobId = jobOf(newBookId());
      await submit(store, null, itemsOf([jobId]));
      await store.jobs.settle(settlement(jobId, { outcome: 'not-found', nowMs: NOW_MS - ageMs }));
      expect(await submit(store, null, itemsOf([jobId]), { maxAgeMs })).toStrictEqual([{ status: fresh ? 'not-found' : 'queued' }]);
    });

    it('follows an alias, and gives the cached item the book’s own id', async () => {
      const bookId = newBookId();
      const isbn = newIsbnJob();
      await store.books.put(sampleBook(bookId), [isbn], KEEP_UNTIL_MS);
      const batchId = newBatchId();
      expect(await submit(store, batchId, itemsOf([isbn]))).toStrictEqual([{ status: 'cached', bookId, fetchedAtMs: NOW_MS }]);
      const page = await store.batches.items(batchId, { fromIndex: 0, limit: 1, state: null });
      expect(page?.items[0]?.bookId).toBe(bookId);
    });

    it('queues an ISBN whose alias leads nowhere', async () => {
      const bookId = newBookId();
      const isbn = newIsbnJob();
      await store.books.put(sampleBook(bookId), [isbn], KEEP_UNTIL_MS);
      await store.books.delete(bookId);
      expect(await submit(store, null, itemsOf([isbn]))).toStrictEqual([{ status: 'queued' }]);
    });

    it('ends a batch at its seal when nothing had to be queued', async () => {
      const bookId = newBookId();
      await store.books.put(sampleBook(bookId), [], KEEP_UNTIL_MS);
      const batchId = newBatchId();
      await submit(store, batchId, [...itemsOf([jobOf(bookId)]), invalidItem(1)]);
      expect((await batchOf(store, batchId)).endedAtMs).toBe(NOW_MS);
      expect(await store.batches.listUnannounced(1_000)).toContain(batchId);
    });

    it('counts as queued what is announced but not submitted yet, and ends a batch only once it is sealed', async () => {
      const jobs = [jobOf(newBookId()), jobOf(newBookId())];
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf(jobs.slice(0, 1)), { total: 3, last: false });
      expect((await batchOf(store, batchId)).counts.queued).toBe(3);
      await settleParsed(store, jobs[0]!);
      expect(await batchOf(store, batchId)).toMatchObject({ endedAtMs: null, counts: { queued: 2, parsed: 1 } });
      await submit(store, batchId, [invalidItem(1)], { total: 3, last: false });
      expect(await batchOf(store, batchId)).toMatchObject({ endedAtMs: null, counts: { queued: 1, parsed: 1, invalid: 1 } });
      await submit(store, batchId, itemsOf(jobs.slice(1), 2), { total: 3, last: true });
      expect((await batchOf(store, batchId)).endedAtMs).toBeNull();
      await settleParsed(store, jobs[1]!, { nowMs: NOW_MS + 9 });
      expect(await batchOf(store, batchId)).toMatchObject({ endedAtMs: NOW_MS + 9, counts: { queued: 0, parsed: 2, invalid: 1 } });
      expect(await statesOf(store, batchId)).toStrictEqual(['parsed', 'invalid', 'parsed']);
    });

    it('does not end an unsealed batch whose items so far are all settled; the seal ends it', async () => {
      const jobId = jobOf(newBookId());
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf([jobId]), { total: 1, last: false });
      expect(await settleParsed(store, jobId)).toMatchObject({ settled: true });
      expect((await batchOf(store, batchId)).endedAtMs).toBeNull();
      await submit(store, batchId, [], { total: 1, last: true, nowMs: NOW_MS + 3 });
      expect((await batchOf(store, batchId)).endedAtMs).toBe(NOW_MS + 3);
    });

    it('refuses what comes for a batch that was cancelled meanwhile, and records nothing of it', async () => {
      const [first, late] = [jobOf(newBookId()), jobOf(newBookId())];
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf([first]), { total: 2, last: false });
      await store.batches.cancel(batchId, NOW_MS + 1);
      await expect(submit(store, batchId, itemsOf([late], 1), { total: 2, last: true })).rejects.toMatchObject({ code: 'cancelled' });
      expect(await store.jobs.get(late)).toBeNull();
      expect((await batchOf(store, batchId)).counts).toMatchObject({ queued: 0, cancelled: 2 });
      expect(await statesOf(store, batchId)).toStrictEqual(['cancelled']);
    });

    it('takes 1,000 items at once', async () => {
      const jobs = Array.from({ length: 1_000 }, () => jobOf(newBookId()));
      const batchId = newBatchId();
      const outcomes = await submit(store, batchId, itemsOf(jobs));
      expect(outcomes.every((outcome) => outcome.status === 'queued')).toBe(true);
      expect((await batchOf(store, batchId)).counts.queued).toBe(1_000);
      await store.batches.cancel(batchId, NOW_MS);
    });

    it('keeps hostile text as it is', async () => {
      const input = `https://x/';DROP TABLE book;-- {"a":[1]} \\u0041 \\ " 'é\u{1f600}\t\n`;
      const batchId = newBatchId();
      await submit(store, batchId, [{ ...invalidItem(0), input, reason: input }], {
        options: { ...OPTIONS, webhook: { url: input, secret: input } },
      });
      const page = await store.batches.items(batchId, { fromIndex: 0, limit: 1, state: null });
      expect(page?.items[0]).toMatchObject({ input, reason: input });
      expect((await batchOf(store, batchId)).options.webhook).toStrictEqual({ url: input, secret: input });
    });

    it('keeps text that PostgreSQL refuses with U+FFFD in its place', async () => {
      const text = 'a\0b\ud800c\udc00 \u{1f600}';
      const batchId = newBatchId();
      const options = { ...OPTIONS, webhook: { url: text, secret: text } };
      await submit(store, batchId, [{ ...invalidItem(0), input: text, reason: text }], { options });
      const kept = 'a\ufffdb\ufffdc\ufffd \u{1f600}';
      const page = await store.batches.items(batchId, { fromIndex: 0, limit: 1, state: null });
      expect(page?.items[0]).toMatchObject({ input: kept, reason: kept });
      expect((await batchOf(store, batchId)).total).toBe(1);
    });

    it('decides each link once when two processes submit the same ones at once', async () => {
      const jobs = Array.from({ length: 50 }, () => jobOf(newBookId()));
      const batches = Array.from({ length: 8 }, newBatchId);
      const answers = await Promise.all(
        batches.map((batchId, at) => submit(store, batchId, itemsOf(at % 2 === 0 ? jobs : jobs.toReversed()))),
      );
      const queued = answers.flat().filter((outcome) => outcome.status === 'queued');
      expect(queued).toHaveLength(50);
      for (const jobId of jobs) expect((await store.jobs.get(jobId))?.waiters).toBe(8);
    });

    it('takes the longest book number', async () => {
      const bookId = '999999999999' as BookId;
      await submit(store, newBatchId(), itemsOf([jobOf(bookId)]));
      await settleParsed(store, jobOf(bookId));
      expect(await store.books.find(jobOf(bookId), NOW_MS)).toMatchObject({ kind: 'book', book: { bookId } });
    });
  });
}
