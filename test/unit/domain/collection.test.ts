import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COLLECTION_FAMILIES,
  collectionPath,
  slugOfAddress,
  collectionReference,
  type CollectionFamily,
  type CollectionReference,
} from '../../../src/domain/collection.ts';
import { keyOfReference, parseEntry } from '../../../src/domain/entry.ts';

function collectionOf(link: string): [string, string] | string {
  const entry = parseEntry(link);
  if (entry.ok !== true) return `refused: ${entry.reason}`;
  return entry.reference.kind === 'collection' ? [entry.reference.family, entry.reference.id] : entry.reference.kind;
}

const reasonOf = (link: string): string => {
  const entry = parseEntry(link);
  return entry.ok === true ? `accepted: ${entry.reference.url}` : entry.reason;
};

describe('links that name a collection', () => {
  it.each<[CollectionFamily, string, string]>([
    ['list', '1', 'https://www.goodreads.com/list/show/1'],
    ['list', '1', 'https://www.goodreads.com/list/show/1.Best_Books_Ever'],
    ['list', '1', 'https://www.goodreads.com/list/show/1.Best_Books_Ever?page=40'],
    ['list', '1', 'https://www.goodreads.com/list/show/1.Best_Books_Ever#comments'],
    ['list', '6675', 'goodreads.com/de/list/show/6675.Bücher'],
    ['list', '264', '<http://m.goodreads.com/list/show/264.Books_That_Everyone_Should_Read_At_Least_Once/>'],
    ['list', '7', 'HTTPS://WWW.GOODREADS.COM:443/List/Show/007'],
    ['series', '45175', 'https://www.goodreads.com/series/45175-harry-potter'],
    ['series', '400356', 'www.goodreads.com/en-US/series/400356-impossible-creatures?from_search=true'],
    ['series', '1', 'https://www.goodreads.com/series/1%2Dx'],
    ['author', '1077326', 'https://www.goodreads.com/author/show/1077326.J_K_Rowling'],
    ['author', '1077326', 'https://www.goodreads.com/zh-TW/author/show/1077326'],
    ['author-list', '1077326', 'https://www.goodreads.com/author/list/1077326.J_K_Rowling?page=2&per_page=30'],
    ['editions', '3057404', 'https://www.goodreads.com/work/editions/3057404-the-hunger-games'],
    ['editions', '3057404', 'https://www.goodreads.com/work/editions/3057404?sort=num_ratings&utf8=%E2%9C%93'],
    ['shelf', 'fiction', 'https://www.goodreads.com/shelf/show/fiction'],
    ['shelf', 'personal-development', 'https://goodreads.com/shelf/show/Personal-Development?page=2'],
    ['shelf', 'фантастика', 'https://www.goodreads.com/shelf/show/%D1%84%D0%B0%D0%BD%D1%82%D0%B0%D1%81%D1%82%D0%B8%D0%BA%D0%B0'],
    ['shelf', 'фантастика', 'https://www.goodreads.com/shelf/show/Фантастика'],
    ['shelf', 'é', 'https://www.goodreads.com/shelf/show/e%CC%81'],
    ['genre', 'fantasy', 'https://www.goodreads.com/genres/fantasy'],
    ['genre', 'science-fiction', 'https://www.goodreads.com/es/genres/science%2Dfiction/?x=y'],
    ['genre', '19th-century', 'm.goodreads.com/genres/19th-century'],
  ])('%s %s: %s', (family, id, link) => {
    expect(collectionOf(link)).toEqual([family, id]);
  });

  it('has one canonical address, whatever the link looks like', () => {
    expect(parseEntry('m.goodreads.com/en/list/show/1.Best_Books_Ever?page=3')).toEqual({
      ok: true,
      reference: { kind: 'collection', family: 'list', id: '1', url: 'https://www.goodreads.com/list/show/1' },
    });
  });
});

describe('links that name no collection', () => {
  it.each([
    ['https://www.goodreads.com/list/show/', /No list number/],
    ['https://www.goodreads.com/list/show/Best_Books', /No list number/],
    ['https://www.goodreads.com/list/show/0.x', /is 0/],
    ['https://www.goodreads.com/list/show/1234567890123', /longer than 12/],
    ['https://www.goodreads.com/list/show/%31', /No list number/],
    ['https://www.goodreads.com/list/show/1/../../search', /path/],
    ['https://www.goodreads.com/list/show//1', /path/],
    ['https://www.goodreads.com//list/show/1', /path/],
    ['https://www.goodreads.com/list/book/2767052', /path/],
    ['https://www.goodreads.com/list/comments/1', /path/],
    ['https://www.goodreads.com/series', /path/],
    ['https://www.goodreads.com/author/quotes/1', /path/],
    ['https://www.goodreads.com/shelf/show/', /No name of a shelf/],
    ['https://www.goodreads.com/shelf/show/..', /No name of a shelf/],
    ['https://www.goodreads.com/shelf/show/%2e%2e', /No name of a shelf/],
    ['https://www.goodreads.com/shelf/show/a%2Fb', /No name of a shelf/],
    ['https://www.goodreads.com/shelf/show/a%3Fb', /No name of a shelf/],
    ['https://www.goodreads.com/shelf/show/a%00b', /No name of a shelf/],
    ['https://www.goodreads.com/shelf/show/a%0d%0ab', /No name of a shelf/],
    ['https://www.goodreads.com/shelf/show/a%20b', /No name of a shelf/],
    ['https://www.goodreads.com/shelf/show/%E0%A4%A', /No name of a shelf/],
    [`https://www.goodreads.com/shelf/show/${'a'.repeat(101)}`, /No name of a shelf/],
    ['https://www.goodreads.com/genres', /path/],
    ['https://www.goodreads.com/genres/list', /No name of a genre/],
    ['https://www.goodreads.com/genres/new_releases/fantasy', /path/],
    ['https://goodreads.com.evil.example/list/show/1', /host/],
    ['https://evil.example/www.goodreads.com/list/show/1', /host/],
    ['https://user@www.goodreads.com/list/show/1', /user information/],
    ['https://www.goodreads.com\\list\\show\\1', /backslash/],
    ['//www.goodreads.com/list/show/1', /web address/],
    ['list/show/1', /web address/],
  ])('%s', (link, reason) => {
    expect(reasonOf(link)).toMatch(reason);
  });
});

describe('links that robots.txt forbids', () => {
  it.each([
    ['/review/list', 'https://www.goodreads.com/review/list/68156753-name?shelf=to-read&page=3'],
    ['/review/list', 'goodreads.com/en/review/list/68156753'],
    ['/review/list_rss', 'https://www.goodreads.com/review/list_rss/68156753?shelf=read'],
    ['/review/show', 'https://www.goodreads.com/review/show/1'],
    ['/search', 'https://www.goodreads.com/search?q=hunger+games'],
    ['/work', 'https://www.goodreads.com/work/best_book/3057404'],
    ['/work', 'https://www.goodreads.com/work/shelves/469571'],
    ['/shelf/user_shelves', 'https://www.goodreads.com/shelf/user_shelves'],
    ['/book/reviews/', 'https://www.goodreads.com/book/reviews/2767052'],
    ['/user/year_in_books', 'https://www.goodreads.com/user/year_in_books/2025/1'],
  ])('quotes %s and names the export: %s', (path, link) => {
    expect(parseEntry(link)).toEqual({
      ok: 'disallowed',
      rule: `Disallow: ${path}`,
      reason: expect.stringMatching(new RegExp(`"Disallow: ${path}".*goodreads\\.com/review/import`)),
    });
  });
});

describe('the slug in the address of an answer', () => {
  it.each([
    ['https://www.goodreads.com/list/show/7.Best_Books?page=2', 'Best_Books'],
    ['http://127.0.0.1:80/list/show/7.Best_Books', 'Best_Books'],
    ['https://www.goodreads.com/list/show/8.Best_Books', null],
    ['https://www.goodreads.com/list/show/7', null],
    ['https://www.goodreads.com/list/show/7.a%2Fb', null],
    ['https://www.goodreads.com/list/show/7.a/b', null],
    ['https://www.goodreads.com/x?y=/list/show/7.Best_Books', null],
  ])('%s', (url, slug) => {
    expect(slugOfAddress({ family: 'list', id: '7' }, url)).toBe(slug);
    expect(slugOfAddress({ family: 'series', id: '7' }, url)).toBeNull();
  });
});

describe('the paths of a collection', () => {
  it('are built from family and id', () => {
    const paths = (family: CollectionFamily, id: string) => [1, 2].map((page) => collectionPath({ family, id }, page));
    expect(paths('list', '1')).toEqual(['/list/show/1', '/list/show/1?page=2']);
    expect(paths('series', '45175')).toEqual(['/series/45175', '/series/45175?page=2']);
    expect(paths('author-list', '9')).toEqual(['/author/list/9', '/author/list/9?page=2']);
    expect(paths('editions', '9')).toEqual(['/work/editions/9', '/work/editions/9?page=2']);
    expect(collectionPath({ family: 'list', id: '7' }, 2, 'Best_Books')).toBe('/list/show/7.Best_Books?page=2');
    for (const slug of ['', 'a/b', '..', 'a?b', 'a#b', 'é', 'a b', '%2e'])
      expect(collectionPath({ family: 'list', id: '7' }, 2, slug)).toBe('/list/show/7?page=2');
    expect(collectionPath({ family: 'author', id: '9' }, 1)).toBe('/author/show/9');
    expect(collectionPath({ family: 'shelf', id: 'é' }, 1)).toBe('/shelf/show/%C3%A9');
    expect(collectionPath({ family: 'genre', id: 'fantasy' }, 1)).toBe('/genres/fantasy');
  });

  const names = fc.oneof(fc.stringMatching(/^[a-z\d][a-z\d-]{0,20}$/), fc.string({ unit: 'grapheme' }), fc.constantFrom('..', '1', '007'));

  it('name the same collection when they are read again, and no user text changes their place', () => {
    fc.assert(
      fc.property(fc.constantFrom(...COLLECTION_FAMILIES), names, fc.nat(200), (family, id, page) => {
        const reference = collectionReference(family, id);
        if (reference === null) return;
        const path = collectionPath(reference, page + 1);
        expect(new URL(path, 'https://www.goodreads.com').pathname + new URL(path, 'https://www.goodreads.com').search).toBe(path);
        expect(parseEntry(`https://www.goodreads.com${path}`)).toEqual({ ok: true, reference });
      }),
      { numRuns: 3000 },
    );
  });

  it('are never built from an id that no link has', () => {
    for (const [family, id] of [
      ['list', '01'],
      ['list', '0'],
      ['series', '1-x'],
      ['editions', '1234567890123'],
      ['shelf', '../search'],
      ['genre', 'Fantasy'],
      ['genre', 'a b'],
    ] as const)
      expect(collectionReference(family, id)).toBeNull();
  });
});

describe('keys of references', () => {
  it('are the same for two forms of one thing, and differ between families', () => {
    const key = (link: string): string => keyOfReference((parseEntry(link) as { reference: CollectionReference }).reference);
    expect(key('goodreads.com/list/show/1.x')).toBe(key('https://www.goodreads.com/de/list/show/1?page=2'));
    expect(new Set(['list/show/1', 'series/1', 'author/show/1', 'author/list/1'].map((path) => key(`goodreads.com/${path}`))).size).toBe(4);
    expect(key('2767052')).toBe('book-2767052');
  });
});
