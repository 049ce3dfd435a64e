/**
 * Pages that list books, made up in the markup of the real ones, for the stand-in and the fixtures. The same request gives the same bytes.
 *
 * The n-th book of a collection has the number `firstBook(family, id) + n`, and the stand-in has a page for it. Every page has the traps of
 * the real ones: books in comments, descriptions, sidebars and scripts, all from {@link FIRST_DECOY} on, and page links of comments.
 */
import type { CollectionFamily } from '../src/domain/collection.ts';
import { madeAuthor, madeAuthorList, madeEditions, madeGenre, madeList, madeSeries, madeShelf } from './goodreads-listing-pages.ts';

/**
 * How a collection misbehaves. `page-1-again`: every page is page 1, and says so. `new-layout`: the claims are there, and no row is.
 * `overlap`: each page repeats the last five books of the page before. `no-end`: the last page links one more, which is empty.
 */
export type ListingTrap = 'page-1-again' | 'new-layout' | 'overlap' | 'no-end';

export interface ListingRequest {
  family: CollectionFamily;
  /** A number, or the name of a shelf or genre. */
  id: string;
  /** From 1. */
  page: number;
  /** How many books the collection claims. */
  total: number;
  trap?: ListingTrap;
}

/** What a made page lists, in the form of `families.json`. */
export interface ListingTruth {
  family: string;
  id: string;
  page: number | null;
  totalBooks: number | null;
  title: string;
  next: boolean | null;
  books: string[];
  works?: (string | null)[];
  positions?: string[];
}

/** What the page makers need. */
export interface ListingScene {
  id: string;
  page: number;
  total: number;
  /** Number of the last page. */
  last: number;
  /** The books of this page, with their place in the collection from 0. */
  books: { id: number; place: number }[];
  /** The link behind the last page. */
  noEnd: boolean;
  /** Number of the first book of the collection. */
  first: number;
}

/** Rows of a full page. */
export const ROWS_PER_PAGE: Record<CollectionFamily, number> = {
  list: 100,
  series: 100,
  author: 10,
  'author-list': 30,
  editions: 10,
  shelf: 50,
  genre: 44,
};
/** How many books a collection has unless a test says otherwise. */
export const DEFAULT_SIZES: Record<CollectionFamily, number> = {
  list: 250,
  series: 120,
  author: 65,
  'author-list': 65,
  editions: 23,
  shelf: 42_777,
  genre: 44,
};
const LAST_PAGE_OF_A_LIST = 100;
const OVERLAP = 5;

/** From this number on books are decoys: whoever asks for one was taken in. */
export const FIRST_DECOY = 1_990_000_000;

const BASES: Record<CollectionFamily, number> = {
  list: 2_000_000_000,
  series: 3_000_000_000,
  author: 4_000_000_000,
  'author-list': 4_000_000_000,
  editions: 5_000_000_000,
  shelf: 6_000_000_000,
  genre: 7_000_000_000,
};

/** The number of the first book of a collection. Ids that are equal modulo 9,000 share their books. */
export function firstBook(family: CollectionFamily, id: string): number {
  const number = /^\d+$/.test(id)
    ? Number(id)
    : Array.from(id).reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 8_999, 7);
  return BASES[family] + (number % 9_000) * 100_000;
}

const PAGED = new Set<CollectionFamily>(['list', 'series', 'author-list', 'editions']);
const MAKERS: Record<
  CollectionFamily,
  (scene: ListingScene) => { html: string; title: string; works?: (string | null)[]; positions?: string[] }
> = {
  list: madeList,
  series: madeSeries,
  author: madeAuthor,
  'author-list': madeAuthorList,
  editions: madeEditions,
  shelf: madeShelf,
  genre: madeGenre,
};

/** Makes a page, and says what is true of it. A page past the end has no rows and does not say which page it is. */
export function makeListing({ family, id, page: asked, total, trap }: ListingRequest): { html: string; truth: ListingTruth } {
  const perPage = ROWS_PER_PAGE[family];
  const paged = PAGED.has(family);
  const page = trap === 'page-1-again' || !paged ? 1 : asked;
  const all = Math.max(1, Math.ceil(total / perPage));
  const last = paged ? Math.min(all, family === 'list' ? LAST_PAGE_OF_A_LIST : all) : 1;
  const first = firstBook(family, id);
  const start = (page - 1) * perPage - (trap === 'overlap' && page > 1 ? OVERLAP : 0);
  const end = page > last || trap === 'new-layout' ? start : Math.min(total, page * perPage);
  const books = Array.from({ length: Math.max(0, end - start) }, (_, n) => ({ id: first + start + n, place: start + n }));
  const { html, title, works, positions } = MAKERS[family]({ id, page, total, last, books, noEnd: trap === 'no-end', first });
  const marksPage = family === 'series' || (page <= last && (last > 1 || trap === 'no-end')) ? page : null;
  const claims = family === 'genre' || family === 'author-list' ? null : total;
  const truth: ListingTruth = {
    family,
    id,
    page: paged ? marksPage : null,
    totalBooks: claims,
    title,
    next: paged ? page < last || (trap === 'no-end' && page === last && family !== 'series') : null,
    books: books.map((book) => String(book.id)),
    ...(works === undefined ? {} : { works }),
    ...(positions === undefined ? {} : { positions }),
  };
  return { html, truth };
}

/** A row of `/book/auto_complete`. */
export interface MadeSuggestion {
  bookId: string;
  title: string;
}

/** The JSON of `/book/auto_complete?q=`: the given books, filled up to five with made-up ones for a question in words. */
export function makeSuggestions(question: string, known: MadeSuggestion[], fill: boolean): string {
  const first = firstBook('genre', question) + 1_000;
  const made = Array.from({ length: 5 }, (_, n) => ({
    bookId: String(first + n),
    title: `A Book Much Like ${question} (Echoes, #${n + 1})`,
  }));
  const rows = [...known, ...(fill ? made : [])].slice(0, 5).map(({ bookId, title }, n) => ({
    imageUrl: '',
    bookId,
    workId: String(Number(bookId) % 1_000_000),
    bookUrl: `/book/show/${bookId}-made-up`,
    from_search: true,
    from_srp: true,
    qid: 'standin',
    rank: n + 1,
    title,
    bookTitleBare: title.replace(/ \(.*$/, ''),
    numPages: 300,
    avgRating: '4.10',
    ratingsCount: 1_200,
    author: { id: 1, name: 'Nemo Nobody', isGoodreadsAuthor: false, profileUrl: 'https://www.goodreads.com/author/show/1.Nemo_Nobody' },
    description: { html: `Unlike <a href="/book/show/${FIRST_DECOY + 90}">a decoy</a>`, truncated: true },
  }));
  return JSON.stringify(rows);
}
