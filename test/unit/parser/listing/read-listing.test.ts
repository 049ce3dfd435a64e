import { describe, expect, test } from 'vitest';
import type { AskedListing } from '../../../../src/parser/listing/listing.ts';
import { firstBook, makeListing } from '../../../../scripts/goodreads-listings.ts';
import { fixture } from '../../../support/corpus.ts';
import type { CollectionFamily } from '../../../../src/domain/collection.ts';
import { expectValidListing, listingFixture, listingOf, readBody, readMade } from './listing-answers.ts';

const list = (page = 1, id = '1'): AskedListing => ({ family: 'list', id, page });
const FAMILIES: CollectionFamily[] = ['list', 'series', 'author', 'author-list', 'editions', 'shelf', 'genre'];

describe('a page of every family', () => {
  const sizes: [CollectionFamily, number, number[]][] = [
    ['list', 250, [1, 2, 3]],
    ['list', 40, [1]],
    ['list', 79_111, [1, 57, 99, 100]],
    ['series', 120, [1, 2]],
    ['series', 2, [1]],
    ['author', 65, [1]],
    ['author', 3, [1]],
    ['author-list', 65, [1, 2, 3]],
    ['editions', 23, [1, 2, 3]],
    ['editions', 527, [1, 30, 53]],
    ['shelf', 42_777, [1]],
    ['genre', 44, [1]],
  ];
  test.each(sizes.flatMap(([family, total, pages]) => pages.map((page) => [family, total, page] as const)))(
    '%s of %i books, page %i: books in order, names, counts and the next page',
    (family, total, page) => {
      const { html, truth } = makeListing({ family, id: '12', page, total });
      const reading = readBody(html, { family, id: '12', page });
      expectValidListing(reading);
      expect(reading).toMatchObject({ kind: 'listing', ...truth, unreadRows: 0 });
      const { titles, authors } = listingOf(reading);
      expect(titles.every((title) => title?.startsWith('Salt & "Iron" '))).toBe(true);
      const silent = family === 'genre' || family === 'editions';
      expect(new Set(authors)).toEqual(new Set([silent ? null : 'Nemo Nobody']));
    },
  );

  test('tells what it is without being asked for', () => {
    for (const family of FAMILIES) {
      const { html, truth } = makeListing({ family, id: '12', page: 1, total: 120 });
      expect(readBody(html)).toMatchObject({ kind: 'listing', ...truth });
    }
  });

  test('names shelves and genres in lower case and decoded, in every script', () => {
    for (const family of ['shelf', 'genre'] as const) {
      const { html } = makeListing({ family, id: 'Фантастика', page: 1, total: 44 });
      expect(readBody(html, { family, id: 'фантастика', page: 1 })).toMatchObject({ kind: 'listing', id: 'фантастика' });
    }
  });

  test('reads what a browser saved: absolute links, other quotes, other order of attributes', () => {
    const { html, truth } = makeListing({ family: 'list', id: '12', page: 2, total: 250 });
    const saved = html
      .replaceAll('href="/', 'href="https://www.goodreads.com/')
      .replaceAll(/<tr itemscope itemtype="(\S+)">/g, "<tr class='x' itemtype='$1' itemscope=''>")
      .replace(/<link href='(\S+)' rel='canonical'>/, '<link rel="canonical" href="$1">');
    expect(readBody(saved)).toMatchObject({ kind: 'listing', ...truth });
  });
});

describe('the traps of real pages', () => {
  test('a page past the end is a listing without books and without a page of its own', () => {
    for (const [family, page] of [
      ['list', 4],
      ['author-list', 9],
      ['editions', 9],
    ] as const)
      expect(readMade({ family, id: '1', page, total: 65 })).toMatchObject({ kind: 'listing', books: [], page: null, next: false });
    expect(readMade({ family: 'list', id: '3', page: 101, total: 79_111 })).toMatchObject({ kind: 'listing', books: [], next: false });
    expect(readMade({ family: 'series', id: '3', page: 3, total: 120 })).toMatchObject({ kind: 'listing', books: [], next: false });
  });

  test('a page that silently is page 1 again says so', () => {
    for (const family of ['list', 'series', 'author-list', 'editions'] as const)
      expect(readMade({ family, id: '1', page: 3, total: 500, trap: 'page-1-again' })).toMatchObject({
        page: 1,
        books: expect.arrayContaining([String(firstBook(family, '1'))]),
      });
  });

  test('the page links of the comments do not count', () => {
    expect(readMade({ family: 'list', id: '3', page: 100, total: 79_111 })).toMatchObject({ page: 100, next: false });
    expect(readMade({ family: 'list', id: '3', page: 1, total: 40 })).toMatchObject({ page: null, next: false });
  });

  test('a list of another id that is linked does not count', () => {
    const foreign = '<div><em class="current">8</em> <a class="next_page" rel="next" href="/list/show/7.Other?page=9">Next</a></div>';
    const reading = readMade({ family: 'list', id: '1', page: 1, total: 40 }, (html) => html.replace('<body>', `<body>${foreign}`));
    expect(reading).toMatchObject({ page: null, next: false });
  });

  test('a book that stands twice counts once, in its first place', () => {
    const { books } = listingOf(readMade({ family: 'genre', id: 'x', page: 1, total: 44 }));
    expect(books).toHaveLength(44);
    const first = firstBook('list', '1');
    const twice = readMade({ family: 'list', id: '1', page: 1, total: 3 }, (html) => html.replaceAll(String(first + 1), String(first)));
    expect(listingOf(twice).books).toEqual([String(first), String(first + 2)]);
  });

  test('an empty collection is a listing without books', () => {
    expect(readMade({ family: 'list', id: '1', page: 1, total: 0 })).toMatchObject({
      kind: 'listing',
      books: [],
      totalBooks: 0,
      next: false,
    });
  });
});

describe('a changed layout', () => {
  test.each(FAMILIES)('of %s is not recognised, and never looks like an end', (family) => {
    expect(readMade({ family, id: '12', page: 1, total: 120, trap: 'new-layout' })).toMatchObject({ kind: 'unrecognised' });
  });

  test('of a later page is not recognised either', () => {
    for (const family of ['list', 'series', 'author-list', 'editions'] as const)
      expect(readMade({ family, id: '12', page: 2, total: 320, trap: 'new-layout' })).toMatchObject({ kind: 'unrecognised' });
  });

  test('whose rows have no readable book is not recognised', () => {
    const reading = readMade({ family: 'list', id: '1', page: 1, total: 40 }, (html) => html.replaceAll('/book/show/', '/b/'));
    expect(reading).toMatchObject({ kind: 'unrecognised', reason: expect.stringContaining('40 rows of list 1') });
    const series = readMade({ family: 'series', id: '1', page: 1, total: 40 }, (html) => html.replaceAll(/bookId|bookUrl/g, 'x'));
    expect(series).toMatchObject({ kind: 'unrecognised' });
  });

  test('a single row that cannot be read is counted', () => {
    const first = firstBook('list', '1');
    const reading = readMade({ family: 'list', id: '1', page: 1, total: 3 }, (html) => html.replaceAll(`/book/show/${first}`, '/b/1'));
    expect(reading).toMatchObject({ kind: 'listing', books: [String(first + 1), String(first + 2)], unreadRows: 1 });
  });

  test('series data that is no JSON is not recognised', () => {
    expect(
      readMade({ family: 'series', id: '1', page: 1, total: 40 }, (html) => html.replaceAll('{&quot;series&quot;', '{series')),
    ).toMatchObject({
      kind: 'unrecognised',
    });
  });
});

describe('an answer that is not the page that was asked for', () => {
  test('is another page when it shows another collection or family', () => {
    const { html } = makeListing({ family: 'list', id: '2', page: 1, total: 3 });
    expect(readBody(html, list())).toEqual({ kind: 'other-page', reason: 'The page is list 2, not list 1.' });
    expect(readBody(html, { family: 'series', id: '2', page: 1 })).toMatchObject({ kind: 'other-page' });
    expect(readBody(listingFixture('search-brass'), list())).toMatchObject({ kind: 'other-page' });
    expect(readBody(listingFixture('quotes'), { family: 'editions', id: '81001', page: 1 })).toMatchObject({ kind: 'other-page' });
    expect(readBody(fixture('next', '7100001'), list())).toMatchObject({ kind: 'other-page' });
    expect(readBody(fixture('failure', 'reviews'), list())).toMatchObject({ kind: 'other-page' });
  });

  test('is taken when Goodreads redirected to it', () => {
    const { html } = makeListing({ family: 'list', id: '2', page: 1, total: 3 });
    expect(readBody(html, list(), { url: 'https://www.goodreads.com/list/show/2.The_Best_Minerals' })).toMatchObject({
      kind: 'listing',
      id: '2',
    });
  });

  test.each([
    ['missing', 'missing'],
    ['missing-without-title', 'missing'],
    ['sign-in', 'sign-in'],
    ['challenge', 'blocked'],
    ['captcha', 'blocked'],
    ['over-capacity', 'overloaded'],
  ] as const)('%s is %s, asked for or not', (name, kind) => {
    for (const asked of [list(), null]) expect(readBody(fixture('failure', name), asked)).toMatchObject({ kind });
  });

  test('follows status and headers as for books', () => {
    const { html } = makeListing({ family: 'list', id: '1', page: 1, total: 3 });
    expect(readBody('', list(), { status: 202 })).toMatchObject({ kind: 'blocked' });
    expect(readBody('', list(), { status: 403 })).toMatchObject({ kind: 'blocked' });
    expect(readBody('', list(), { status: 429 })).toMatchObject({ kind: 'overloaded' });
    expect(readBody(html, list(), { status: 503 })).toMatchObject({ kind: 'overloaded' });
    expect(readBody('', list())).toMatchObject({ kind: 'blocked' });
    // A list in the body counts more than the mark of the firewall, as a book does.
    expect(readBody(html, list(), { status: 202, headers: { 'x-amzn-waf-action': 'challenge' } })).toMatchObject({ kind: 'listing' });
  });

  test('that was cut off is not recognised, wherever it was cut', () => {
    for (const family of FAMILIES) {
      const { html } = makeListing({ family, id: '12', page: 1, total: 44 });
      for (let part = 1; part < 32; part += 1) {
        const reading = readBody(html.slice(0, Math.floor((html.indexOf('</html>') * part) / 32)), { family, id: '12', page: 1 });
        expect(reading.kind).toBe('unrecognised');
      }
    }
  });
});
