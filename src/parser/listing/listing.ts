/** What a page that lists books says: the types that the readers of all families share. */
import type { CollectionFamily } from '../../domain/collection.ts';
import type { BookId } from '../../domain/identity.ts';
import type { NoBook } from '../no-book.ts';

/** All families that are read. robots.txt forbids the last two, so their pages come only from people who saved them. */
export type ListingFamily = CollectionFamily | 'review-list' | 'search';

/** A page of a collection, as it was asked for. */
export interface AskedListing {
  family: CollectionFamily;
  /** As in {@link CollectionReference}. */
  id: string;
  /** From 1. */
  page: number;
}

/**
 * A page that lists books. `works`, `positions`, `titles` and `authors` are parallel to `books`, with `null` where the row does not say.
 *
 * The reader of a collection goes on only while pages bring something new. It stops when `page` is another than it asked for, because
 * Goodreads sometimes answers page 1 again, and when `books` has no id that it does not know yet.
 */
export interface Listing {
  family: ListingFamily;
  /** As the page says. It may differ from the one that was asked for when Goodreads redirected. */
  id: string;
  title: string | null;
  /** The page that it claims to be, from 1; `null` when it does not say. */
  page: number | null;
  /** How many books the page says that the whole collection has. The counts of Goodreads are not always right. */
  totalBooks: number | null;
  /** In the order of the page, each once. Empty on a page past the end. */
  books: BookId[];
  /** Numbers of the works. */
  works: (string | null)[];
  /** The series' own words ("Book 1", "Book 0.5"), and the ranks of a list. */
  positions: (string | null)[];
  /** As the row shows them, often with the series in brackets. */
  titles: (string | null)[];
  /** The first author of each row. */
  authors: (string | null)[];
  /** Whether there is a further page of this collection; `null` for families without pages. */
  next: boolean | null;
  /** Rows without a readable book. They are a sign of a new layout. */
  unreadRows: number;
}

/** What an answer is: a page that lists books, or the reason why it is none. */
export type ListingReading = ({ kind: 'listing' } & Listing) | NoBook;

/** One row of `/book/auto_complete`. */
export interface Suggestion {
  bookId: BookId;
  workId: string | null;
  /** With the series in brackets, as shown. */
  title: string;
  titleBare: string | null;
  author: { id: string | null; name: string } | null;
  pages: number | null;
  /** 0 to 5; `null` without ratings. */
  rating: number | null;
  ratingsCount: number | null;
}

/** What an answer of `/book/auto_complete` is. No rows: nothing was found. */
export type SuggestionsReading = { kind: 'suggestions'; rows: Suggestion[] } | NoBook;
