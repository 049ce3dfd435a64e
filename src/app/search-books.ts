/** Finding stored books by title, author, series or ISBN. */
import { rank, type SearchQuery } from '../domain/search/query.ts';
import { SEARCH_DOCUMENT } from '../storage/transfer.ts';
import type { Store, StoredBook } from '../storage/store.ts';

/** How far the search entries of the store are: the document that workers keep (see index-books.ts). */
export interface SearchIndexState {
  /** When a walk over all books last came to its end, in milliseconds since the epoch; `null` before the first did. */
  completedAtMs: number | null;
  /** Where the current walk goes on; `null` when there is none. */
  cursor: string | null;
  /** Nobody else walks before this time. */
  leaseUntilMs: number;
}

export interface FoundBooks {
  /** The best first; the order is the same at each call while the books are. */
  books: StoredBook[];
  /** `false` until every book that an earlier version stored has been looked at: until then some may be missing here. */
  complete: boolean;
}

/**
 * The stored books that have every word of the query, the best first, `limit` at most (up to 50). The last word is taken as the beginning of
 * a word. One search of the store and one read of the books it answers with; nothing is crawled. Of a query that more than about 400 books
 * answer, only those with most ratings are sure to be looked at. Rejects with `store-unavailable`.
 */
export async function searchBooks(
  store: Pick<Store, 'books' | 'search' | 'documents'>,
  query: SearchQuery,
  { limit, nowMs }: { limit: number; nowMs: number },
): Promise<FoundBooks> {
  const [matches, state] = await Promise.all([store.search.matches(query), store.documents.get(SEARCH_DOCUMENT, nowMs)]);
  const ranked = rank(query, matches).map(({ bookId }) => bookId);
  const books: StoredBook[] = [];
  // A copy may have expired since, so the next best ones follow.
  for (let from = 0; books.length < limit && from < ranked.length; from += limit)
    books.push(...(await store.books.read(ranked.slice(from, from + limit), nowMs)));
  const complete = state !== null && (JSON.parse(state.json) as SearchIndexState).completedAtMs !== null;
  return { books: books.slice(0, limit), complete };
}
