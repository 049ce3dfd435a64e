/** How much a parse found: the measure by which a store refuses a poorer page over a richer one. */
import type { ParsedBook } from './book.ts';

/** Every field that the contract promises besides identity (`id`, `url`) and provenance (`layout`, `sources`). */
export const FIELDS = [
  'title',
  'author',
  'rating',
  'description',
  'workId',
  'originalTitle',
  'authors',
  'series',
  'ratingsCount',
  'reviewsCount',
  'ratingsDistribution',
  'format',
  'pages',
  'publisher',
  'publishedDate',
  'originalPublishedYear',
  'language',
  'isbn10',
  'isbn13',
  'asin',
  'genres',
  'coverUrl',
  'awards',
] as const satisfies readonly (keyof ParsedBook)[];

/**
 * How many fields of a book carry a value, from 3 (a title and an author, who is also in `authors`) to 23. A field counts once: neither the length of
 * a list nor that of a text matters, so that a book does not become poorer because a reader removed a genre.
 * `null` and empty lists do not count, `0` ratings do, since the page said so.
 */
export function richness(book: ParsedBook): number {
  let carried = 0;
  for (const field of FIELDS) {
    const value = book[field];
    if (value !== null && !(Array.isArray(value) && value.length === 0)) carried += 1;
  }
  return carried;
}
