/** Pages that list books, through the gate, the ledger and the check of robots.txt. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createParserWatch } from '../../../src/app/parser-watch.ts';
import type { PageRequest } from '../../../src/crawl/crawl.ts';
import type { BookId } from '../../../src/domain/identity.ts';
import { readAutocomplete } from '../../../src/parser/listing/autocomplete.ts';
import type { ListingReading, SuggestionsReading } from '../../../src/parser/listing/listing.ts';
import { readListing } from '../../../src/parser/listing/read-listing.ts';
import { FIRST_DECOY, firstBook } from '../../../scripts/goodreads-listings.ts';
import { pagesOf } from '../../../scripts/goodreads-collections.ts';
import { createCrawlBench, rejection, type CrawlWorker } from '../../support/crawling.ts';
import { collectionPath, type CollectionFamily } from '../../../src/domain/collection.ts';
import { createLogRecorder } from '../../support/memory-documents.ts';
import { startGoodreads, type Goodreads } from '../../support/goodreads.ts';

const bench = createCrawlBench();
let goodreads: Goodreads;
let worker: CrawlWorker;

beforeAll(async () => (goodreads = await startGoodreads()));
afterAll(async () => goodreads.stop());
beforeEach(async () => {
  await goodreads.control({});
  await goodreads.resetStats();
  worker = bench.worker(await bench.store('redis'), goodreads.origin);
});
afterEach(async () => bench.stopAll());

function pageOf(family: CollectionFamily, id: string, page: number): PageRequest<ListingReading> {
  return { path: collectionPath({ family, id }, page), classify: (answer) => readListing(answer, { family, id, page }) };
}

/** Reads page after page, while the page says that another follows. */
async function collect(family: CollectionFamily, id: string): Promise<BookId[]> {
  const books: BookId[] = [];
  for (let page = 1; ; page++) {
    const { reading } = await worker.crawler.crawl(pageOf(family, id, page));
    if (reading.kind !== 'listing') throw new Error(`${reading.kind}: ${reading.reason}`);
    books.push(...reading.books);
    if (reading.next !== true) return books;
  }
}

describe('pages that list books', () => {
  test.each([
    ['list', '7', 10_000, 10_000],
    ['list', '8', 24_551, 10_000],
    ['series', '7', 120, 120],
    ['author', '7', 65, 10],
    ['author-list', '7', 65, 65],
    ['editions', '7', 23, 23],
    ['shelf', 'space', 1_250, 50],
    ['genre', 'space', 44, 44],
  ] as const)('of %s %s with %i books give %i, each page once and in order', async (family, id, total, shown) => {
    goodreads.setCollections({ sizes: { [`${family}/${id}`]: total } });
    const books = await collect(family, id);
    const first = firstBook(family, id);
    expect(books).toEqual(Array.from({ length: shown }, (_, n) => String(first + n)));
    const { byPage, byId } = await goodreads.stats();
    const pages = ['author', 'shelf', 'genre'].includes(family) ? 1 : pagesOf(family, total);
    expect(Object.values(byPage)).toEqual(Array.from({ length: pages }, () => 1));
    expect(Object.keys(byId).filter((book) => Number(book) >= FIRST_DECOY)).toEqual([]);
    expect((await worker.source.view()).state).toBe('open');
  });

  test('a page that misbehaves is what it is for a book, and only that page', async () => {
    await goodreads.control({ modes: { 'list/7?page=2': 'limited', 'series/7': 'missing' } });
    expect((await worker.crawler.crawl(pageOf('list', '7', 1))).reading.kind).toBe('listing');
    expect(await worker.crawler.crawl(pageOf('list', '7', 2))).toMatchObject({ reading: { kind: 'overloaded' }, retryAfterMs: 2_000 });
    expect((await worker.source.view()).state).toBe('slowed');
  });

  test('a redirect is followed to a page of the same family alone', async () => {
    const location = '/series/7';
    await goodreads.control({ modes: { 'list/7': 'offsite' }, location });
    expect(await rejection(worker.crawler.crawl(pageOf('list', '7', 1)))).toMatchObject({ code: 'crawl-failed', kind: 'redirect' });
    await goodreads.control({ modes: { 'list/7': 'offsite' }, location: '/list/show/8.The_Best_Minerals' });
    expect((await worker.crawler.crawl(pageOf('list', '7', 1))).reading).toMatchObject({ kind: 'listing', id: '8' });
    expect((await goodreads.stats()).byPage).toEqual({ 'list/7?page=1': 2, 'list/8?page=1': 1 });
  });

  test('a challenge closes the source for books too', async () => {
    await goodreads.control({ modes: { 'list/7': 'challenge' } });
    expect((await worker.crawler.crawl(pageOf('list', '7', 1))).reading.kind).toBe('blocked');
    expect(await rejection(worker.crawl(1))).toMatchObject({ why: 'blocked' });
  });

  test('a changed layout is not recognised: it is logged, and the health of the parser names the family', async () => {
    goodreads.setCollections({ traps: { 'list/9': 'new-layout' } });
    const store = await bench.store('redis');
    const log = createLogRecorder();
    const watch = createParserWatch({ tallies: store.tallies, log });
    for (let page = 1; page <= 3; page++) {
      const { reading } = await worker.crawler.crawl(pageOf('list', '9', page));
      expect(reading).toMatchObject({ kind: 'unrecognised' });
      watch.observeListing({ family: 'list', id: '9', page }, reading);
    }
    expect(log.lines.map(({ message }) => message)).toEqual(Array.from({ length: 3 }, () => 'a page that lists books was not recognised'));
    expect(await watch.health()).toMatchObject({
      state: 'drifting',
      families: [{ family: 'list', pages: { recent: 0, before: 0 }, unrecognised: { recent: 1, before: null }, drifting: true }],
    });
    await watch.close();
  });

  test('a page that robots.txt forbids is never requested, and the error quotes the rule', async () => {
    for (const [path, rule] of [
      ['/search?q=x', 'Disallow: /search'],
      ['/review/list/1', 'Disallow: /review/list'],
      ['/work/best_book/1', 'Disallow: /work'],
    ] as const) {
      const asked = worker.crawler.crawl({ path, classify: (answer) => readListing(answer, null) });
      expect(await rejection(asked)).toMatchObject({ code: 'disallowed', rule: expect.stringContaining(rule) });
    }
    expect((await goodreads.stats()).requests).toBe(0);
  });
});

describe('suggestions', () => {
  const ask = async (question: string): Promise<SuggestionsReading> => {
    const path = `/book/auto_complete?format=json&q=${encodeURIComponent(question)}`;
    return (await worker.crawler.crawl({ path, accept: 'application/json,*/*;q=0.5', classify: readAutocomplete })).reading;
  };

  test('find a book by its ISBN, and nothing where there is nothing', async () => {
    expect(await ask('some words')).toMatchObject({ kind: 'suggestions', rows: { length: 5 } });
    expect(await ask('9780000000002')).toEqual({ kind: 'suggestions', rows: [] });
    expect(await ask('nothing at all')).toEqual({ kind: 'suggestions', rows: [] });
    expect((await goodreads.stats()).byPage).toEqual({
      'autocomplete/some words': 1,
      'autocomplete/9780000000002': 1,
      'autocomplete/nothing at all': 1,
    });
  });

  test('are refused as pages are', async () => {
    await goodreads.control({ mode: 'forbidden' });
    expect(await ask('x')).toMatchObject({ kind: 'blocked' });
  });
});
