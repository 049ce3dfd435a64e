/** How much a collection would bring, judged by its first page. Pure. */
import type { CollectionFamily } from '../../domain/collection.ts';
import type { FirstPage } from '../look-ups/answers.ts';

export interface CollectionSize {
  /** Books that would join a batch; `null` when the page does not say how many there are. */
  books: number | null;
  /** Pages of the collection that would be read. */
  pages: number | null;
}

export interface SizeLimits {
  maxBooks: number;
  maxPages: number | null;
}

/** Rows of a full page, and the last page that Goodreads serves. All other families have one page. */
const PAGED: Partial<Record<CollectionFamily, { rows: number; lastPage: number }>> = {
  list: { rows: 100, lastPage: 100 },
  series: { rows: 100, lastPage: Number.POSITIVE_INFINITY },
  'author-list': { rows: 30, lastPage: Number.POSITIVE_INFINITY },
  editions: { rows: 10, lastPage: Number.POSITIVE_INFINITY },
};

/** The limits of Goodreads and of the caller cut the claim of the page. The claim itself is not always right. */
export function sizeOfCollection(family: CollectionFamily, { totalBooks, next, books }: FirstPage, limits: SizeLimits): CollectionSize {
  const paged = PAGED[family];
  if (paged === undefined || next !== true) return { books: Math.min(books.length, limits.maxBooks), pages: 1 };
  if (totalBooks === null) return { books: null, pages: null };
  const lastPage = Math.min(paged.lastPage, limits.maxPages ?? Number.POSITIVE_INFINITY);
  const taken = Math.min(Math.max(totalBooks, books.length), limits.maxBooks, lastPage * paged.rows);
  return { books: taken, pages: Math.ceil(taken / paged.rows) };
}
