/**
 * From the bytes of an answer to a book, or to the reason why there is none. The steps: recognise the page, find out which book it shows,
 * read each layer once, merge the layers, check the result. The entrance to this folder.
 */
import type { ParsedBook } from '../domain/book.ts';
import type { BookReference } from '../domain/identity.ts';
import { readLegacy } from './legacy/read-legacy.ts';
import { bufferOf } from './markup/page-bytes.ts';
import { mergeLayers, type LayerFindings } from './merge.ts';
import { readDataLayers, readRenderedLayers } from './next/read-next.ts';
import { classifyNoBook, isWhole, type NoBook, type PageAnswer } from './no-book.ts';
import { identify, isExpected, redirectedId } from './page-identity.ts';
import { recognise, type BookPage } from './recognise.ts';

export type { NoBook, PageAnswer } from './no-book.ts';

/**
 * What a page is. For a book, `askedId` is the book number that was asked for, or `null` for an ISBN. When it differs from `book.id`,
 * Goodreads redirected, and `askedId` is an alias of the book.
 */
export type PageReading = { kind: 'book'; book: ParsedBook; askedId: string | null } | NoBook;

/** Whether a web page came whole. An answer of another type, such as JSON, counts as whole. */
export function cameWhole({ headers, body }: Pick<PageAnswer, 'headers' | 'body'>): boolean {
  const type = headers['content-type'];
  return (typeof type === 'string' && !/html/i.test(type)) || isWhole(bufferOf(body));
}

/** Whether an answer with this status may have a book. The firewall uses 403 and 405, but a book in the body counts more than its mark. */
function mayCarryBook(status: number): boolean {
  return (status >= 200 && status < 300) || status === 403 || status === 405;
}

/**
 * Reads an answer: finds out what kind of page it is, and reads the book from every layer. Never throws. Takes about a third of a
 * millisecond for a real page, and at most 200 ms for any bytes up to 8 MiB.
 *
 * For a page that a user saved, pass status 200, no headers and the address of the book it is said to be. When nobody says which book it
 * is, `asked` is `null`, and the address is the page's own or ''.
 */
export function readPage(answer: PageAnswer, asked: BookReference | null): PageReading {
  const page = bufferOf(answer.body);
  const { book, state } = recognise(page);
  if (book !== null && mayCarryBook(answer.status)) {
    const id = identify(page, book, answer, asked);
    if (typeof id !== 'string') return id;
    const layout = book.kind === 'legacy' ? 'legacy' : 'next';
    return check(id, mergeLayers(id, layout, readLayers(page, book, id)), answer, asked);
  }
  // The page says that the book that was asked for is missing. It says nothing about another number.
  const saysMissing = state?.book === null && (state.queriedId === null || isExpected(state.queriedId, answer, asked));
  return classifyNoBook(answer, page, { saysMissing, route: state?.page ?? null, skeleton: state?.empty === true });
}

/** Every layer of the page, best first. */
function readLayers(page: Buffer, book: BookPage, id: string): LayerFindings[] {
  switch (book.kind) {
    case 'legacy':
      return [['legacy', readLegacy(page, book.title, id)]];
    case 'data':
      return readDataLayers(page, book.entry, book.state, id);
    case 'rendered':
      return readRenderedLayers(page, book.jsonLd);
  }
}

/**
 * The last check: the book has a title and an author. It must also have the ISBN that was asked for, when nothing else links page and
 * request, and always the ASIN.
 */
function check(id: string, book: ParsedBook | null, answer: PageAnswer, asked: BookReference | null): PageReading {
  if (book === null) return { kind: 'unrecognised', reason: 'The page looks like a book, but no title or no author could be read.' };
  if (asked === null) return { kind: 'book', book, askedId: null };
  if (asked.kind === 'book') return { kind: 'book', book, askedId: asked.bookId };
  if (asked.kind === 'asin') {
    if (book.asin === asked.asin) return { kind: 'book', book, askedId: null };
    return { kind: 'other-page', reason: `The page is that of book ${id}, which does not have the ASIN ${asked.asin}.` };
  }
  if (redirectedId(answer) !== id && book.isbn13 !== asked.isbn13) {
    return { kind: 'other-page', reason: `The page is that of book ${id}, which does not have the ISBN ${asked.isbn13}.` };
  }
  return { kind: 'book', book, askedId: null };
}
