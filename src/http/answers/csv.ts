/** CSV (RFC 4180) that a spreadsheet cannot be tricked by, in the columns of Goodreads' own export, so that importers read it. */
import type { Book } from '../../domain/book.ts';

/** Characters that begin a formula in some spreadsheet (OWASP, "CSV Injection"), with their full-width and small forms. */
const FORMULA = '[=+\\-@|＝＋－＠｜﹢﹣﹦﹫−]';
/** Characters that a reader does not see, and that a spreadsheet may drop before it looks for a formula; and quotes. Separators are not among them. */
const UNSEEN = '(?![\\t\\r\\n])[\\p{White_Space}\\p{C}\\p{M}\\p{Default_Ignorable_Code_Point}\\u2800"]';

/**
 * Where an apostrophe goes: at the start of a cell, and after each character that starts a cell in other settings. A spreadsheet of a country that writes
 * `0,5` splits the line at `;`, and then the quotes of CSV protect neither tabs nor line breaks.
 */
const FORMULA_START = new RegExp(`(?<=^|[;\\t\\r\\n])(?=(?:${UNSEEN})*${FORMULA})|^(?=[\\t\\r\\n])`, 'gu');

/** One cell. An apostrophe leads every part of the text that would start a formula; numbers of ours never are one. */
export function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = value.replaceAll(FORMULA_START, "'");
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

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

/** The first line. */
export const CSV_HEADER = `${COLUMNS.map(([name]) => name).join(',')}\r\n`;

/** The line of a book. */
export const csvLine = (book: Book): string => `${COLUMNS.map(([, value]) => csvCell(value(book))).join(',')}\r\n`;
