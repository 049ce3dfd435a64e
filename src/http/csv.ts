/** CSV (RFC 4180) that a spreadsheet cannot be tricked by, in the columns of Goodreads' own export, so that importers read it. */
import type { Book } from '../books/book.ts';

/** What a spreadsheet would take for a formula (OWASP, "CSV Injection"), also after spaces. */
const FORMULA = /^\s*[=+\-@\t\r|]/;

/** One cell. Text that would start a formula is led by an apostrophe; numbers of ours never are one. */
export function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
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
