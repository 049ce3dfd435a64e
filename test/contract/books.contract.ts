import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BookId, JobId } from '../../src/domain/identity.ts';
import type { StoredBook } from '../../src/storage/store.ts';
import type { Records } from '../specification/records.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { MadeStore, RecordsKind, StoreKind } from '../support/stores.ts';
import {
  HOUR_MS,
  itemsOf,
  jobOf,
  KEEP_UNTIL_MS,
  newBookId,
  newIsbnJob,
  NOW_MS,
  sampleBook,
  settlement,
  settleParsed,
  submit,
} from './samples.ts';

export function booksContract({ make }: RecordsKind): void {
  describe('books', () => {
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

    it('gives back the very bytes, and everything that was stored with them', async () => {
      const book = sampleBook(newBookId());
      expect(await store.books.put(book, [], KEEP_UNTIL_MS)).toBe('stored');
      expect(await copy(jobOf(book.bookId))).toStrictEqual(book);
    });

    it('keeps a body of 200 KB', async () => {
      const book = sampleBook(newBookId(), { body: Buffer.from(JSON.stringify({ text: 'Übergröße '.repeat(16_000) })) });
      await store.books.put(book, [], KEEP_UNTIL_MS);
      expect((await copy(jobOf(book.bookId)))?.body.equals(book.body)).toBe(true);
    });

    it('returns null for a book that nobody stored', async () => {
      expect(await store.books.find(jobOf(newBookId()), NOW_MS)).toBeNull();
    });

    it('refuses an older copy, and leaves the newer untouched', async () => {
      const bookId = newBookId();
      const newer = sampleBook(bookId, { label: 'new' });
      await store.books.put(newer, [], KEEP_UNTIL_MS);
      expect(
        await store.books.put(
          sampleBook(bookId, { label: 'old', fetchedAtMs: NOW_MS - 1, richness: 99, freshUntilMs: NOW_MS + 9 * HOUR_MS }),
          [],
          KEEP_UNTIL_MS,
        ),
      ).toBe('older');
      expect(await copy(jobOf(bookId))).toStrictEqual(newer);
    });

    it('replaces a copy from the future, which a clock gone wrong left', async () => {
      const bookId = newBookId();
      const ahead = sampleBook(bookId, { label: 'ahead', fetchedAtMs: NOW_MS + HOUR_MS, freshUntilMs: NOW_MS + 2 * HOUR_MS });
      await store.books.put(ahead, [], KEEP_UNTIL_MS);
      const next = sampleBook(bookId, { label: 'next' });
      expect(await store.books.put(next, [], KEEP_UNTIL_MS)).toBe('stored');
      expect(await copy(jobOf(bookId))).toStrictEqual(next);
    });

    it('refuses a poorer copy, and moves the freshness of the richer on', async () => {
      const bookId = newBookId();
      const rich = sampleBook(bookId, { label: 'rich', richness: 20 });
      await store.books.put(rich, [], KEEP_UNTIL_MS);
      const poor = sampleBook(bookId, { label: 'poor', richness: 19, fetchedAtMs: NOW_MS + 5, freshUntilMs: NOW_MS + 5 * HOUR_MS });
      expect(await store.books.put(poor, [], KEEP_UNTIL_MS)).toBe('poorer');
      expect(await copy(jobOf(bookId))).toStrictEqual({ ...rich, freshUntilMs: NOW_MS + 5 * HOUR_MS });
    });

    it('does not move freshness back for a poorer copy', async () => {
      const bookId = newBookId();
      const rich = sampleBook(bookId, { richness: 20, freshUntilMs: NOW_MS + 5 * HOUR_MS });
      await store.books.put(rich, [], KEEP_UNTIL_MS);
      await store.books.put(sampleBook(bookId, { richness: 1, freshUntilMs: NOW_MS + HOUR_MS }), [], KEEP_UNTIL_MS);
      expect((await copy(jobOf(bookId)))?.freshUntilMs).toBe(NOW_MS + 5 * HOUR_MS);
    });

    it('stores a copy that is as new and as rich', async () => {
      const bookId = newBookId();
      await store.books.put(sampleBook(bookId), [], KEEP_UNTIL_MS);
      expect(await store.books.put(sampleBook(bookId, { label: 'b' }), [], KEEP_UNTIL_MS)).toBe('stored');
      expect((await copy(jobOf(bookId)))?.etag).toMatch(/^etag_b-/);
    });

    it('follows an alias to the book it names, and gives the book its own id', async () => {
      const book = sampleBook(newBookId());
      const isbn = newIsbnJob();
      await store.books.put(book, [isbn], KEEP_UNTIL_MS);
      expect(await copy(isbn)).toStrictEqual(book);
    });

    it('re-points an alias', async () => {
      const [first, second] = [sampleBook(newBookId()), sampleBook(newBookId())];
      const isbn = newIsbnJob();
      await store.books.put(first, [isbn], KEEP_UNTIL_MS);
      await store.books.put(second, [isbn], KEEP_UNTIL_MS);
      expect((await copy(isbn))?.bookId).toBe(second.bookId);
      expect((await copy(jobOf(first.bookId)))?.bookId).toBe(first.bookId);
    });

    it('lets a merged book lead to the one it was merged into', async () => {
      const [old, merged] = [sampleBook(newBookId()), sampleBook(newBookId())];
      await store.books.put(old, [], KEEP_UNTIL_MS);
      await store.books.put(merged, [jobOf(old.bookId)], KEEP_UNTIL_MS);
      expect((await copy(jobOf(old.bookId)))?.bookId).toBe(merged.bookId);
    });

    it('takes an alias even for a copy that is not stored', async () => {
      const rich = sampleBook(newBookId(), { richness: 50 });
      const isbn = newIsbnJob();
      await store.books.put(rich, [], KEEP_UNTIL_MS);
      expect(await store.books.put({ ...rich, richness: 1 }, [isbn], KEEP_UNTIL_MS)).toBe('poorer');
      expect((await copy(isbn))?.richness).toBe(50);
    });

    it('ignores an alias that is the book’s own name', async () => {
      const book = sampleBook(newBookId());
      await store.books.put(book, [jobOf(book.bookId)], KEEP_UNTIL_MS);
      expect(await copy(jobOf(book.bookId))).toStrictEqual(book);
    });

    it('deletes a copy once, and its aliases lead nowhere', async () => {
      const book = sampleBook(newBookId());
      const isbn = newIsbnJob();
      await store.books.put(book, [isbn], KEEP_UNTIL_MS);
      expect(await store.books.delete(book.bookId)).toBe(true);
      expect(await store.books.find(jobOf(book.bookId), NOW_MS)).toBeNull();
      expect(await store.books.find(isbn, NOW_MS)).toBeNull();
      expect(await store.books.delete(book.bookId)).toBe(false);
    });

    it('does not delete an alias: it is no copy', async () => {
      const [merged, kept] = [newBookId(), newBookId()];
      await store.books.put(sampleBook(kept), [jobOf(merged)], KEEP_UNTIL_MS);
      expect(await store.books.delete(merged)).toBe(false);
      expect((await copy(jobOf(merged)))?.bookId).toBe(kept);
    });

    it('deletes a mark that a book is not found', async () => {
      const bookId = newBookId();
      await submit(store, null, itemsOf([jobOf(bookId)]));
      await store.jobs.settle(settlement(jobOf(bookId), { outcome: 'not-found' }));
      expect(await store.books.find(jobOf(bookId), NOW_MS)).toMatchObject({ kind: 'not-found' });
      expect(await store.books.delete(bookId)).toBe(true);
      expect(await store.books.find(jobOf(bookId), NOW_MS)).toBeNull();
    });

    it('does not return a “not found” past its time', async () => {
      const jobId = jobOf(newBookId());
      await submit(store, null, itemsOf([jobId]));
      await store.jobs.settle(settlement(jobId, { outcome: 'not-found' }));
      expect(await store.books.find(jobId, NOW_MS)).toStrictEqual({ kind: 'not-found', sinceMs: NOW_MS, untilMs: NOW_MS + HOUR_MS });
      expect(await store.books.find(jobId, NOW_MS + HOUR_MS)).toBeNull();
    });

    it('replaces a “not found” by a copy', async () => {
      const jobId = jobOf(newBookId());
      await submit(store, null, itemsOf([jobId]));
      await store.jobs.settle(settlement(jobId, { outcome: 'not-found' }));
      await submit(store, null, itemsOf([jobId]), { maxAgeMs: 0 });
      await settleParsed(store, jobId);
      expect(await copy(jobId)).not.toBeNull();
    });

    it('forgets a copy when its time is over', async () => {
      const book = sampleBook(newBookId());
      await store.books.put(book, [], Date.now() + 150);
      await waitUntil('the copy to go', async () => (await store.books.find(jobOf(book.bookId), Date.now())) === null);
    });
  });

  describe('the list of books', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    beforeAll(async () => {
      made = await make();
    });
    afterAll(() => made.cleanup());

    it('is in numeric order, in pages, without marks and aliases', async () => {
      const { books, jobs } = made.store;
      const ids = ['9', '10', '100000000001', '2', '33'] as BookId[];
      expect(await books.count()).toBe(0);
      for (const id of ids) await books.put(sampleBook(id), [newIsbnJob()], KEEP_UNTIL_MS);
      await submit(made.store, null, itemsOf(['book-5' as JobId]));
      await jobs.settle(settlement('book-5' as JobId, { outcome: 'not-found' }));

      expect(await books.count()).toBe(5);
      const first = await books.list(null, 3);
      expect(first.map((book) => book.bookId)).toStrictEqual(['2', '9', '10']);
      expect(first[0]).toStrictEqual(sampleBook('2' as BookId));
      expect((await books.list('10' as BookId, 3)).map((book) => book.bookId)).toStrictEqual(['33', '100000000001']);
      expect(await books.list('100000000001' as BookId, 3)).toStrictEqual([]);
      expect((await books.list('11' as BookId, 1)).map((book) => book.bookId)).toStrictEqual(['33']);

      await books.delete('10' as BookId);
      expect(await books.count()).toBe(4);
    });
  });
}

/** What a number of books tells that only a real store can hold. */
export function manyBooksContract({ make }: StoreKind): void {
  describe('the count of books', () => {
    let made: MadeStore;
    beforeAll(async () => {
      made = await make();
    });
    afterAll(() => made.cleanup());

    it('is about right for many books, stored a moment ago or long ago', async () => {
      const { books, transfer } = made.store;
      const before = await books.count();
      const many = 20_000;
      for (let from = 0; from < many; from += 1_000) {
        const copies = Array.from({ length: 1_000 }, (_, n) => sampleBook(String(5_000_000_000 + from + n) as BookId));
        await transfer.kinds.books.write(
          copies.map((book) => ({ kind: 'book', name: jobOf(book.bookId), keepUntilMs: KEEP_UNTIL_MS, book })),
        );
      }
      const found = await books.count();
      expect(Math.abs(found - before - many) / many, `counted ${found}`).toBeLessThan(0.35);
    });
  });
}
