import { describe, expect, it } from 'vitest';
import { compileUntil, faultOfUntil, UNTIL_FIELDS, type UntilCondition } from '../../../src/domain/until.ts';

const BOOK = {
  title: 'The Cartographer of Quiet Rivers',
  author: 'Zoë Ångström',
  rating: 4.12,
  description: 'A mapmaker follows a river.\nThe first volume.',
  id: '2767052',
  workId: null,
  authors: [
    { id: '1', name: 'Zoë Ångström', role: null, url: null },
    { id: '2', name: 'Tomas Reyl', role: 'Illustrator', url: null },
  ],
  series: [{ id: '501', title: 'Quiet Rivers', position: '1' }],
  ratingsCount: 15_321,
  ratingsDistribution: [120, 340, 2_100],
  pages: 0,
  publishedDate: '2008-09-14',
  originalPublishedYear: -380,
  isbn13: '9780439023481',
  genres: ['Fantasy', 'Young Adult'],
  awards: [],
  fetchedAt: '2026-03-01T12:00:00.000Z',
  sources: { title: 'next-data' },
};

type Given = Omit<UntilCondition, 'count'>;
const satisfied = (given: Given): boolean => compileUntil({ count: 1, ...given })(BOOK);

describe('a book satisfies', () => {
  it.each<[Given]>([
    [{ field: 'title', contains: 'quiet' }],
    [{ field: 'title', equals: 'THE CARTOGRAPHER OF QUIET RIVERS' }],
    [{ field: 'author', equals: 'zoe angstrom' }],
    [{ field: 'author', contains: 'ÅNGS' }],
    [{ field: 'authors', equals: 'Tomas Reyl' }],
    [{ field: 'series', contains: 'rivers' }],
    [{ field: 'genres', equals: 'young adult' }],
    [{ field: 'genres', matches: '^Fan' }],
    [{ field: 'description', matches: String.raw`river\.\nThe` }],
    [{ field: 'title', matches: '(?i)QUIET' }],
    [{ field: 'rating', gte: 4.12 }],
    [{ field: 'rating', lte: 4.12 }],
    [{ field: 'pages', equals: 0 }],
    [{ field: 'originalPublishedYear', lte: -1 }],
    [{ field: 'ratingsDistribution', gte: 2_000 }],
    [{ field: 'workId', equals: null }],
    [{ field: 'awards', equals: null }],
    [{ field: 'publishedDate', gte: '2008' }],
    [{ field: 'publishedDate', lte: '2008' }],
    [{ field: 'publishedDate', lte: '2008-09' }],
    [{ field: 'publishedDate', lte: '2008-09-14' }],
    [{ field: 'publishedDate', gte: '2008-09-14' }],
    [{ field: 'fetchedAt', gte: '2026-03-01' }],
    [{ field: 'fetchedAt', lte: '2026-03-01' }],
    [{ field: 'id', equals: '2767052' }],
  ])('%j', (given) => {
    expect(faultOfUntil({ count: 1, ...given })).toBeNull();
    expect(satisfied(given)).toBe(true);
  });
});

describe('a book does not satisfy', () => {
  it.each<[Given]>([
    [{ field: 'title', equals: 'The Cartographer' }],
    [{ field: 'title', contains: 'loud' }],
    [{ field: 'title', matches: 'QUIET' }],
    [{ field: 'title', equals: null }],
    [{ field: 'genres', equals: null }],
    [{ field: 'genres', equals: 'Fantasy, Young Adult' }],
    [{ field: 'rating', gte: 4.13 }],
    [{ field: 'rating', lte: 4.11 }],
    // What the page does not say is neither little nor much.
    [{ field: 'reviewsCount', lte: 1e9 }],
    [{ field: 'reviewsCount', gte: 0 }],
    [{ field: 'workId', contains: 'n' }],
    [{ field: 'publishedDate', gte: '2008-10' }],
    [{ field: 'publishedDate', lte: '2008-08' }],
    [{ field: 'publishedDate', lte: '2007' }],
    [{ field: 'authors', equals: 'Illustrator' }],
    [{ field: 'id', equals: '02767052' }],
  ])('%j', (given) => {
    expect(faultOfUntil({ count: 1, ...given })).toBeNull();
    expect(satisfied(given)).toBe(false);
  });

  it('a date that may lie on either side', () => {
    const book = { publishedDate: '2008' };
    expect(compileUntil({ field: 'publishedDate', gte: '2008-09', count: 1 })(book)).toBe(false);
    expect(compileUntil({ field: 'publishedDate', lte: '2008-09', count: 1 })(book)).toBe(false);
    expect(compileUntil({ field: 'publishedDate', lte: '2008', count: 1 })(book)).toBe(true);
  });
});

describe('a condition is refused', () => {
  it.each<[Given, string, string]>([
    [{ field: 'titel', contains: 'a' }, '/field', 'must be one of title, author'],
    [{ field: 'sources', contains: 'a' }, '/field', 'must be one of title'],
    [{ field: 'constructor', contains: 'a' }, '/field', 'must be one of title'],
    [{ field: 'title' }, '', 'exactly one of equals'],
    [{ field: 'rating', gte: 1, lte: 2 }, '', 'exactly one of equals'],
    [{ field: 'title', gte: 1 }, '/gte', 'which is a text: send one of equals, contains, matches'],
    [{ field: 'rating', contains: '4' }, '/contains', 'which is a number'],
    [{ field: 'rating', equals: '4' }, '/equals', 'must be a number'],
    [{ field: 'isbn13', equals: 9_780_439_023_481 }, '/equals', 'must be text'],
    [{ field: 'title', equals: true }, '/equals', 'must be text'],
    [{ field: 'title', equals: '' }, '/equals', 'must hold a character'],
    [{ field: 'title', contains: '\u0301' }, '/contains', 'must hold a character'],
    [{ field: 'title', contains: 'x'.repeat(201) }, '/contains', 'at most 200 characters'],
    [{ field: 'publishedDate', gte: 2008 }, '/gte', 'must be text'],
    [{ field: 'publishedDate', gte: 'September 2008' }, '/gte', 'must be a date such as 2008'],
    [{ field: 'title', matches: '(' }, '/matches', 'is no regular expression of RE2: missing closing )'],
    [{ field: 'title', matches: '(?=a)' }, '/matches', 'is no regular expression of RE2'],
    [{ field: 'title', matches: String.raw`(a)\1` }, '/matches', 'is no regular expression of RE2'],
    [{ field: 'title', matches: '(?:a?){900}' }, '/matches', 'is too large a pattern'],
    [{ field: 'title', matches: '((a{100}){100}){100}' }, '/matches', 'is no regular expression of RE2'],
    [{ field: 'title', matches: 'x'.repeat(201) }, '/matches', 'at most 200 characters'],
  ])('%j', (given, pointer, detail) => {
    const fault = faultOfUntil({ count: 1, ...given });
    expect(fault?.pointer).toBe(pointer);
    expect(fault?.detail).toContain(detail);
  });
});

it('every field can be looked for, and null is taken for each', () => {
  for (const field of UNTIL_FIELDS) expect(faultOfUntil({ field, equals: null, count: 1 })).toBeNull();
});

describe('a pattern that would hang a backtracking engine ends soon', () => {
  const LONG = `${'a'.repeat(100_000)}!`;
  const MIXED = 'ab'.repeat(50_000);
  it.each([
    ['(a+)+$', LONG],
    ['(a|aa)+$', LONG],
    ['(.*)*(.*)*(.*)*b', LONG],
    [String.raw`^(([a-z])+.)+[A-Z]([a-z])+$`, LONG],
    ['.*a.{240}z', MIXED],
    [String.raw`(?:[a-z]*.?){50}\d`, MIXED],
  ])('%s', (matches, text) => {
    expect(faultOfUntil({ field: 'description', matches, count: 1 })).toBeNull();
    const judge = compileUntil({ field: 'description', matches, count: 1 });
    const startedMs = performance.now();
    judge({ description: text });
    judge({ genres: Array.from({ length: 1_000 }, () => text), description: text });
    // A backtracking engine needs longer than the age of the universe; a slow machine needs a second.
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it('looks at the first 10,000 characters', () => {
    const judge = compileUntil({ field: 'genres', matches: 'end', count: 1 });
    expect(judge({ genres: ['x'.repeat(9_997), 'end'] })).toBe(true);
    expect(judge({ genres: ['x'.repeat(9_998), 'end'] })).toBe(false);
  });
});
