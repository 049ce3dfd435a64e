/** A book in a few fields, as lists show it: a twentieth of its bytes. */
import type { Book } from './book.ts';

export interface BookCard extends Pick<
  Book,
  'id' | 'title' | 'series' | 'rating' | 'ratingsCount' | 'format' | 'pages' | 'language' | 'coverUrl' | 'fetchedAt'
> {
  /** Names, authors before translators and others. */
  authors: string[];
  /** When the work first appeared, else this edition. */
  year: number | null;
}

function bookCard(book: Book): BookCard {
  const { id, title, series, rating, ratingsCount, format, pages, language, coverUrl, fetchedAt } = book;
  const edition = book.publishedDate === null ? null : Number.parseInt(book.publishedDate, 10);
  const authors = book.authors.filter(({ role }) => role === null).map(({ name }) => name);
  return {
    id,
    title,
    authors: authors.length > 0 ? authors : [book.author],
    series,
    rating,
    ratingsCount,
    format,
    pages,
    year: book.originalPublishedYear ?? edition,
    language,
    coverUrl,
    fetchedAt,
  };
}

/** The card of a stored book. */
export const cardOf = (body: Buffer): BookCard => bookCard(JSON.parse(body.toString('utf8')) as Book);
