import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchBooks } from '../../src/app/search-books.ts';
import { searchEntry, type Searchable } from '../../src/domain/search/entry.ts';
import { parseQuery } from '../../src/domain/search/query.ts';
import type { BookId } from '../../src/domain/identity.ts';
import type { StoredBook } from '../../src/storage/store.ts';
import type { Records } from '../specification/records.ts';
import type { RecordsKind } from '../support/stores.ts';
import { itemsOf, jobOf, KEEP_UNTIL_MS, newBookId, newIsbnJob, NOW_MS, sampleBook, settlement, settleParsed, submit } from './samples.ts';

/** The entry of a book with this title, and with what else is given. */
const entryFor = (title: string, more: Partial<Searchable> = {}): string =>
  searchEntry({ title, author: 'Mara Ellwood', authors: [], series: [], ratingsCount: 10, isbn10: null, isbn13: null, ...more });

/** A copy that search can find. */
const book = (title: string, more: Partial<Searchable> = {}, rest: Partial<StoredBook> = {}): StoredBook =>
  sampleBook(rest.bookId ?? newBookId(), { entry: entryFor(title, more), ...rest });

export function searchContract({ make }: RecordsKind): void {
  describe('search', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(() => made.cleanup());

    const put = async (...books: StoredBook[]): Promise<BookId[]> => {
      for (const one of books) await store.books.put(one, [], KEEP_UNTIL_MS);
      return books.map(({ bookId }) => bookId);
    };
    const search = async (text: string, limit = 10): Promise<BookId[]> => {
      const query = parseQuery(text);
      if (typeof query === 'string') throw new Error(query);
      return (await searchBooks(store, query, { limit, nowMs: NOW_MS })).books.map(({ bookId }) => bookId);
    };
    const unentered = async (): Promise<BookId[]> => {
      const found: BookId[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<Records['search']['unentered']>> = await store.search.unentered(cursor, 3);
        found.push(...page.bookIds);
        ({ cursor } = page);
      } while (cursor !== null);
      return found;
    };

    it('finds a book by words of title, author, series and ISBN, and by the beginning of the last', async () => {
      const more = {
        author: 'Zsófia Árvai',
        series: [{ id: '1', title: 'Quokka Chronicles', position: '2' }],
        isbn13: '9780306406157',
        isbn10: '0306406152',
      };
      const [bookId] = await put(book('Vermilion Harbour', more));
      const queries = ['vermilion', 'harbour verm', 'zsofia', 'arvai vermil', 'quokka chronicles 2', '9780306406157', '0-306-40615-2'];
      for (const query of queries) expect(await search(query), query).toStrictEqual([bookId]);
      for (const query of ['vermilio harbour', 'ermilion', 'vermilion nowhere']) expect(await search(query), query).toStrictEqual([]);
    });

    it('finds titles in other scripts', async () => {
      const titles = ['三体II黑暗森林', 'סֵפֶר הַזֹּהַר', 'مَوْسِمُ الهِجْرَة', 'Преступление и наказание', 'ノルウェイの森'];
      const bookIds = await put(...titles.map((title) => book(title)));
      const queries = ['黑暗', 'ספר הזהר', 'موسم الهجرة', 'ПРЕСТУПЛЕНИЕ', 'ノルウェイ'];
      for (const [at, query] of queries.entries()) expect(await search(query), query).toStrictEqual([bookIds[at]]);
    });

    it('puts the best first, and cuts at the limit', async () => {
      const author = { author: 'Wombat Writer', ratingsCount: 9_000 };
      const [byAuthor, inTitle, begins, little, exact, phrase] = await put(
        book('Elsewhere', author),
        book('Writer of the wombat', { ratingsCount: 70_000 }),
        book('Wombat writer tales', { ratingsCount: 50 }),
        book('Wombat writer stories', { ratingsCount: 49 }),
        book('Wombat Writer', { ratingsCount: null }),
        book('The wombat writer', { ratingsCount: 60_000 }),
      );
      const best = [exact, begins, little, phrase, inTitle, byAuthor];
      expect(await search('wombat writer')).toStrictEqual(best);
      expect(await search('wombat writer', 2)).toStrictEqual(best.slice(0, 2));
    });

    it('follows the title of a copy that replaces another, and not that of one that is refused', async () => {
      const bookId = newBookId();
      await put(book('Narwhal one', {}, { bookId, richness: 5 }));
      await put(book('Narwhal two', { ratingsCount: 5_000 }, { bookId, richness: 6 }));
      await put(
        book('Narwhal three', {}, { bookId, richness: 5 }),
        book('Narwhal four', {}, { bookId, richness: 9, fetchedAtMs: NOW_MS - 1 }),
      );
      expect(await search('narwhal two')).toStrictEqual([bookId]);
      for (const other of ['narwhal one', 'narwhal three', 'narwhal four']) expect(await search(other), other).toStrictEqual([]);
    });

    it('finds a book that a job brought', async () => {
      const [jobBook, isbn] = [book('Axolotl by job'), newIsbnJob()];
      await submit(store, null, itemsOf([isbn]));
      await settleParsed(store, isbn, { book: jobBook });
      expect(await search('axolotl')).toStrictEqual([jobBook.bookId]);
    });

    it('forgets a book that is deleted', async () => {
      const [bookId] = await put(book('Pangolin'));
      await store.books.delete(bookId!);
      expect(await search('pangolin')).toStrictEqual([]);
      expect(await store.search.matches({ words: [], prefix: 'pangolin' })).toStrictEqual([]);
    });

    it('forgets a book that is merged into another', async () => {
      const [old] = await put(book('Tapir old'));
      const merged = book('Tapir new');
      await store.books.put(merged, [jobOf(old!)], KEEP_UNTIL_MS);
      expect(await search('tapir')).toStrictEqual([merged.bookId]);
      expect(await store.search.matches({ words: ['tapir'], prefix: 'old' })).toStrictEqual([]);
    });

    it('does not answer with a copy whose time is over', async () => {
      const [gone, kept] = [book('Quagga gone'), book('Quagga kept')];
      await store.books.put(gone, [], NOW_MS - 1);
      await put(kept);
      expect(await search('quagga', 1)).toStrictEqual([kept.bookId]);
    });

    it('keeps the entry of a copy that a missing page does not remove', async () => {
      const [bookId] = await put(book('Okapi stays'));
      await submit(store, null, itemsOf([jobOf(bookId!)]), { maxAgeMs: 0 });
      await store.jobs.settle(settlement(jobOf(bookId!), { outcome: 'not-found' }));
      expect(await search('okapi')).toStrictEqual([bookId]);
    });

    it('lists copies without an entry, until it is added to the very copy', async () => {
      const plain = sampleBook(newBookId());
      const others = Array.from({ length: 7 }, () => sampleBook(newBookId()));
      await put(plain, ...others);
      expect(await unentered()).toEqual(expect.arrayContaining([plain.bookId, ...others.map(({ bookId }) => bookId)]));
      const entry = entryFor('Fossa found');
      await store.search.enter([{ bookId: plain.bookId, etag: 'of another copy_', entry }]);
      await store.search.enter([{ bookId: newBookId(), etag: plain.etag, entry }]);
      expect(await search('fossa')).toStrictEqual([]);
      await store.search.enter([{ bookId: plain.bookId, etag: plain.etag, entry }]);
      expect(await search('fossa')).toStrictEqual([plain.bookId]);
      await store.search.enter([{ bookId: plain.bookId, etag: plain.etag, entry: entryFor('Another') }]);
      expect(await search('fossa')).toStrictEqual([plain.bookId]);
      expect(await unentered()).not.toContain(plain.bookId);
    });

    it('loses the entry of a copy that is replaced by one without', async () => {
      const [bookId] = await put(book('Dugong'));
      await put(sampleBook(bookId!, { label: 'b' }));
      expect(await search('dugong')).toStrictEqual([]);
      expect(await unentered()).toContain(bookId);
    });

    it('reads the copies of books in the order in which they are asked for', async () => {
      const [one, two, merged] = [sampleBook(newBookId()), sampleBook(newBookId()), newBookId()];
      await store.books.put(one, [jobOf(merged)], KEEP_UNTIL_MS);
      await put(two);
      expect(await store.books.read([two.bookId, newBookId(), merged, one.bookId], NOW_MS)).toStrictEqual([two, one]);
      expect(await store.books.read([], NOW_MS)).toStrictEqual([]);
    });
  });
}
