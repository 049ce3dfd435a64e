/** Books as JSON, as JSON Lines (https://jsonlines.org) and as schema.org's `Book` in JSON-LD. */
import type { Book } from '../../domain/book.ts';
import { listFormat, type BookFormat } from './book-format.ts';
import { namesOf } from './contributors.ts';

/** An array of books; one book is that book alone. */
export const JSON_FORMAT: BookFormat = {
  mediaType: 'application/json',
  extension: 'json',
  head: () => '[\n',
  book: (book, isFirst) => (isFirst ? '' : ',\n') + JSON.stringify(book),
  foot: () => '\n]\n',
  one: (book) => JSON.stringify(book),
};

export const JSON_LINES: BookFormat = listFormat({
  mediaType: 'application/jsonl',
  extension: 'jsonl',
  head: () => '',
  book: (book) => `${JSON.stringify(book)}\n`,
  foot: () => '',
});

/** Members without a value are left out. */
const present = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0)),
  );

/** schema.org has four formats of its own; others stay text. */
function bookFormat(format: string | null): string | null {
  if (format === null) return null;
  if (/audio/i.test(format)) return 'https://schema.org/AudiobookFormat';
  if (/kindle|ebook|epub|nook/i.test(format)) return 'https://schema.org/EBook';
  if (/hardcover|hardback/i.test(format)) return 'https://schema.org/Hardcover';
  return /paperback/i.test(format) ? 'https://schema.org/Paperback' : format;
}

const person = (name: string): object => ({ '@type': 'Person', name });

/** A book as schema.org describes it (https://schema.org/Book). */
function schemaOrgBook(book: Book): Record<string, unknown> {
  const { rating, ratingsCount, reviewsCount } = book;
  return present({
    '@type': 'Book',
    '@id': book.url,
    url: book.url,
    name: book.title,
    alternateName: book.originalTitle === book.title ? null : book.originalTitle,
    author: book.authors.filter(({ role }) => role === null).map(({ name, url }) => present({ '@type': 'Person', name, url })),
    translator: namesOf(book, 'translator').map(person),
    editor: namesOf(book, 'editor').map(person),
    illustrator: namesOf(book, 'illustrator').map(person),
    readBy: namesOf(book, 'narrator').map(person),
    contributor: namesOf(book, 'other').map(person),
    isbn: book.isbn13 ?? book.isbn10,
    identifier: [
      ['goodreads', book.id],
      ['isbn10', book.isbn10],
      ['asin', book.asin],
    ].flatMap(([propertyID, value]) => (value ? [{ '@type': 'PropertyValue', propertyID, value }] : [])),
    isPartOf: book.series.map(({ title, position }) => present({ '@type': 'BookSeries', name: title, position })),
    exampleOfWork: book.originalPublishedYear === null ? null : { '@type': 'Book', datePublished: String(book.originalPublishedYear) },
    bookFormat: bookFormat(book.format),
    numberOfPages: book.pages,
    publisher: book.publisher === null ? null : { '@type': 'Organization', name: book.publisher },
    datePublished: book.publishedDate,
    inLanguage: book.language,
    genre: book.genres,
    award: book.awards,
    image: book.coverUrl,
    description: book.description,
    aggregateRating:
      rating === null
        ? null
        : present({ '@type': 'AggregateRating', ratingValue: rating, bestRating: 5, ratingCount: ratingsCount, reviewCount: reviewsCount }),
    sdDatePublished: book.fetchedAt,
  });
}

const CONTEXT = 'https://schema.org';

/** One object for a book, a `@graph` for many. */
export const JSON_LD: BookFormat = {
  mediaType: 'application/ld+json',
  extension: 'jsonld',
  head: () => `{"@context":"${CONTEXT}","@graph":[\n`,
  book: (book, isFirst) => (isFirst ? '' : ',\n') + JSON.stringify(schemaOrgBook(book)),
  foot: () => '\n]}\n',
  one: (book) => JSON.stringify({ '@context': CONTEXT, ...schemaOrgBook(book) }),
};
