/** Finding stored books by their words: the search entries that a store keeps beside the copies. */
import type { BookId } from '../../domain/identity.ts';

/** What a book is found by: see domain/search/entry.ts. */
export interface SearchMatch {
  bookId: BookId;
  entry: string;
}

export interface SearchStore {
  /**
   * Entries that have every one of `words`, and a word that begins with `prefix`, in no order. Beyond about 400 not all are
   * looked at: those of the books with most ratings are, so the work has a bound. The copy of an entry may have expired by now.
   */
  matches(query: { words: readonly string[]; prefix: string }): Promise<SearchMatch[]>;
  /**
   * Looks at some stored books (about `limit`), and returns those that have no entry: a version without search stored them. `cursor` is
   * opaque; `null` begins, and is returned at the end. On its way it removes entries whose copy is gone.
   */
  unentered(cursor: string | null, limit: number): Promise<{ bookIds: BookId[]; cursor: string | null }>;
  /** Adds the entries of stored books, each only while the copy has that `etag` and no entry. */
  enter(entries: readonly { bookId: BookId; etag: string; entry: string }[]): Promise<void>;
}
