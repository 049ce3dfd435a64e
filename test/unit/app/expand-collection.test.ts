/** Collections on the rules of the store: what is taken, what is left out, and what is told. */
import { describe, expect, it } from 'vitest';
import { requeueBatch } from '../../../src/app/requeue-lost.ts';
import type { BookId } from '../../../src/domain/identity.ts';
import { firstRecord, readProgress } from '../../../src/app/collections/progress.ts';
import { DEFAULT_LIMITS, takePage } from '../../../src/app/collections/take-page.ts';
import { collectionReference } from '../../../src/domain/collection.ts';
import type { Listing, ListingReading } from '../../../src/parser/listing/listing.ts';
import { FIRST_DECOY } from '../../../scripts/goodreads-listings.ts';
import { itemsOf, jobOf, NOW_MS, newBatchId, sampleBook, KEEP_UNTIL_MS, submit } from '../../contract/samples.ts';
import { noCollections } from '../../support/quiet.ts';
import { booksOf, openCollection } from './collection-scene.ts';

describe('a collection that is read whole', () => {
  it.each([
    ['list', '7', 250, 3],
    ['series', '5', 120, 2],
    ['author-list', '9', 65, 3],
    ['editions', '11', 23, 3],
  ] as const)('takes every book of every page of a %s, in order', async (family, id, total, count) => {
    const { run, pages, found, item, progress, queued, observeListing } = await openCollection({ family, id, total });
    expect(await run()).toEqual({ next: 'done' });
    expect(pages).toEqual(Array.from({ length: count }, (_, n) => n + 1));
    expect((await found()).map(({ bookId }) => bookId)).toEqual(booksOf(family, id, total));
    expect(await item()).toMatchObject({ state: 'expanded', reason: null });
    const claimed = family === 'author-list' ? null : total;
    expect(await progress()).toMatchObject({ claimed, found: total, taken: total, pages: count, pending: [] });
    expect((await progress()).title).toEqual(expect.any(String));
    expect(queued.size).toBe(total);
    expect(observeListing).toHaveBeenCalledTimes(count);
  });

  it('takes no book of a comment, a description or a sidebar', async () => {
    for (const family of ['list', 'series', 'author', 'author-list', 'editions', 'shelf', 'genre'] as const) {
      const { run, found } = await openCollection({ family, id: family === 'shelf' || family === 'genre' ? 'dune' : '3' });
      await run();
      const decoys = (await found()).filter(({ bookId }) => Number(bookId) >= FIRST_DECOY && Number(bookId) < 2_000_000_000);
      expect([family, decoys]).toEqual([family, []]);
    }
  });

  it('ends the batch once its books are settled, and not before', async () => {
    const { run, store, batchId, found } = await openCollection({ total: 3 });
    await run();
    const { counts, total, endedAtMs } = (await store.batches.get(batchId))!;
    expect({ counts, total, endedAtMs }).toMatchObject({ counts: { expanded: 1, queued: 3, expanding: 0 }, total: 4, endedAtMs: null });
    for (const { jobId } of await found()) await store.jobs.cancel(jobId!, NOW_MS);
    expect((await store.batches.get(batchId))!.endedAtMs).toBe(NOW_MS);
  });

  it('ends an empty collection without a book', async () => {
    const { run, item, progress } = await openCollection({ total: 0 });
    await run();
    expect(await item()).toMatchObject({ state: 'expanded', reason: null });
    expect(await progress()).toMatchObject({ found: 0, taken: 0, pages: 1 });
  });
});

describe('what Goodreads does not show', () => {
  it.each([
    ['author', '9', 665, 10, /shows 10 books.*author\/list\/9/],
    ['shelf', 'dune', 42_777, 50, /first 50 books/],
    ['genre', 'dune', 44, 44, /changing selection/],
  ] as const)('is told at the end of a %s', async (family, id, total, shown, reason) => {
    const { run, item, progress, pages } = await openCollection({ family, id, total });
    await run();
    expect(pages).toEqual([1]);
    expect((await item()).state).toBe('expanded');
    expect((await item()).reason).toMatch(reason);
    expect(await progress()).toMatchObject({ found: shown, taken: shown, claimed: family === 'genre' ? null : total });
  });

  it('is told at page 100 of a list, even when the page links another', () => {
    const nothing = { titles: [], authors: [], positions: [], unreadRows: 0 };
    const listing: Listing = {
      family: 'list',
      id: '7',
      title: 'T',
      page: 100,
      totalBooks: 24_551,
      books: [],
      works: [],
      next: true,
      ...nothing,
    };
    const before = { ...readProgress(firstRecord(collectionReference('list', '7')!)), pages: 99, found: 9_900, taken: 9_900 };
    const books = booksOf('list', '7', 100) as BookId[];
    const limits = { ...DEFAULT_LIMITS, maxBooks: 100_000 };
    const after = takePage(before, { ...listing, books, works: books.map(() => null) }, { limits, isNew: () => true });
    expect(after).toMatchObject({ pages: 100, found: 10_000, taken: 10_000, claimed: 24_551 });
    expect(after.end).toEqual({ state: 'expanded', reason: expect.stringMatching(/ends every list at page 100: it shows 10,000 books/) });
    const whole = takePage(
      { ...before, found: 900 },
      { ...listing, totalBooks: 1_000, books, works: books.map(() => null) },
      { limits, isNew: () => true },
    );
    expect(whole.end).toEqual({ state: 'expanded', reason: null });
  });
});

describe('limits of the caller', () => {
  it('maxBooks is 1,000 unless the caller sets another', async () => {
    const { run, item, progress, pages } = await openCollection({ total: 1_250 });
    await run();
    expect(pages).toHaveLength(10);
    expect((await item()).reason).toMatch(/^maxBooks is 1,000/);
    expect(await progress()).toMatchObject({ claimed: 1_250, found: 1_000, taken: 1_000 });
  });

  it('maxBooks ends in the middle of a page', async () => {
    const { run, item, progress, found } = await openCollection({ total: 250, limits: { maxBooks: 130 } });
    await run();
    expect(await found()).toHaveLength(130);
    expect((await item()).reason).toMatch(/^maxBooks is 130/);
    expect(await progress()).toMatchObject({ found: 200, taken: 130, pages: 2 });
  });

  it('maxBooks that is the number of books cuts nothing off', async () => {
    const { run, item } = await openCollection({ total: 200, limits: { maxBooks: 200 } });
    await run();
    expect(await item()).toMatchObject({ state: 'expanded', reason: null });
  });

  it('maxPages ends behind that page', async () => {
    const { run, item, progress } = await openCollection({ total: 250, limits: { maxPages: 2 } });
    await run();
    expect((await item()).reason).toMatch(/^maxPages is 2/);
    expect(await progress()).toMatchObject({ taken: 200, pages: 2 });
  });

  it('a deadline ends it before the next page', async () => {
    const scene = await openCollection({
      total: 250,
      limits: { deadlineMs: NOW_MS + 1_000 },
      answer: (page) => void (page === 2 && scene.wait(2_000)),
    });
    await scene.run();
    expect(scene.pages).toEqual([1, 2]);
    expect((await scene.item()).reason).toMatch(/^The deadline .* is over/);
    expect(await scene.found()).toHaveLength(200);
  });

  it('one-per-work takes the first edition of each work', async () => {
    const books = ['11', '12', '13', '14'] as BookId[];
    const listing: ListingReading = {
      kind: 'listing',
      family: 'series',
      id: '5',
      title: 'Minerals',
      page: 1,
      totalBooks: 4,
      books,
      works: ['1', '1', null, '2'],
      positions: books.map(() => null),
      titles: books.map(() => null),
      authors: books.map(() => null),
      next: false,
      unreadRows: 0,
    };
    for (const [editions, taken] of [['as-listed', books] as const, ['one-per-work', ['11', '13', '14']] as const]) {
      const { run, found, progress } = await openCollection({ family: 'series', id: '5', limits: { editions }, answer: () => listing });
      await run();
      expect((await found()).map(({ bookId }) => bookId)).toEqual(taken);
      expect(await progress()).toMatchObject({ found: 4, taken: taken.length });
    }
  });
});

describe('traps', () => {
  it.each(['list', 'series', 'author-list', 'editions'] as const)(
    'page 1 of a %s that comes again ends it, and says so',
    async (family) => {
      const { run, pages, item, progress } = await openCollection({ family, total: 120, trap: 'page-1-again' });
      await run();
      expect(pages).toEqual([1, 2]);
      expect(await item()).toMatchObject({ state: 'expanded', reason: 'Goodreads answered page 1 when page 2 was asked for.' });
      expect((await progress()).pages).toBe(1);
    },
  );

  it.each(['list', 'author-list', 'editions'] as const)('the empty page behind the last one ends a %s in silence', async (family) => {
    const { run, item, progress } = await openCollection({ family, total: 60, trap: 'no-end' });
    await run();
    expect(await item()).toMatchObject({ state: 'expanded', reason: null });
    expect(await progress()).toMatchObject({ found: 60, taken: 60 });
  });

  it('books that a page repeats count once', async () => {
    const { run, found, progress } = await openCollection({ total: 250, trap: 'overlap' });
    await run();
    expect(new Set((await found()).map(({ bookId }) => bookId)).size).toBe(250);
    expect(await progress()).toMatchObject({ found: 250, taken: 250, pages: 3 });
    expect((await found()).every(({ duplicates }) => duplicates === 0)).toBe(true);
  });

  it('a page that repeats the one before, and claims to be the next, ends it', async () => {
    const { run, pages, item } = await openCollection({
      family: 'author-list',
      total: 90,
      answer: (page) => {
        if (page < 3) return undefined;
        const books = booksOf('author-list', '7', 60).slice(30) as BookId[];
        const nothing = books.map(() => null);
        return {
          kind: 'listing',
          family: 'author-list',
          id: '7',
          title: null,
          page,
          totalBooks: null,
          books,
          works: nothing,
          positions: nothing,
          titles: nothing,
          authors: nothing,
          next: true,
          unreadRows: 0,
        };
      },
    });
    await run();
    expect(pages).toEqual([1, 2, 3]);
    expect((await item()).reason).toMatch(/^Page 3 has no book/);
  });

  it('a new layout fails the collection, and alarms', async () => {
    const { run, item, observeListing } = await openCollection({ total: 120, trap: 'new-layout' });
    await run();
    expect(await item()).toMatchObject({ state: 'failed', reason: expect.stringMatching(/^Page 1: .*claims 120 books/) });
    expect(observeListing.mock.calls).toMatchObject([[{ family: 'list', page: 1 }, { kind: 'unrecognised' }]]);
  });
});

describe('books that the batch knows already', () => {
  it('are cached, joined or one item with a count, exactly as when they are posted', async () => {
    const [first, second, third, fourth] = booksOf('list', '7', 4) as [string, string, string, string];
    const { run, store, all, queued, deps, batchId } = await openCollection({ total: 4, others: [first] });
    await store.books.put(sampleBook(second as BookId), [], KEEP_UNTIL_MS);
    const other = newBatchId();
    await submit(store, other, itemsOf([jobOf(third as BookId)]));
    await run();
    const items = await all();
    expect(items.map(({ bookId, state, via, duplicates }) => ({ bookId, state, via, duplicates }))).toEqual([
      { bookId: first, state: 'queued', via: null, duplicates: 1 },
      { bookId: null, state: 'expanded', via: null, duplicates: 0 },
      { bookId: second, state: 'cached', via: 1, duplicates: 0 },
      { bookId: third, state: 'queued', via: 1, duplicates: 0 },
      { bookId: fourth, state: 'queued', via: 1, duplicates: 0 },
    ]);
    expect([...queued.values()].map(({ jobId }) => jobId)).toEqual([`book-${fourth}`]);
    expect((await store.jobs.get(jobOf(third as BookId)))!.waiters).toBe(2);
    expect(await requeueBatch({ ...deps, collections: noCollections }, batchId)).toBe(2);
  });
});
