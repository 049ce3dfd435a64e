/**
 * From the bytes of an answer to a page that lists books, or to the reason why it is none. The steps: find out which collection the page
 * shows, read its rows, check the result.
 */
import { bufferOf, canonicalLink, metaContent } from '../markup/page-bytes.ts';
import { classifyNoBook, isWhole, titleOf, type NoBook, type PageAnswer, type Wanted } from '../no-book.ts';
import { recognise } from '../recognise.ts';
import { readFamily, type Reading } from './families.ts';
import { listingAddress, listingOfAnswer, type ListingAddress } from './listing-address.ts';
import type { AskedListing, Listing, ListingFamily, ListingReading } from './listing.ts';
import { MAX_ROWS, type Row } from './rows.ts';

/** Rows of a full page. Only families with pages have one. */
const PER_PAGE: Partial<Record<ListingFamily, number>> = { list: 100, series: 100, editions: 10, search: 20, 'review-list': 20 };
/** What each family is called in a sentence. */
const NOUNS: Record<ListingFamily, string> = {
  list: 'list',
  series: 'series',
  author: 'author',
  'author-list': 'list of an author',
  editions: 'list of editions',
  shelf: 'shelf',
  genre: 'genre',
  'review-list': 'shelf of a reader',
  search: 'search',
};

/**
 * Reads an answer. Never throws, and takes time in proportion to its bytes. For a page that a user saved, pass status 200, no headers and
 * `null` for what was asked: then any family counts, also the two that robots.txt forbids.
 *
 * A page that has none of the books that it claims is `unrecognised`, and so is one that was cut off: neither may end a collection in
 * silence. A page past the end is a listing without books. A page of another collection is `other-page`.
 */
export function readListing(answer: PageAnswer, asked: AskedListing | null): ListingReading {
  const page = bufferOf(answer.body);
  const self = mayCarryListing(answer.status) ? identify(page, answer, asked) : null;
  if (self === null) return none(answer, page, asked);
  if (asked !== null && !isExpected(self, answer, asked))
    return { kind: 'other-page', reason: `The page is ${shown(self)}, not ${shown(asked)}.` };
  return check(self, readFamily(page, self), page, asked);
}

/** Like a book page: what the body proves counts more than the mark of the firewall. */
function mayCarryListing(status: number): boolean {
  return (status >= 200 && status < 300) || status === 403 || status === 405;
}

/** The collection that the page names itself: in its canonical link, else in its title. */
function identify(page: Buffer, answer: PageAnswer, asked: AskedListing | null): ListingAddress | null {
  const canonical = canonicalLink(page) ?? metaContent(page, 'og:url');
  const own = listingAddress(canonical);
  const title = titleOf(page) ?? '';
  if (own?.family === 'author' && title.startsWith('Books by ')) return { family: 'author-list', id: own.id };
  if (own !== null) return own;
  if (canonical !== null) return null;
  if (title.startsWith('Search results for "')) return { family: 'search', id: '' };
  // No page of this family was ever seen with or without such a link: its title and its address tell it.
  return asked?.family === 'author-list' && title.startsWith('Books by ') ? listingOfAnswer(answer.url) : null;
}

function isExpected(self: ListingAddress, answer: PageAnswer, asked: AskedListing): boolean {
  const redirected = listingOfAnswer(answer.url);
  const is = ({ family, id }: ListingAddress): boolean => family === self.family && id === self.id;
  return self.family === asked.family && (is(asked) || (redirected !== null && is(redirected)));
}

const shown = ({ family, id }: ListingAddress): string => `${NOUNS[family]} ${id.slice(0, 80)}`.trim();

/** Names what the answer is instead. */
function none(answer: PageAnswer, page: Buffer, asked: AskedListing | null): NoBook {
  const { book, state } = recognise(page);
  if (book !== null && mayCarryListing(answer.status)) return { kind: 'other-page', reason: 'The page is that of a book, and lists none.' };
  const noun = asked === null ? 'collection' : NOUNS[asked.family];
  const isWanted = (path: string): boolean => {
    const found = listingAddress(path);
    return found !== null && (asked === null || found.family === asked.family);
  };
  const wanted: Wanted = { noun, isWanted };
  return classifyNoBook(answer, page, { saysMissing: false, route: state?.page ?? null, skeleton: state?.empty === true, wanted });
}

function check(self: ListingAddress, reading: Reading, page: Buffer, asked: AskedListing | null): ListingReading {
  if (!isWhole(page)) return { kind: 'unrecognised', reason: `The page of ${shown(self)} is cut off.` };
  if (reading.rows.length >= MAX_ROWS)
    return { kind: 'unrecognised', reason: `The page of ${shown(self)} has more than ${MAX_ROWS} rows.` };
  const listing = listingOf(self, reading);
  const { books, unreadRows, totalBooks } = listing;
  if (unreadRows > books.length)
    return { kind: 'unrecognised', reason: `${unreadRows} rows of ${shown(self)} have no book that Quire can read.` };
  if (books.length === 0 && !mayBeEmpty(self, listing, asked?.page ?? listing.page ?? null)) {
    const claim = totalBooks === null ? 'shows no row' : `claims ${totalBooks} books and shows no row`;
    return { kind: 'unrecognised', reason: `The page of ${shown(self)} ${claim} that Quire can read.` };
  }
  return { kind: 'listing', ...listing };
}

/**
 * Whether a page may have no rows: an empty collection, or a page past the end, which is not marked as the current one. Shelves, genres
 * and authors have one page, and it is never empty.
 */
function mayBeEmpty(self: ListingAddress, { page, totalBooks, next }: Listing, asked: number | null): boolean {
  if (totalBooks === 0) return true;
  const perPage = PER_PAGE[self.family];
  if (perPage === undefined) return self.family === 'author-list' && page === null && next !== true && asked !== 1 && asked !== null;
  if (next === true || asked === 1) return false;
  // Lists end at page 100, whatever they claim.
  const last = Math.min(Math.ceil((totalBooks ?? 0) / perPage), self.family === 'list' ? 100 : Number.POSITIVE_INFINITY);
  return asked === null ? page === null && totalBooks !== null : asked > last;
}

function listingOf({ family }: ListingAddress, { id, title, page, total, next, rows }: Reading): Listing {
  const known = new Map<string, Row & { book: NonNullable<Row['book']> }>();
  let unreadRows = 0;
  for (const row of rows) {
    const { book } = row;
    if (book === null) unreadRows += 1;
    else if (!known.has(book)) known.set(book, { ...row, book });
  }
  const members = [...known.values()];
  return {
    family,
    id,
    title,
    page,
    totalBooks: total,
    books: members.map(({ book }) => book),
    works: members.map(({ work }) => work),
    positions: members.map(({ position }) => position),
    titles: members.map((row) => row.title),
    authors: members.map(({ author }) => author),
    next,
    unreadRows,
  };
}
