import { describe, expect, it } from 'vitest';
import type { Book } from '../../../src/domain/book.ts';
import { richness } from '../../../src/domain/richness.ts';
import { serializeBook } from '../../../src/domain/serialize-book.ts';
import { fixture } from '../../support/corpus.ts';
import { bookOf, read } from './reading.ts';

const parsed = bookOf(read(fixture('next', '7100001'), '7100001'));
const book: Book = { ...parsed, fetchedAt: '2026-01-02T03:04:05.678Z', via: 'crawl' };

describe('the bytes of a book', () => {
  it("have the contract's keys in the contract's order", () => {
    expect(Object.keys(JSON.parse(serializeBook(book).toString()) as object)).toEqual([
      'title',
      'author',
      'rating',
      'description',
      'id',
      'url',
      'workId',
      'originalTitle',
      'authors',
      'series',
      'ratingsCount',
      'reviewsCount',
      'ratingsDistribution',
      'format',
      'pages',
      'publisher',
      'publishedDate',
      'originalPublishedYear',
      'language',
      'isbn10',
      'isbn13',
      'asin',
      'genres',
      'coverUrl',
      'awards',
      'fetchedAt',
      'via',
      'layout',
      'sources',
    ]);
    expect(JSON.parse(serializeBook(book).toString())).toEqual(book);
  });

  it('are the same for the same book, however its keys were ordered', () => {
    const reversed = Object.fromEntries(Object.entries(book).toReversed()) as unknown as Book;
    expect(serializeBook(reversed).equals(serializeBook(book))).toBe(true);
  });
});

describe('richness', () => {
  it('counts the fields that carry a value', () => {
    expect(richness(parsed)).toBe(23);
    expect(richness({ ...parsed, genres: [], publisher: null })).toBe(21);
    expect(richness({ ...parsed, ratingsCount: 0 })).toBe(23);
    expect(richness({ ...parsed, genres: ['one'] })).toBe(richness(parsed));
  });

  it('is higher for the whole page than for a part of it', () => {
    const page = fixture('next', '7100001');
    const cut = bookOf(read(page.subarray(0, page.indexOf('<script id="__NEXT_DATA__"')), '7100001'));
    expect(richness(cut)).toBeLessThan(richness(parsed));
  });
});
