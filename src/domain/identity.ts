/**
 * One book, one id. Only `entry.ts` turns a user's text into a reference. All other code works on these nominal types, so no user text
 * ever reaches a URL.
 */
import { isbn13FromIsbn10, validIsbn10, validIsbn13 } from './links/isbn.ts';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A Goodreads book number: 1 to 12 digits, no leading zero. */
export type BookId = Branded<'BookId'>;
/** The canonical address of a book, without slug: `https://www.goodreads.com/book/show/2767052`. */
export type BookUrl = Branded<'BookUrl'>;
/** A 13-digit ISBN whose check digit is right. */
export type Isbn13 = Branded<'Isbn13'>;
/** Amazon's number of a Kindle book: `B0` and eight capital letters or digits. */
export type Asin = Branded<'Asin'>;
/** Names the one live job of a book: `book-<bookId>`; `isbn-<isbn13>` or `asin-<asin>` while the id is not known yet. */
export type JobId = Branded<'JobId'>;

/** What an entry names: a book by its number, by an ISBN or by an ASIN. The crawl finds the book number of the last two. */
export type BookReference =
  | { kind: 'book'; bookId: BookId; jobId: JobId; url: BookUrl }
  | { kind: 'isbn'; isbn13: Isbn13; jobId: JobId; url: BookUrl }
  | { kind: 'asin'; asin: Asin; jobId: JobId; url: BookUrl };

/** The site that every address is built on. */
export const ORIGIN = 'https://www.goodreads.com';

/** The reference of a book number. Costs three short strings. */
export function bookReference(bookId: BookId): BookReference {
  return { kind: 'book', bookId, jobId: `book-${bookId}` as JobId, url: `${ORIGIN}/book/show/${bookId}` as BookUrl };
}

/** The reference of an ISBN whose book number is not known yet. */
export function isbnReference(isbn13: Isbn13): BookReference {
  return { kind: 'isbn', isbn13, jobId: `isbn-${isbn13}` as JobId, url: `${ORIGIN}/book/isbn/${isbn13}` as BookUrl };
}

/** The reference of an ASIN whose book number is not known yet. Its address is the question that finds the number. */
export function asinReference(asin: Asin): BookReference {
  return { kind: 'asin', asin, jobId: `asin-${asin}` as JobId, url: `${ORIGIN}${askForAsin(asin)}` as BookUrl };
}

const askForAsin = (asin: Asin): string => `/book/auto_complete?format=json&q=${asin}`;

/** The book number that 1 to 12 digits name, else `null`. Leading zeros are dropped, spaces around are allowed, and 0 is no book. */
export function parseBookId(text: string): BookId | null {
  const digits = text.trim();
  if (!/^\d{1,12}$/.test(digits)) return null;
  const bare = digits.replace(/^0+/, '');
  return bare === '' ? null : (bare as BookId);
}

/** Reads an ISBN-10 or ISBN-13, with or without hyphens, as an ISBN-13. `null` when its length or check digit is wrong. */
export function parseIsbn(text: string): Isbn13 | null {
  if (text.length > 64) return null;
  const trimmed = text.trim();
  const thirteen = validIsbn13(trimmed);
  if (thirteen !== null) return thirteen as Isbn13;
  const ten = validIsbn10(trimmed);
  return ten === null ? null : (isbn13FromIsbn10(ten) as Isbn13);
}

/** The ASIN that a text is, else `null`. Only `B0` and eight capital letters or digits count: anything else may be a word. */
export function parseAsin(text: string): Asin | null {
  const trimmed = text.trim();
  return /^B0[A-Z\d]{8}$/.test(trimmed) ? (trimmed as Asin) : null;
}

/** The reference that a job id names: the inverse of `reference.jobId`. `null` for other ids. */
export function referenceOfJob(jobId: string): BookReference | null {
  const match = /^(book|isbn|asin)-([A-Z\d]+)$/.exec(jobId);
  if (match === null) return null;
  const [, kind, name = ''] = match;
  if (kind === 'book') {
    const bookId = parseBookId(name);
    return bookId === name && bookId !== null ? bookReference(bookId) : null;
  }
  if (kind === 'asin') {
    const asin = parseAsin(name);
    return asin === null ? null : asinReference(asin);
  }
  const isbn13 = validIsbn13(name);
  return isbn13 === null ? null : isbnReference(isbn13 as Isbn13);
}

/** The address of a job's or an item's book. Before the book number is known, the address that the job asks for. `null` without a job. */
export function addressOf(jobId: string | null, bookId: string | null): string | null {
  if (bookId !== null) return `${ORIGIN}/book/show/${bookId}`;
  return jobId === null ? null : (referenceOfJob(jobId)?.url ?? null);
}

/**
 * The path that the crawler requests for a reference: `/book/show/<id>` or `/book/isbn/<isbn13>`. For an ASIN it is the question
 * `/book/auto_complete?format=json&q=<asin>`, whose answer names the book to crawl.
 */
export function crawlPath(reference: BookReference): string {
  switch (reference.kind) {
    case 'book':
      return `/book/show/${reference.bookId}`;
    case 'isbn':
      return `/book/isbn/${reference.isbn13}`;
    case 'asin':
      return askForAsin(reference.asin);
  }
}
