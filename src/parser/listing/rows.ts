/**
 * Cuts the rows of a listing out of its page, and reads each of them. Only the tags with which rows begin are looked for. So links in
 * comments, descriptions, sidebars and scripts never count, and a stray closing tag in one row does not end the list.
 */
import type { BookId } from '../../domain/identity.ts';
import { attribute, attributeIn, find, findAll, hasClass, parseMarkup, type Markup } from '../markup/markup.ts';
import { decode, tagBounds } from '../markup/page-bytes.ts';
import { textOf } from '../markup/text.ts';
import { bookAddress, workAddress } from './listing-address.ts';

/** A row takes 5 to 9 kB. */
const MAX_ROW = 64 * 1024;
/** No page has more than 100 rows; a saved shelf that was scrolled down has some thousands. */
export const MAX_ROWS = 5_000;
/** The most places at which the mark of a row is looked at: it occurs in texts and scripts too. */
const MAX_MARKS = 10_000;

/** What one row says. A row whose book cannot be read has no `book`. */
export interface Row {
  book: BookId | null;
  work: string | null;
  position: string | null;
  title: string | null;
  author: string | null;
}

/** How the rows of a family begin. */
export interface RowStart {
  /** Bytes in the first tag of each row. */
  mark: string;
  /** Whether a tag with the mark begins a row. */
  begins: (tag: string, attributes: string) => boolean;
}

/** The rows between two places of a page, in their order. */
export function rowsBetween(page: Buffer, { mark, begins }: RowStart, from: number, to: number): Markup[] {
  const starts: number[] = [];
  let at = page.indexOf(mark, from);
  for (let tries = 0; at >= 0 && at < to && tries < MAX_MARKS && starts.length < MAX_ROWS; tries += 1) {
    const bounds = tagBounds(page, at);
    if (bounds !== null && bounds.start >= from) {
      const text = decode(page, bounds.start + 1, bounds.end - 1);
      const tag = /^[a-z]+/i.exec(text)?.[0].toLowerCase() ?? '';
      if (bounds.start !== starts.at(-1) && begins(tag, text.slice(tag.length))) starts.push(bounds.start);
    }
    at = page.indexOf(mark, bounds?.end ?? at + mark.length);
  }
  return starts.map((start, n) => parseMarkup(decode(page, start, Math.min(starts[n + 1] ?? to, start + MAX_ROW, to))));
}

/** Whether raw attribute text has a class. */
export function classIn(attributes: string, name: string): boolean {
  return (attributeIn(attributes, 'class') ?? '').split(/\s+/).includes(name);
}

/** Table rows that are marked as a book: lists, authors and search results. */
export const TABLE_ROWS: RowStart = {
  mark: 'schema.org/Book',
  begins: (tag, attributes) => tag === 'tr' && /^https?:\/\/schema\.org\/Book$/.test(attributeIn(attributes, 'itemtype') ?? ''),
};

/** Reads a row by its links. The first link to a book is the row's own; a link with the class `bookTitle` goes before it. */
export function readRow(row: Markup): Row {
  const links = findAll(row, (element) => element.name === 'a');
  const toBook = links.filter((link) => bookAddress(attribute(link, 'href')) !== null);
  const titled = toBook.find((link) => hasClass(link, 'bookTitle'));
  const link = titled ?? toBook[0];
  if (link === undefined) return { book: null, work: null, position: null, title: null, author: null };
  const author = find(row, (element) => element.name === 'a' && hasClass(element, 'authorName'));
  const work = links.map((each) => workAddress(attribute(each, 'href'))).find((id) => id !== null);
  return {
    book: bookAddress(attribute(link, 'href')),
    work: work ?? null,
    position: null,
    title: textOf(titled ?? link) ?? attribute(link, 'title'),
    author: author === null ? null : textOf(author),
  };
}
