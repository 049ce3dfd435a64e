/** The book that Quire serves. Pure types; the fields are those of the HTTP contract. */

/** The layers of a page that a field can be read from, best first. */
export type Layer = 'next-data' | 'json-ld' | 'test-id' | 'legacy' | 'open-graph';

/** The two generations of Goodreads book page: `legacy` (Rails, 2010-2022) and `next` (Next.js, since 2022). */
export type Layout = 'legacy' | 'next';

/** A contributor of a book. `role` is `null` for an author, otherwise the page's own word ("Translator", "Illustrator"). */
export interface Contributor {
  id: string | null;
  name: string;
  role: string | null;
  url: string | null;
}

/** A series of the book. `position` is text, as on Goodreads ("1", "0.5", "1-3"). */
export interface SeriesEntry {
  id: string | null;
  title: string;
  position: string | null;
}

/**
 * Everything that a page says about a book. A field that is absent on the page is `null` or `[]`, never an empty string, `0` or a guess.
 */
export interface ParsedBook {
  title: string;
  /** The first author's name. */
  author: string;
  /** 0 to 5; `null` while nobody has rated the book. */
  rating: number | null;
  /** Plain text with line and paragraph breaks, entities decoded. */
  description: string | null;
  /** Goodreads' book number, digits only. */
  id: string;
  url: string;
  /** Goodreads' number of the work that this book is an edition of. */
  workId: string | null;
  originalTitle: string | null;
  authors: Contributor[];
  series: SeriesEntry[];
  /** Counts are those of the work, over all its editions. */
  ratingsCount: number | null;
  reviewsCount: number | null;
  /** How many readers gave one to five stars, in that order; `[]` when the page does not say. */
  ratingsDistribution: number[];
  format: string | null;
  pages: number | null;
  publisher: string | null;
  /** When this edition appeared: ISO 8601, as precise as the page (`2008`, `2008-09`, `2008-09-14`). */
  publishedDate: string | null;
  /** When the work first appeared; negative before the common era. */
  originalPublishedYear: number | null;
  language: string | null;
  isbn10: string | null;
  isbn13: string | null;
  asin: string | null;
  genres: string[];
  coverUrl: string | null;
  awards: string[];
  layout: Layout;
  /** For each field that was found, the layer that gave it. */
  sources: Record<string, Layer>;
}

/** How a page reached us: Quire crawled it, or a user saved and sent it (`PUT /books/{id}/page`). */
export type Via = 'crawl' | 'upload';

/** The Book of the HTTP contract: what the page says, when it was asked for, and how it reached us. */
export interface Book extends ParsedBook {
  /** ISO 8601 in UTC, to the millisecond. */
  fetchedAt: string;
  via: Via;
}
