/** Anybody can hand in a page: whoever reads the book must not be led to a host of that page's choice. */
import { describe, expect, it } from 'vitest';
import { fixture } from '../../support/corpus.ts';
import { bookOf, read } from './reading.ts';

const HOSTS_OF_PAGES = /^https:\/\/(www\.|m\.)?goodreads\.com\//;
const COVER = 'm.media-amazon.com/images/S/compressed.photo.goodreads.com/books/made-up/7100001.jpg';

const page = fixture('next', '7100001').toString();
const withoutData = page.slice(0, page.indexOf('<script id="__NEXT_DATA__"'));
const legacy = fixture('legacy', '7200001').toString();

const FOREIGN = [
  'http://169.254.169.254/latest/meta-data/iam',
  'https://evil.example/cover.jpg',
  'https://127.0.0.1:3000/books',
  'https://[::1]/x.jpg',
  'https://m.media-amazon.com@evil.example/x.jpg',
  'https://evil.example#.m.media-amazon.com/x.jpg',
  'https://m.media-amazon.com.evil.example/x.jpg',
  'https://evilmedia-amazon.com/x.jpg',
  'https://m.media-amazon.com:8443/x.jpg',
  'https://m.media-amazon%2ecom/x.jpg',
  'https:///m.media-amazon.com/x.jpg',
  'https://www.goodreads.com/user/sign_out',
  '/user/sign_out',
];

describe('the cover of a page', () => {
  it.each(FOREIGN)('%s is dropped by every layer', (url) => {
    for (const source of [page, withoutData]) {
      const forged = source.replaceAll(`https://${COVER}`, url);
      expect(forged).not.toBe(source);
      expect(bookOf(read(forged, '7100001')).coverUrl).toBeNull();
    }
    const cover = bookOf(read(legacy, '7200001')).coverUrl ?? '?';
    const forged = legacy.replaceAll(cover, url);
    expect(forged).not.toBe(legacy);
    expect(bookOf(read(forged, '7200001')).coverUrl).toBeNull();
  });

  it.each([
    'https://i.gr-assets.com/images/S/x.jpg',
    'https://images.gr-assets.com/books/1l/2.jpg',
    'https://images-na.ssl-images-amazon.com/images/x.jpg',
    'https://images-eu.ssl-images-amazon.com/images/x.jpg',
    'https://m.media-amazon.com/images/x.jpg',
    'https://g-ecx.images-amazon.com/images/x.jpg',
    'https://photo.goodreads.com/books/1l/2.jpg',
  ])('%s is kept', (url) => {
    expect(bookOf(read(page.replaceAll(`https://${COVER}`, url), '7100001')).coverUrl).toBe(url);
  });
});

describe('the other addresses of a book', () => {
  it('lead only to the source, whatever the page says', () => {
    for (const [source, id] of [
      [page, '7100001'],
      [withoutData, '7100001'],
      [legacy, '7200001'],
    ] as const) {
      const forged = source.replaceAll(/(https:\/\/www\.goodreads\.com)?\/(author\/show|book\/show)/g, 'https://169.254.169.254/$2');
      const reading = read(forged, id);
      // A page that names no book of the source at all may be refused instead.
      const addresses = reading.kind === 'book' ? [reading.book.url, ...reading.book.authors.map(({ url }) => url)] : [];
      for (const url of addresses) expect(url ?? 'https://www.goodreads.com/').toMatch(HOSTS_OF_PAGES);
    }
    const forgedAuthors = page.replaceAll('https://www.goodreads.com/author/show', 'https://169.254.169.254/author/show');
    expect(forgedAuthors).not.toBe(page);
    const { authors } = bookOf(read(forgedAuthors, '7100001'));
    expect(authors.map(({ url }) => url)).toEqual(authors.map(() => null));
    expect(authors.map(({ name }) => name)).toEqual(bookOf(read(page, '7100001')).authors.map(({ name }) => name));
  });
});
