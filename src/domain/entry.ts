/**
 * What one entry of a submission names: a book or a collection, by a link in any form that Goodreads uses, or a book by its bare number, ISBN
 * or ASIN. Nothing else is guessed. No entry ever reaches a URL: addresses are built from the ids that are found here.
 */
import { collectionOfPath, type CollectionReference } from './collection.ts';
import {
  asinReference,
  bookReference,
  isbnReference,
  parseAsin,
  parseBookId,
  parseIsbn,
  type BookId,
  type BookReference,
} from './identity.ts';
import { bookOfPath } from './links/book-path.ts';
import { disallowedPath } from './links/disallowed.ts';
import { readAddress, SEND } from './links/web-address.ts';

/**
 * The result of {@link parseEntry}. `reason` is a plain sentence for the caller. `disallowed`: the link names a page that robots.txt forbids
 * by `rule`, the line of that file.
 */
export type EntryResult =
  | { ok: true; reference: BookReference | CollectionReference }
  | { ok: false; reason: string }
  | { ok: 'disallowed'; reason: string; rule: string };

/** The result of {@link parseBookReference}. `reason` is a plain sentence for the caller. */
export type BookReferenceResult = { ok: true; reference: BookReference } | { ok: false; reason: string };

/** How an entry that names something was read. */
export const ENTRY_KINDS = ['book', 'isbn', 'asin', 'collection'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

const MAX_LENGTH = 2048;

/** The forms of nearly every link, in one linear pass. {@link parseCarefully} takes all other entries. */
const COMMON =
  /^https?:\/\/(?:www\.|m\.)?goodreads\.com\/(?:[a-z]{2}(?:-[A-Z]{2})?\/)?book\/show\/([1-9]\d{0,11})(?:[-.][\w.~%!$&'()*+,;=:@-]*)?\/?(?:[?#][\x21-\x7e]*)?$/;
/** Digits as people copy an ISBN: single hyphens or spaces between them, perhaps an `X` at the end. */
const BARE_ISBN = /^\d(?:[- ]?\d){8,11}[- ]?[\dXx]$/;
/** What only a wrong ISBN or a number that is too long looks like. */
const LIKE_ISBN = /^\d[\d -]{7,30}[\dXx]$/;

const refuse = (reason: string): { ok: false; reason: string } => ({ ok: false, reason });

/**
 * Reads one entry. Never throws, and never turns a hostile URL into a good one. Common forms take less than a microsecond.
 *
 * A link: both schemes or none, hosts with or without `www.` or `m.`, locale prefixes, slugs in any script, query, fragment, angle brackets.
 * A bare number that passes the check of ISBN-13 or ISBN-10 is an ISBN; any other of 1 to 12 digits is a book number. `B0` and eight capital
 * letters or digits are an ASIN. An entry that is not a string is refused.
 */
export function parseEntry(input: unknown): EntryResult {
  if (typeof input !== 'string') return refuse(`That is not a string: ${SEND}.`);
  if (input.length > MAX_LENGTH) return refuse(`The link is longer than ${MAX_LENGTH} characters: ${SEND}.`);
  const text = input.trim();
  const common = COMMON.exec(text);
  if (common !== null) return { ok: true, reference: bookReference(common[1] as BookId) };
  return parseCarefully(text);
}

/** {@link parseEntry} without the short cut, for trimmed text that is not too long. Exported so that a test can compare the two. */
export function parseCarefully(text: string): EntryResult {
  if (text === '') return refuse(`The link is empty: ${SEND}.`);
  return parseBare(text) ?? parseAddress(text);
}

/** {@link parseEntry} for callers that can use a book only. A collection or a forbidden page is refused with a reason. */
export function parseBookReference(input: unknown): BookReferenceResult {
  const entry = parseEntry(input);
  if (entry.ok !== true) return refuse(entry.reason);
  const { reference } = entry;
  if (reference.kind !== 'collection') return { ok: true, reference };
  return refuse(`The link names a collection of books (${reference.family}), not one book: ${SEND}.`);
}

/** A number, an ISBN or an ASIN without a link around it. `null` when the text is none of them. */
function parseBare(text: string): EntryResult | null {
  const isbn13 = BARE_ISBN.test(text) ? parseIsbn(text) : null;
  if (isbn13 !== null) return { ok: true, reference: isbnReference(isbn13) };
  const asin = parseAsin(text);
  if (asin !== null) return { ok: true, reference: asinReference(asin) };
  if (/^\d{1,12}$/.test(text)) {
    const bookId = parseBookId(text);
    return bookId === null ? refuse('The book number is 0: Goodreads starts at 1.') : { ok: true, reference: bookReference(bookId) };
  }
  return LIKE_ISBN.test(text)
    ? refuse('That is no book number of 1 to 12 digits, and no ISBN with the right check digit: check it.')
    : null;
}

function parseAddress(text: string): EntryResult {
  const address = readAddress(text);
  if (typeof address === 'string') return refuse(address);
  const found = bookOfPath(address) ?? collectionOfPath(address.path);
  if (found !== null) return 'reason' in found ? refuse(found.reason) : { ok: true, reference: found.reference };
  const forbidden = disallowedPath(address.path);
  if (forbidden !== null) return { ok: 'disallowed', ...forbidden };
  return refuse(`The path is not that of a book or a collection of books: ${SEND}.`);
}

/** The text that two entries share when they name the same thing: the job's id, or `collection <family> <id>`. */
export const keyOfReference = (reference: BookReference | CollectionReference): string =>
  reference.kind === 'collection' ? `collection ${reference.family} ${reference.id}` : reference.jobId;
