/** What a page that lists books says: the types that the readers of all families share. */
import type { BookId } from '../../domain/identity.ts';
import type { NoBook } from '../no-book.ts';

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
