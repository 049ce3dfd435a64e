/** Library exports as programs write them: the columns of each version, and cells that must never be kept. */

const COMMON = [
  'Book Id',
  'Title',
  'Author',
  'Author l-f',
  'Additional Authors',
  'ISBN',
  'ISBN13',
  'My Rating',
  'Average Rating',
  'Publisher',
  'Binding',
  'Number of Pages',
  'Year Published',
  'Original Publication Year',
  'Date Read',
  'Date Added',
  'Bookshelves',
  'Bookshelves with positions',
  'Exclusive Shelf',
  'My Review',
  'Spoiler',
  'Private Notes',
];

/** The columns of Goodreads' export, by how many there are. */
export const GOODREADS_COLUMNS: Record<23 | 24 | 31, readonly string[]> = {
  23: [...COMMON, 'Owned Copies'],
  24: [...COMMON, 'Read Count', 'Owned Copies'],
  31: [
    ...COMMON,
    'Read Count',
    'Recommended For',
    'Recommended By',
    'Owned Copies',
    'Original Purchase Date',
    'Original Purchase Location',
    'Condition',
    'Condition Description',
    'BCID',
  ],
};

/** The columns of The StoryGraph's export. */
export const STORYGRAPH_COLUMNS: readonly string[] = [
  'Title',
  'Authors',
  'Contributors',
  'ISBN/UID',
  'Format',
  'Read Status',
  'Date Added',
  'Last Date Read',
  'Dates Read',
  'Read Count',
  'Moods',
  'Pace',
  'Character- or Plot-Driven?',
  'Strong Character Development?',
  'Loveable Characters?',
  'Diverse Characters?',
  'Flawed Characters?',
  'Star Rating',
  'Review',
  'Content Warnings',
  'Content Warning Description',
  'Tags',
  'Owned?',
];

/** A cell in quotes, where it needs them. */
const quoted = (cell: string): string => (/[",\r\n]/.test(cell) && !cell.startsWith('="') ? `"${cell.replaceAll('"', '""')}"` : cell);

/** A file with a header. Cells that a row does not name are empty. */
export function csvFile(columns: readonly string[], rows: readonly Record<string, string>[], end = '\r\n'): string {
  const lines = rows.map((row) => columns.map((name) => quoted(row[name] ?? '')).join(','));
  return [columns.map(quoted).join(','), ...lines].map((line) => line + end).join('');
}

/** How Goodreads writes an ISBN, so that spreadsheets keep its zeros. */
export const isbnCell = (isbn: string): string => `="${isbn}"`;
