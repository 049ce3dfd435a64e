/**
 * What is read of a CSV file of books: the column that numbers a book, and those with its ISBN or link. Everything else in a library export
 * (ratings, reviews, dates, private notes) is dropped here: no reason and no entry ever quotes a cell.
 */
import { parseEntry } from '../../domain/entry.ts';
import { bookReference, parseAsin, parseBookId, parseIsbn, type BookId } from '../../domain/identity.ts';
import { refusedEntry, type RefusedEntry } from '../../domain/links/refused-entry.ts';

type ColumnKind = 'bookId' | 'isbn' | 'url';

/** Names of columns, in lower case without spaces and signs: Goodreads' `Book Id`, `ISBN` and `ISBN13`, StoryGraph's `ISBN/UID`, plain ones. */
const KINDS: readonly (readonly [kind: ColumnKind, names: readonly string[]])[] = [
  ['bookId', ['bookid', 'goodreadsid', 'goodreadsbookid']],
  ['url', ['url', 'link', 'bookurl', 'goodreadsurl', 'goodreadslink']],
  ['isbn', ['isbn13']],
  ['isbn', ['isbn', 'isbn10', 'isbnuid']],
  ['isbn', ['asin']],
];
/** Other programs number their own rows so. It counts only in a file that names its books by nothing else. */
const PLAIN_ID = 'id';

/** The columns that are read, the best first, and how many the header has. */
export interface Columns {
  used: readonly { kind: ColumnKind; at: number }[];
  count: number;
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z\d]/g, '');

/** The columns of a header. `null` when none of them names books. */
export function columnsOf(header: readonly string[]): Columns | null {
  const names = header.map(plain);
  const used = KINDS.flatMap(([kind, known]) => names.flatMap((name, at) => (known.includes(name) ? [{ kind, at }] : [])));
  if (used.length === 0 && names.includes(PLAIN_ID)) used.push({ kind: 'bookId', at: names.indexOf(PLAIN_ID) });
  return used.length === 0 ? null : { used, count: header.length };
}

/** A cell without what spreadsheets are told by: `="9780439023481"` is the text 9780439023481. */
const bare = (cell: string): string => (/^="([^"]*)"$/.exec(cell.trim())?.[1] ?? cell).trim();

/**
 * The entry of a row: a number, an ISBN, an ASIN or a canonical link as text; or why the row names none, with its line. A row whose cells do
 * not match the header has lost a quote somewhere, so that no cell can be trusted.
 */
export function entryOfRow(cells: readonly string[], { used, count }: Columns, line: number): string | RefusedEntry {
  const refuse = (reason: string): RefusedEntry => refusedEntry(`line ${line}`, `Line ${line}${reason}`);
  if (cells.length < count || cells.slice(count).some((cell) => cell !== '')) {
    return refuse(` has ${cells.length} cells and the header ${count}: check the quotes around the cells.`);
  }
  let reason: string | null = null;
  for (const { kind, at } of used) {
    const cell = bare(cells[at] ?? '');
    if (cell === '') continue;
    const entry = READ[kind](cell);
    if (entry.text !== null) return entry.text;
    reason ??= entry.reason;
  }
  return refuse(reason ?? ' has neither a Book Id nor an ISBN: add one, or look up the book.');
}

type ReadCell = { text: string } | { text: null; reason: string };

const READ: Record<ColumnKind, (cell: string) => ReadCell> = {
  bookId(cell) {
    const bookId = parseBookId(cell);
    return bookId === null ? { text: null, reason: ': the Book Id is not a number of 1 to 12 digits.' } : { text: textOf(bookId) };
  },
  isbn(cell) {
    const text = parseIsbn(cell) ?? parseAsin(cell);
    return text === null
      ? { text: null, reason: ': the ISBN is not valid: it needs 10 or 13 digits and the right check digit.' }
      : { text };
  },
  url(cell) {
    const entry = parseEntry(cell);
    if (entry.ok !== true) return { text: null, reason: `: ${entry.reason}` };
    const { reference } = entry;
    return { text: reference.kind === 'book' ? textOf(reference.bookId) : reference.kind === 'asin' ? reference.asin : reference.url };
  },
};

/** A number of ten digits may look like an ISBN, so its link stands for it. */
const textOf = (bookId: BookId): string => (bookId.length === 10 ? bookReference(bookId).url : bookId);
