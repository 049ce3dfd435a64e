/** Search entries of books that a version without search stored, before an upgrade or during one. */
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { createBookIndexer, type BookIndexer } from '../../src/app/index-books.ts';
import { searchBooks } from '../../src/app/search-books.ts';
import { parseQuery, type SearchQuery } from '../../src/domain/search/query.ts';
import { encodeCopy } from '../../src/storage/redis/books.ts';
import type { BookId } from '../../src/domain/identity.ts';
import type { Store, StoredBook } from '../../src/storage/store.ts';
import { SEARCH_DOCUMENT } from '../../src/storage/transfer.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { sharedRedisUrl } from '../support/redis-server.ts';
import { silentLog } from '../support/quiet.ts';
import { ownPrefix } from '../support/service.ts';
import { eachStore, redisStore, TEST_SETTINGS } from '../support/stores.ts';
import { storeDatabase } from '../support/templates.ts';
import { KEEP_UNTIL_MS, newBookId, NOW_MS, sampleBook } from './samples.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A copy as an earlier version stores it: the JSON of a book, and no entry. */
const plainBook = (title: string, bookId = newBookId(), label = title): StoredBook => ({
  ...sampleBook(bookId, { label }),
  body: Buffer.from(JSON.stringify({ title, author: 'A', authors: [], series: [], ratingsCount: 1, isbn10: null, isbn13: null })),
});

const search = async (store: Store, text: string): Promise<{ ids: BookId[]; complete: boolean }> => {
  const { books, complete } = await searchBooks(store, parseQuery(text) as SearchQuery, { limit: 50, nowMs: NOW_MS });
  return { ids: books.map(({ bookId }) => bookId), complete };
};

const indexerOf = (store: Pick<Store, 'books' | 'search' | 'documents'>, now = Date.now): BookIndexer =>
  createBookIndexer({ store, log: silentLog, now });

const HOUR_MS = 3_600_000;
const later = (): number => Date.now() + HOUR_MS;

describe.each(eachStore)('books without entries, on the $name store', ({ make }) => {
  const open = async (): Promise<Store> => {
    const made = await make();
    undo.push(made.cleanup);
    return made.store;
  };
  const keep = async (store: Store, ...books: StoredBook[]): Promise<void> => {
    for (const book of books) await store.books.put(book, [], KEEP_UNTIL_MS);
  };

  it('are found after a walk, and search says until then that it is not complete', async () => {
    const store = await open();
    const books = Array.from({ length: 230 }, (_, n) => plainBook(`Lemur ${n}`));
    await keep(store, ...books);
    expect(await search(store, 'lemur 7')).toEqual({ ids: [], complete: false });
    expect(await indexerOf(store).walk()).toBe(230);
    expect(await search(store, 'lemur 229')).toEqual({ ids: [books[229]?.bookId], complete: true });
  });

  it('are found by a later walk where they came after the first', async () => {
    const store = await open();
    expect(await indexerOf(store).walk()).toBe(0);
    await keep(store, plainBook('Potto'));
    // Nothing is due so soon.
    expect(await indexerOf(store).walk()).toBeNull();
    expect(await indexerOf(store, later).walk()).toBe(1);
    expect((await search(store, 'potto')).ids).toHaveLength(1);
  });

  it('are passed over where the copy is no book', async () => {
    const store = await open();
    await keep(store, { ...sampleBook(newBookId()), body: Buffer.from('"no book"') }, plainBook('Loris'));
    expect(await indexerOf(store).walk()).toBe(1);
    expect(await search(store, 'loris')).toMatchObject({ complete: true });
  });

  it('are walked through by one process at a time, and by another where the first was stopped', async () => {
    const store = await open();
    await keep(store, ...Array.from({ length: 230 }, (_, n) => plainBook(`Galago ${n}`)));
    let steps = 0;
    const others: Promise<number | null>[] = [];
    const first: BookIndexer = indexerOf({
      ...store,
      search: {
        ...store.search,
        async enter(entries) {
          steps += 1;
          others.push(indexerOf(store).walk());
          await store.search.enter(entries);
          // It is stopped after its first step, with a cursor.
          void first.stop();
        },
      },
    });
    expect(await first.walk()).toBe(100);
    expect([steps, await Promise.all(others)]).toEqual([1, [null]]);
    expect(await search(store, 'galago 1')).toMatchObject({ complete: false });
    expect(await indexerOf(store).walk()).toBe(130);
    expect(await search(store, 'galago 229')).toMatchObject({ ids: [expect.any(String)], complete: true });
  });

  it('are walked through again after a process died, when its lease is over', async () => {
    const store = await open();
    await keep(store, plainBook('Aye aye'));
    const broken = { ...store, search: { ...store.search, enter: () => Promise.reject(new Error('died')) } };
    await expect(indexerOf(broken).walk()).rejects.toThrow('died');
    expect(await indexerOf(store).walk()).toBeNull();
    expect(await indexerOf(store, () => Date.now() + 31_000).walk()).toBe(1);
  });

  it('do not make a moved store count as complete: entries and the state of the walk stay behind', async () => {
    const store = await open();
    await indexerOf(store).walk();
    const { names } = await store.transfer.kinds.documents.names(null, 100, NOW_MS);
    expect(names).not.toContain(SEARCH_DOCUMENT);
    expect((await store.transfer.totals()).documents).toBe(0);
  });
});

describe('a process of the version before search, beside a new one', () => {
  it('on Redis changes and removes copies, and the next walk sees it', async () => {
    const prefix = ownPrefix();
    const { store, cleanup } = await redisStore.make({ prefix });
    undo.push(cleanup);
    const redis = new Redis(sharedRedisUrl());
    undo.push(() => redis.quit());
    const key = (name: string): string => `{${prefix}}:${name}`;
    const [changed, gone] = [plainBook('Serval'), plainBook('Caracal')];
    for (const book of [changed, gone]) await store.books.put(book, [], KEEP_UNTIL_MS);
    expect(await indexerOf(store).walk()).toBe(2);

    // What its scripts do: they know of no entries.
    await redis.set(key(`book-${changed.bookId}`), encodeCopy(plainBook('Ocelot', changed.bookId)), 'PXAT', KEEP_UNTIL_MS);
    await redis.del(key(`book-${gone.bookId}`));
    await redis.zrem(key('books'), String(gone.bookId));
    expect((await search(store, 'caracal')).ids).toEqual([]);

    expect(await indexerOf(store, later).walk()).toBe(1);
    expect((await search(store, 'ocelot')).ids).toEqual([changed.bookId]);
    expect((await search(store, 'serval')).ids).toEqual([]);
    expect(await redis.hkeys(key('search-entries'))).toEqual([changed.bookId]);
    expect((await redis.zrangebylex(key('search'), '-', '+')).map((posting) => posting.split('\0')[0])).toEqual(['', 'a', 'ocelot']);
  });

  it('on PostgreSQL calls the functions that it knows, and its books lose their entries until the next walk', async () => {
    const database = await storeDatabase();
    undo.push(database.drop);
    const store = createPostgresStore({ url: database.url, settings: TEST_SETTINGS });
    await store.start();
    undo.push(() => store.stop());
    const client = new Client({ connectionString: database.url });
    await client.connect();
    undo.push(() => client.end());
    const [changed, settled] = [plainBook('Kinkajou'), plainBook('Olingo')];
    for (const book of [changed, settled]) await store.books.put(book, [], KEEP_UNTIL_MS);
    expect(await indexerOf(store).walk()).toBe(2);

    const schema = TEST_SETTINGS.prefix;
    const next = plainBook('Cacomistle', changed.bookId, 'b');
    const copy = ({ bookId, body, etag }: StoredBook): unknown[] => [bookId, body.toString(), etag, NOW_MS, NOW_MS + HOUR_MS, 10];
    await client.query(`SELECT ${schema}.put_book($1, $2, $3, $4, $5, $6, $7, $8)`, [...copy(next), KEEP_UNTIL_MS, []]);
    const settle = `SELECT * FROM ${schema}.settle_some($1, NULL, $2, 'p', 1, NULL, NULL, $3, $4, $5, $6, $7, $8, $9, NULL)`;
    const other = plainBook('Coati', settled.bookId, 'b');
    await client.query(settle, [`book-${other.bookId}`, NOW_MS, ...copy(other), KEEP_UNTIL_MS]);
    expect((await search(store, 'kinkajou')).ids).toEqual([]);

    expect(await indexerOf(store, later).walk()).toBe(2);
    expect((await search(store, 'cacomistle')).ids).toEqual([changed.bookId]);
    expect((await search(store, 'coati')).ids).toEqual([settled.bookId]);
    // It deletes without a function.
    await client.query(`DELETE FROM ${schema}.known WHERE key = $1`, [`book-${changed.bookId}`]);
    expect((await client.query(`SELECT book_id FROM ${schema}.search`)).rows).toEqual([{ book_id: settled.bookId }]);
  });
});

it('on Redis the entry of a copy that has expired goes with the next walk', async () => {
  const prefix = ownPrefix();
  const { store, cleanup } = await redisStore.make({ prefix });
  undo.push(cleanup);
  const redis = new Redis(sharedRedisUrl());
  undo.push(() => redis.quit());
  await store.books.put({ ...plainBook('Dibbler'), entry: '990\n dibbler \n\n\n\n' }, [], Date.now() - 1);
  expect(await redis.zcard(`{${prefix}}:search`)).toBe(2);
  expect(await indexerOf(store).walk()).toBe(0);
  expect(await redis.exists(`{${prefix}}:search`, `{${prefix}}:search-entries`, `{${prefix}}:books`)).toBe(0);
});

it('a search among more books than are looked at finds those with most ratings', async () => {
  const many = 3_500;
  for (const kind of eachStore) {
    const { store, cleanup } = await kind.make();
    undo.push(cleanup);
    const put = (n: number): Promise<unknown> => {
      const rank = String(99 - Math.floor(n / 50)).padStart(2, '0');
      const entry = `${rank}${n}\n the numbat ${n} \n\n\n\n`;
      return store.books.put({ ...sampleBook(String(900_000 + n) as BookId), entry }, [], KEEP_UNTIL_MS);
    };
    for (let from = 0; from < many; from += 100) await Promise.all(Array.from({ length: 100 }, (_, n) => put(from + n)));
    for (const text of ['n', 'the', 'the n', 'numb', 'the numbat']) {
      const { ids } = await search(store, text);
      expect(ids.slice(0, 3), `${kind.name}: ${text}`).toEqual(['903499', '903498', '903497']);
      expect(ids).toHaveLength(50);
    }
    expect((await search(store, 'the numbat 17')).ids[0]).toBe('900017');
  }
});
