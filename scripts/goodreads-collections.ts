/** What the stand-in answers to requests for pages that list books, and for suggestions. */
import { DEFAULT_SIZES, makeListing, makeSuggestions, ROWS_PER_PAGE, type ListingTrap } from './goodreads-listings.ts';
import type { SavedPages } from './goodreads-pages.ts';
import { collectionOfPath, type CollectionFamily } from '../src/domain/collection.ts';

/** How large collections are, and how they misbehave, by `family` or `family/id`: `{ "list": 250, "list/7": 10000 }`. */
export interface Collections {
  sizes?: Record<string, number>;
  traps?: Record<string, ListingTrap>;
  /** Numbers of the books that a question gets, instead of those that have it: `{ "B0ABCDEFGH": ["7100001"] }`. */
  suggestions?: Record<string, string[]>;
}

/** What was asked for. `key` names the collection (`list/7`), `pageKey` its page (`list/7?page=2`): both work in {@link Control}. */
export interface CollectionRequest {
  family: CollectionFamily | 'autocomplete';
  key: string;
  pageKey: string;
  answer(collections: Collections, pages: SavedPages): CollectionAnswer;
}

/** A redirect has a `location`. */
export interface CollectionAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const HTML = { 'content-type': 'text/html; charset=utf-8' };
const ISBN_OR_ASIN = /^(?:\d{9}[\dX]|97[89]\d{10}|B0[A-Z\d]{8})$/;

/** The collection or the question that an address names; `null` for every other address. */
export function collectionRequest(url: URL): CollectionRequest | null {
  if (url.pathname === '/book/auto_complete') return suggestions(url.searchParams.get('q') ?? '');
  const path = url.pathname.replace(/^\/[a-z]{2}(?=\/)/, '');
  const found = collectionOfPath(path);
  if (found === null || !('reference' in found)) return null;
  return collection(found.reference.family, found.reference.id, /\/\d+$/.test(path), url);
}

function collection(family: CollectionFamily, id: string, bare: boolean, url: URL): CollectionRequest {
  const page = Math.max(1, Number.parseInt(url.searchParams.get('page') ?? '1', 10) || 1);
  const key = `${family}/${id}`;
  return {
    family,
    key,
    pageKey: `${key}?page=${page}`,
    answer({ sizes = {}, traps = {} }) {
      // A list without its slug is redirected, as on Goodreads.
      if (family === 'list' && bare)
        return { status: 301, headers: { ...HTML, location: `/list/show/${id}.The_Best_Minerals${url.search}` }, body: '' };
      const own = family === 'author-list' ? 'author' : family;
      const total = sizes[key] ?? sizes[`${own}/${id}`] ?? sizes[family] ?? sizes[own] ?? DEFAULT_SIZES[family];
      const trap = traps[key] ?? traps[family];
      const { html } = makeListing({ family, id, page, total, ...(trap === undefined ? {} : { trap }) });
      return { status: 200, headers: HTML, body: html };
    },
  };
}

function suggestions(question: string): CollectionRequest {
  const key = `autocomplete/${question}`;
  return {
    family: 'autocomplete',
    key,
    pageKey: key,
    answer({ suggestions: given = {} }, pages) {
      const known =
        given[question]?.map((bookId) => ({ bookId, title: `Book ${bookId}` })) ?? (question.trim() === '' ? [] : pages.find(question));
      const code = ISBN_OR_ASIN.test(question.replaceAll(/[\s-]/g, '').toUpperCase());
      const fill = !code && question.trim() !== '' && !/^nothing/i.test(question);
      return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body: makeSuggestions(question, known, fill) };
    },
  };
}

/** Number of pages of a made collection, for tests that count requests. */
export function pagesOf(family: CollectionFamily, total: number): number {
  const pages = Math.max(1, Math.ceil(total / ROWS_PER_PAGE[family]));
  return family === 'list' ? Math.min(100, pages) : pages;
}
