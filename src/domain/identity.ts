/**
 * One book, one id. Only `parseBookReference` turns a user's text into an id. All other code works on these nominal types, so no user text
 * ever reaches a URL.
 */
import { isbn13FromIsbn10, validIsbn10, validIsbn13 } from './isbn.ts';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A Goodreads book number: 1 to 12 digits, no leading zero. */
export type BookId = Branded<'BookId'>;
/** The canonical address of a book, without slug: `https://www.goodreads.com/book/show/2767052`. */
export type BookUrl = Branded<'BookUrl'>;
/** A 13-digit ISBN whose check digit is right. */
export type Isbn13 = Branded<'Isbn13'>;
/** Names the one live job of a book: `book-<bookId>`, or `isbn-<isbn13>` while the id is not known yet. */
export type JobId = Branded<'JobId'>;

/** What a link names: a book by its number, or by an ISBN. The crawl finds the book number of an ISBN. */
export type BookReference =
  | { kind: 'book'; bookId: BookId; jobId: JobId; url: BookUrl }
  | { kind: 'isbn'; isbn13: Isbn13; jobId: JobId; url: BookUrl };

/** The result of {@link parseBookReference}. `reason` is a plain sentence for the caller. */
export type BookReferenceResult = { ok: true; reference: BookReference } | { ok: false; reason: string };

const ORIGIN = 'https://www.goodreads.com';
const MAX_LENGTH = 2048;
const MAX_DIGITS = 12;
const HOSTS = new Set(['goodreads.com', 'www.goodreads.com', 'm.goodreads.com']);
const SEND = 'send a link such as https://www.goodreads.com/book/show/2767052';

/** The forms of nearly every link, in one linear pass. {@link parseCarefully} takes all other links. */
const COMMON =
  /^https?:\/\/(?:www\.|m\.)?goodreads\.com\/(?:[a-z]{2}(?:-[A-Z]{2})?\/)?book\/show\/([1-9]\d{0,11})(?:[-.][\w.~%!$&'()*+,;=:@-]*)?\/?(?:[?#][\x21-\x7e]*)?$/;
/** Scheme, authority and path of any absolute URL. Nothing is normalised, so `..` or `//` in the path stay visible. */
const PARTS = /^([a-z][a-z\d+.-]*):\/\/([^/?#]*)([^?#]*)/i;
/** Goodreads prefixes book pages with about 60 locales: `/en/`, `/es/`, `/zh-TW/`, `/en-US/`. */
const LOCALE = /^\/[a-z]{2,3}(?:-[a-z\d]{2,8}){0,2}(?=\/book\/)/i;
const SHOW = /^\/book\/show\/([^/]*)\/?$/i;
const ISBN_PATH = /^\/book\/isbn(?:\/([^/]*))?\/?$/i;
/** A number and its slug. The slug starts with `-` or `.` (also percent-encoded), may have letters of any script, and means nothing. */
const NUMBER_AND_SLUG = /^(\d+)(?:(?:[-.]|%2d|%2e).*)?$/i;

function refuse(reason: string): BookReferenceResult {
  return { ok: false, reason };
}

/** The reference of a book number. Costs three short strings. */
export function bookReference(bookId: BookId): BookReference {
  return { kind: 'book', bookId, jobId: `book-${bookId}` as JobId, url: `${ORIGIN}/book/show/${bookId}` as BookUrl };
}

/** The reference of an ISBN whose book number is not known yet. */
export function isbnReference(isbn13: Isbn13): BookReference {
  return { kind: 'isbn', isbn13, jobId: `isbn-${isbn13}` as JobId, url: `${ORIGIN}/book/isbn/${isbn13}` as BookUrl };
}

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

/** The reference that a job id names: the inverse of `reference.jobId`. `null` for other ids. */
export function referenceOfJob(jobId: string): BookReference | null {
  const match = /^(book|isbn)-(\d+)$/.exec(jobId);
  if (match === null) return null;
  const [, kind, digits = ''] = match;
  if (kind === 'book') {
    const bookId = parseBookId(digits);
    return bookId === digits && bookId !== null ? bookReference(bookId) : null;
  }
  const isbn13 = validIsbn13(digits);
  return isbn13 === null ? null : isbnReference(isbn13 as Isbn13);
}

/** The address of a job's or an item's book. Before the book number is known, the address that the job asks for. `null` without a job. */
export function addressOf(jobId: string | null, bookId: string | null): string | null {
  if (bookId !== null) return `${ORIGIN}/book/show/${bookId}`;
  return jobId === null ? null : (referenceOfJob(jobId)?.url ?? null);
}

/** The path that the crawler requests for a reference: `/book/show/<id>` or `/book/isbn/<isbn13>`. */
export function crawlPath(reference: BookReference): string {
  return reference.kind === 'book' ? `/book/show/${reference.bookId}` : `/book/isbn/${reference.isbn13}`;
}

/**
 * The book that a user's text names. Accepts both schemes, the hosts with or without `www.` or `m.`, locale prefixes, slugs in any script,
 * query, fragment, ISBN-10 and ISBN-13. Refuses everything else with a reason. Never throws, and never turns a hostile URL into a good one.
 * Common forms take less than a microsecond.
 */
export function parseBookReference(input: unknown): BookReferenceResult {
  if (typeof input !== 'string') return refuse(`That is not a string: ${SEND}.`);
  if (input.length > MAX_LENGTH) return refuse(`The link is longer than ${MAX_LENGTH} characters: ${SEND}.`);
  const text = input.trim();
  const common = COMMON.exec(text);
  if (common !== null) return { ok: true, reference: bookReference(common[1] as BookId) };
  return parseCarefully(text);
}

/** {@link parseBookReference} without the short cut, for trimmed text that is not too long. Exported so that a test can compare the two. */
export function parseCarefully(text: string): BookReferenceResult {
  if (text === '') return refuse(`The link is empty: ${SEND}.`);
  // A URL parser drops tabs and newlines and encodes spaces, so two different texts would become one link.
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\s\u0000-\u001f\u007f]/.test(text))
    return refuse('The link contains spaces, line breaks or control characters: send one link, percent-encoded.');
  const parts = PARTS.exec(text);
  if (parts === null) return refuse(`That is not an absolute web address: ${SEND}.`);
  const [, scheme = '', authority = '', path = ''] = parts;
  if (!/^https?$/i.test(scheme)) return refuse(`The scheme is not http or https: ${SEND}.`);
  if (authority.includes('@')) return refuse('The link contains user information before the host: send it without.');
  if (authority.includes('\\') || path.includes('\\')) return refuse('The link contains a backslash: use forward slashes.');
  // Only plain letters may spell the host: full-width letters or percent-encoding would be folded into a good one.
  const url = /^[\w.:-]+$/.test(authority) && URL.canParse(text) ? new URL(text) : null;
  if (url === null || !HOSTS.has(url.hostname)) return refuse(`The host is not goodreads.com: ${SEND}.`);
  if (url.port !== '' && url.port !== '443' && url.port !== '80')
    return refuse("The link names a port that is not the web's: send it without.");
  return parsePath(path.replace(LOCALE, ''), url);
}

function parsePath(path: string, url: URL): BookReferenceResult {
  const show = SHOW.exec(path)?.[1];
  if (show !== undefined) return parseShow(show);
  const isbn = ISBN_PATH.exec(path);
  if (isbn !== null) return parseIsbnLink(isbn[1] ?? '', url);
  return refuse(`The path is not that of a book: ${SEND}.`);
}

function parseShow(segment: string): BookReferenceResult {
  const digits = NUMBER_AND_SLUG.exec(segment)?.[1];
  if (digits === undefined) return refuse(`No book number follows /book/show/: ${SEND}.`);
  if (digits.length > MAX_DIGITS) return refuse(`The book number is longer than ${MAX_DIGITS} digits: check it.`);
  const bookId = parseBookId(digits);
  return bookId === null ? refuse('The book number is 0: Goodreads starts at 1.') : { ok: true, reference: bookReference(bookId) };
}

function parseIsbnLink(segment: string, url: URL): BookReferenceResult {
  const asked = segment === '' ? url.searchParams.getAll('isbn') : [decoded(segment)];
  const [text] = asked;
  if (text === undefined) return refuse('No ISBN is given: send /book/isbn/9780439023481 or /book/isbn?isbn=0439023483.');
  if (asked.length > 1) return refuse('More than one ISBN is given: send one link for each.');
  const isbn13 = parseIsbn(text);
  if (isbn13 === null) return refuse('The ISBN is not valid: it needs 10 or 13 digits and the right check digit.');
  return { ok: true, reference: isbnReference(isbn13) };
}

/** Percent-decoded text. A malformed encoding stays as it is, and then fails as an ISBN. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
