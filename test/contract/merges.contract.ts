import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BookId, JobId } from '../../src/domain/identity.ts';
import type { Signal, StoredBook } from '../../src/storage/store.ts';
import type { Records } from '../specification/records.ts';
import type { RecordsKind } from '../support/stores.ts';
import { waitUntil } from '../support/wait-until.ts';
import { HOUR_MS, itemsOf, jobOf, KEEP_UNTIL_MS, newBookId, newIsbnJob, NOW_MS, sampleBook, settlement, submit } from './samples.ts';

/** Books that turn out to be the same, and how long copies and the names that lead to them are kept. */
export function mergesContract({ make }: RecordsKind): void {
  describe('merged books', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(() => made.cleanup());

    const copy = async (jobId: JobId): Promise<StoredBook | null> => {
      const found = await store.books.find(jobId, NOW_MS);
      return found?.kind === 'book' ? found.book : null;
    };

    /** A book that an ISBN leads to, merged into each of the others in turn. */
    const merge = async (times = 1): Promise<{ isbn: JobId; ids: BookId[] }> => {
      const isbn = newIsbnJob();
      const ids = Array.from({ length: times + 1 }, newBookId);
      let before: JobId = isbn;
      for (const id of ids) {
        await store.books.put(sampleBook(id), [before], KEEP_UNTIL_MS);
        before = jobOf(id);
      }
      return { isbn, ids };
    };

    it.each([1, 2, 7])('an ISBN leads to the book that is left after merge %i', async (times) => {
      const { isbn, ids } = await merge(times);
      const left = ids.at(-1) as BookId;
      expect((await copy(isbn))?.bookId).toBe(left);
      for (const id of ids) expect((await copy(jobOf(id)))?.bookId).toBe(left);
      expect(await submit(store, null, itemsOf([isbn]))).toStrictEqual([{ status: 'cached', fetchedAtMs: NOW_MS, bookId: left }]);
    });

    it('an ISBN that a merge re-pointed stays with the book that was left, when the other comes back', async () => {
      const { isbn, ids } = await merge();
      const [old, left] = ids as [BookId, BookId];
      await store.books.put(sampleBook(old), [], KEEP_UNTIL_MS);
      expect((await copy(jobOf(old)))?.bookId).toBe(old);
      expect((await copy(isbn))?.bookId).toBe(left);
    });

    it('an ISBN that another book took over before a merge stays with that book', async () => {
      const [old, taker, left] = [newBookId(), newBookId(), newBookId()];
      const isbn = newIsbnJob();
      await store.books.put(sampleBook(old), [isbn], KEEP_UNTIL_MS);
      await store.books.put(sampleBook(taker), [isbn], KEEP_UNTIL_MS);
      await store.books.put(sampleBook(left), [jobOf(old)], KEEP_UNTIL_MS);
      expect((await copy(isbn))?.bookId).toBe(taker);
    });

    it('a job of the ISBN that is settled as not found moves the freshness of the book that was left', async () => {
      const { isbn, ids } = await merge();
      await submit(store, null, itemsOf([isbn]), { maxAgeMs: 0 });
      await store.jobs.settle(settlement(isbn, { outcome: 'not-found', notFoundUntilMs: NOW_MS + 7 * HOUR_MS }));
      expect(await copy(isbn)).toMatchObject({ bookId: ids[1], freshUntilMs: NOW_MS + 7 * HOUR_MS });
    });

    it('the number of a merged book is no copy to delete', async () => {
      const { isbn, ids } = await merge();
      const [old, left] = ids as [BookId, BookId];
      expect(await store.books.delete(old)).toBe(false);
      expect((await copy(jobOf(old)))?.bookId).toBe(left);
      expect((await copy(isbn))?.bookId).toBe(left);
    });

    it('a merge signals both books', async () => {
      const [old, left] = [newBookId(), newBookId()];
      await store.books.put(sampleBook(old), [], KEEP_UNTIL_MS);
      const heard: Signal[] = [];
      const unsubscribe = store.signals.subscribe((signal) => heard.push(signal));
      await store.signals.publish({ kind: 'source' });
      await waitUntil('all that was told before', () => heard.some(({ kind }) => kind === 'source'));
      heard.length = 0;
      await store.books.put(sampleBook(left), [jobOf(old)], KEEP_UNTIL_MS);
      for (const bookId of [old, left])
        await waitUntil(`book ${bookId} to be told`, () => heard.some((signal) => signal.kind === 'book' && signal.bookId === bookId));
      unsubscribe();
    });
  });

  // Each waits four seconds for a copy to end.
  describe.concurrent('how long a copy is kept', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(() => made.cleanup());

    /** Puts copies that would end in a moment, lets `change` prolong some, and resolves when the others are gone. */
    const afterTheEnd = async (change: (endsAtMs: number) => Promise<unknown>): Promise<number> => {
      const endsAtMs = Date.now() + 4_000;
      const mark = sampleBook(newBookId());
      await change(endsAtMs);
      await store.books.put(mark, [], endsAtMs);
      await waitUntil('the mark to go', async () => (await store.books.find(jobOf(mark.bookId), Date.now())) === null, {
        timeoutMs: 30_000,
      });
      return Date.now();
    };
    const rich = (bookId: BookId): StoredBook => sampleBook(bookId, { label: 'rich', richness: 20 });
    const poor = (bookId: BookId, more = {}): StoredBook => sampleBook(bookId, { label: 'poor', richness: 19, ...more });

    it('is prolonged by a poorer parse', async () => {
      const bookId = newBookId();
      const nowMs = await afterTheEnd(async (endsAtMs) => {
        await store.books.put(rich(bookId), [], endsAtMs);
        expect(await store.books.put(poor(bookId, { fetchedAtMs: NOW_MS + 1 }), [], KEEP_UNTIL_MS)).toBe('poorer');
      });
      expect(await store.books.find(jobOf(bookId), nowMs)).toMatchObject({ kind: 'book', book: { richness: 20 } });
    });

    it('is prolonged by the poorer parse of a job', async () => {
      const bookId = newBookId();
      const nowMs = await afterTheEnd(async (endsAtMs) => {
        await store.books.put(rich(bookId), [], endsAtMs);
        await submit(store, null, itemsOf([jobOf(bookId)]), { maxAgeMs: 0 });
        expect(await store.jobs.settle(settlement(jobOf(bookId), { book: poor(bookId) }))).toMatchObject({ stored: 'poorer' });
      });
      expect(await store.books.find(jobOf(bookId), nowMs)).toMatchObject({ kind: 'book', book: { richness: 20 } });
    });

    it('is not cut short by a poorer parse, nor prolonged by an older one', async () => {
      const [long, short] = [newBookId(), newBookId()];
      const nowMs = await afterTheEnd(async (endsAtMs) => {
        await store.books.put(rich(long), [], KEEP_UNTIL_MS);
        await store.books.put(poor(long), [], endsAtMs);
        await store.books.put(rich(short), [], endsAtMs);
        expect(await store.books.put(poor(short, { fetchedAtMs: NOW_MS - 1 }), [], KEEP_UNTIL_MS)).toBe('older');
      });
      expect(await store.books.find(jobOf(long), nowMs)).toMatchObject({ kind: 'book' });
      expect(await store.books.find(jobOf(short), nowMs)).toBeNull();
    });

    it('is how long the names that lead to it are kept', async () => {
      const [renewed, confirmed, old, left] = [newBookId(), newBookId(), newBookId(), newBookId()];
      const isbns = [newIsbnJob(), newIsbnJob(), newIsbnJob(), newIsbnJob()] as const;
      const nowMs = await afterTheEnd(async (endsAtMs) => {
        await store.books.put(rich(renewed), [isbns[0]], endsAtMs);
        await store.books.put(rich(renewed), [], KEEP_UNTIL_MS);
        await store.books.put(rich(confirmed), [isbns[1]], endsAtMs);
        await store.books.put(poor(confirmed), [], KEEP_UNTIL_MS);
        await store.books.put(rich(old), [isbns[2]], endsAtMs);
        await store.books.put(rich(left), [jobOf(old)], endsAtMs);
        await store.books.put(rich(left), [], KEEP_UNTIL_MS);
        // A parse that is refused brings a name all the same.
        await store.books.put(poor(left, { fetchedAtMs: NOW_MS - 1 }), [isbns[3]], endsAtMs);
      });
      const led = await Promise.all([...isbns, jobOf(old)].map((name) => store.books.find(name, nowMs)));
      expect(led.map((found) => (found?.kind === 'book' ? found.book.bookId : null))).toStrictEqual([renewed, confirmed, left, left, left]);
    });
  });
}
