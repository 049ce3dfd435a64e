/** Books as CSV (RFC 4180), in the columns of Goodreads' own export, so that importers read it. No text in it becomes a formula. */
import { stringify } from 'csv-stringify/sync';
import type { Book } from '../../domain/book.ts';
import { listFormat, type BookFormat } from './book-format.ts';

/** Characters that begin a formula in some spreadsheet (OWASP, "CSV Injection"), with their full-width and small forms. */
const FORMULA = '[=+\\-@|＝＋－＠｜﹢﹣﹦﹫−]';
/** Quotes, and unseen characters that a spreadsheet may drop before it looks for a formula. Separators do not count. */
const UNSEEN = '(?![\\t\\r\\n])[\\p{White_Space}\\p{C}\\p{M}\\p{Default_Ignorable_Code_Point}\\u2800"]';

/**
 * Where an apostrophe goes: at the start of a cell, and after each character that starts a cell in other settings.
 * Where people write `0,5`, a spreadsheet splits the line at `;`. The quotes of CSV then protect neither tabs nor line breaks.
 */
const FORMULA_START = new RegExp(`(?<=^|[;\\t\\r\\n])(?=(?:${UNSEEN})*${FORMULA})|^(?=[\\t\\r\\n])`, 'gu');

/** Text that no spreadsheet takes for a formula: an apostrophe leads every part of it that would start one. */
const withoutFormulas = (text: string): string => text.replaceAll(FORMULA_START, "'");

const year = (date: string | null): number | null => (date === null ? null : Number.parseInt(date, 10) || null);

/** Goodreads' columns first, by Goodreads' names; then ours, which importers pass over. */
const COLUMNS: readonly [name: string, value: (book: Book) => string | number | null][] = [
  ['Book Id', (book) => book.id],
  ['Title', (book) => book.title],
  ['Author', (book) => book.author],
  [
    'Additional Authors',
    (book) =>
      book.authors
        .slice(1)
        .map(({ name }) => name)
        .join(', '),
  ],
  ['ISBN', (book) => book.isbn10],
  ['ISBN13', (book) => book.isbn13],
  ['Average Rating', (book) => book.rating],
  ['Publisher', (book) => book.publisher],
  ['Binding', (book) => book.format],
  ['Number of Pages', (book) => book.pages],
  ['Year Published', (book) => year(book.publishedDate)],
  ['Original Publication Year', (book) => book.originalPublishedYear],
  ['URL', (book) => book.url],
  ['Series', (book) => book.series.map(({ title, position }) => (position === null ? title : `${title} #${position}`)).join('; ')],
  ['Genres', (book) => book.genres.join(', ')],
  ['Language', (book) => book.language],
  ['Ratings Count', (book) => book.ratingsCount],
  ['Cover', (book) => book.coverUrl],
  ['Description', (book) => book.description],
  ['Fetched At', (book) => book.fetchedAt],
];

const OPTIONS = { record_delimiter: '\r\n', quote_record_delimiter: true, cast: { string: withoutFormulas } } as const;

/** Lines of CSV. Numbers are ours, and never a formula. */
export const csvLines = (rows: (string | number | null)[][]): string => stringify(rows, OPTIONS);

/** The first line names the columns. */
export const CSV: BookFormat = listFormat({
  mediaType: 'text/csv',
  extension: 'csv',
  head: () => csvLines([COLUMNS.map(([name]) => name)]),
  book: (book) => csvLines([COLUMNS.map(([, value]) => value(book))]),
  foot: () => '',
});
