/** Books as a store keeps them. */
import type { BookId, JobId } from '../../domain/identity.ts';

/** A book as it is stored: the very bytes that are served, and what is needed to decide about them without parsing. */
export interface StoredBook {
  bookId: BookId;
  /** The JSON of the Book, UTF-8. */
  body: Buffer;
  /** 16 characters that change whenever `body` does; letters, digits, `-` and `_`. */
  etag: string;
  fetchedAtMs: number;
  /** From then on the copy is stale. */
  freshUntilMs: number;
  /** Count of fields that carry a value, 0 to 999: see domain/richness.ts. */
  richness: number;
  /**
   * What search finds the book by (domain/search/entry.ts). It is given when a copy is stored, and never read back. A copy that is stored
   * without one is not found until `SearchStore.enter` brings it.
   */
  entry?: string;
}

/** What is known of a book: a copy, or that Goodreads has none. */
export type Found = { kind: 'book'; book: StoredBook } | { kind: 'not-found'; sinceMs: number; untilMs: number };

export interface BookStore {
  /**
   * What is known under `jobId` (`book-…`, `isbn-…` or `asin-…`), following an alias to the book it names. One read in the common
   * case. A "missing" past its time is not returned.
   */
  find(jobId: JobId, nowMs: number): Promise<Found | null>;
  /**
   * Keeps a copy outside of any job (an upload): stored unless the copy there is newer (`older`) or richer (`poorer`).
   * `aliases` are other names that lead to it from now on. The name of another book among them says that both are one:
   * every name that led to the other leads here. Of a richer copy that stays, `freshUntilMs` and the end are moved on to
   * those of the refused one, so that it is not crawled again at once and stays as long as it is confirmed. A name that
   * leads to a book is kept as long as the book is.
   */
  put(book: StoredBook, aliases: JobId[], keepUntilMs: number): Promise<'stored' | 'older' | 'poorer'>;
  /** Removes the copy or the "missing" mark. `false` when there was none, or an alias. Aliases that lead to it lead nowhere then. */
  delete(bookId: BookId): Promise<boolean>;
  /** Stored books in ascending numeric order of id, those after `afterId`; at most `limit`. */
  list(afterId: BookId | null, limit: number): Promise<StoredBook[]>;
  /** The copies of these books that are stored, in the order of `bookIds`. Names that are aliases lead nowhere here. At most 100. */
  read(bookIds: readonly BookId[], nowMs: number): Promise<StoredBook[]>;
  /**
   * How many books are stored. An expired book may be counted for some time. Beyond 10,000 the answer may be an estimate of the last
   * second.
   */
  count(): Promise<number>;
}
