/** How much a parse found. A store does not replace a richer copy with a poorer one. */
import type { ParsedBook } from './book.ts';

/** Every field of the contract besides identity (`id`, `url`) and provenance (`layout`, `sources`). */
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
 * How many fields of a book have a value, from 3 (a title and an author, who is also in `authors`) to 23. The length of a list or a text
 * does not matter: a book does not become poorer because a reader removed a genre. `null` and empty lists do not count. `0` ratings count,
 * because the page says so.
 */
export function richness(book: ParsedBook): number {
  let carried = 0;
  for (const field of FIELDS) {
    const value = book[field];
    if (value !== null && !(Array.isArray(value) && value.length === 0)) carried += 1;
  }
  return carried;
}
