/** What the tests of this folder share: asking for a book by number, and what every reading must be. */
import { expect } from 'vitest';
import { bookReference, isbnReference, parseBookId, parseIsbn, type BookReference } from '../../../src/domain/identity.ts';
import { readPage, type PageAnswer, type PageReading } from '../../../src/parser/read-page.ts';

export function asked(id: string): BookReference {
  const bookId = parseBookId(id);
  if (bookId === null) throw new Error(`${id} is no book number`);
  return bookReference(bookId);
}

export function askedIsbn(isbn: string): BookReference {
  const isbn13 = parseIsbn(isbn);
  if (isbn13 === null) throw new Error(`${isbn} is no ISBN`);
  return isbnReference(isbn13);
}

/** Reads bytes as the answer to a request for a book; status 200, no headers and the book's own address unless said otherwise. */
export function read(body: Uint8Array | string, reference: BookReference | string, more: Partial<PageAnswer> = {}): PageReading {
  const book = typeof reference === 'string' ? asked(reference) : reference;
  return readPage({ status: 200, headers: {}, body: typeof body === 'string' ? Buffer.from(body) : body, url: book.url, ...more }, book);
}

/** The book of a reading that has to be one. */
export function bookOf(reading: PageReading): Extract<PageReading, { kind: 'book' }>['book'] {
  if (reading.kind !== 'book') throw new Error(`${reading.kind}: ${reading.reason}`);
  return reading.book;
}

const KINDS = new Set(['book', 'missing', 'blocked', 'sign-in', 'overloaded', 'other-page', 'unrecognised']);
const LAYERS = new Set(['next-data', 'json-ld', 'test-id', 'legacy', 'open-graph']);

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROLS = /[\u0000-\u0008\u000e-\u001f]/;

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '' && !CONTROLS.test(value) && !/\p{Surrogate}/u.test(value);
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isUrl = (value: unknown): boolean =>
  isText(value) && /^https:\/\/(?:www\.|m\.)?goodreads\.com(?::443)?[/?#]\S*$/i.test(String(value));
const isCover = (value: unknown): boolean =>
  isText(value) &&
  /^https:\/\/(?:[\w-]+\.)*(?:gr-assets|ssl-images-amazon|images-amazon|media-amazon|photo\.goodreads)\.com(?::443)?(?:[/?#]\S*)?$/i.test(
    String(value),
  );

/** Every rule that a reading keeps whatever the page was: plain checks, since the fuzz test runs them tens of thousands of times. */
export function faultsOf(reading: PageReading): string[] {
  const faults: string[] = [];
  const must = (name: string, good: boolean): void => void (good || faults.push(name));
  must('kind', KINDS.has(reading.kind));
  if (reading.kind !== 'book') {
    must('reason', isText(reading.reason) && reading.reason.length < 300);
    return faults;
  }
  const { book } = reading;
  must('title', isText(book.title));
  must('author', isText(book.author) && book.authors[0]?.name === book.author);
  must('id', /^[1-9]\d{0,11}$/.test(book.id));
  must('url', isUrl(book.url) && book.url.includes(book.id));
  for (const name of ['description', 'originalTitle', 'format', 'publisher', 'language', 'asin'] as const)
    must(name, book[name] === null || isText(book[name]));
  must('workId', book.workId === null || /^[1-9]\d{0,11}$/.test(book.workId));
  must('rating', book.rating === null || (book.rating > 0 && book.rating <= 5));
  for (const name of ['ratingsCount', 'reviewsCount'] as const) must(name, book[name] === null || isCount(book[name]));
  must(
    'ratingsDistribution',
    book.ratingsDistribution.length === 0 || (book.ratingsDistribution.length === 5 && book.ratingsDistribution.every(isCount)),
  );
  must('pages', book.pages === null || (isCount(book.pages) && book.pages > 0));
  must('publishedDate', book.publishedDate === null || /^\d{4}(?:-\d\d(?:-\d\d)?)?$/.test(book.publishedDate));
  must(
    'originalPublishedYear',
    book.originalPublishedYear === null || (Number.isInteger(book.originalPublishedYear) && book.originalPublishedYear !== 0),
  );
  must('isbn10', book.isbn10 === null || /^\d{9}[\dX]$/.test(book.isbn10));
  must('isbn13', book.isbn13 === null || /^97[89]\d{10}$/.test(book.isbn13));
  must('coverUrl', book.coverUrl === null || isCover(book.coverUrl));
  for (const name of ['genres', 'awards'] as const) must(name, book[name].every(isText) && new Set(book[name]).size === book[name].length);
  for (const person of book.authors) {
    must(
      'authors',
      isText(person.name) &&
        (person.role === null || isText(person.role)) &&
        (person.url === null || isUrl(person.url)) &&
        (person.id === null || /^\d+$/.test(person.id)),
    );
  }
  for (const entry of book.series)
    must(
      'series',
      isText(entry.title) && (entry.position === null || isText(entry.position)) && (entry.id === null || /^\d+$/.test(entry.id)),
    );
  must('layout', book.layout === 'next' || book.layout === 'legacy');
  for (const [field, layer] of Object.entries(book.sources)) must(`sources.${field}`, field in book && LAYERS.has(layer));
  for (const [field, value] of Object.entries(book)) {
    const carried = value !== null && !(Array.isArray(value) && value.length === 0);
    if (!['id', 'url', 'layout', 'sources'].includes(field)) must(`sources of ${field}`, carried === field in book.sources);
  }
  return faults;
}

/** Fails the test unless the reading keeps every rule. */
export function expectValid(reading: PageReading): void {
  expect(faultsOf(reading)).toEqual([]);
}
