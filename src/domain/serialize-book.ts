/** A book as the bytes that are stored and served. A book is written once; reads send these bytes and never parse them. */
import type { Book } from './book.ts';

/**
 * The JSON of a book in UTF-8. The keys have the order of the contract: the four main ones, then the rest, then how and when the page was
 * read. The same book gives the same bytes, so their hash can be its ETag.
 */
export function serializeBook(book: Book): Buffer {
  const ordered: Record<keyof Book, unknown> = {
    title: book.title,
    author: book.author,
    rating: book.rating,
    description: book.description,
    id: book.id,
    url: book.url,
    workId: book.workId,
    originalTitle: book.originalTitle,
    authors: book.authors.map(({ id, name, role, url }) => ({ id, name, role, url })),
    series: book.series.map(({ id, title, position }) => ({ id, title, position })),
    ratingsCount: book.ratingsCount,
    reviewsCount: book.reviewsCount,
    ratingsDistribution: book.ratingsDistribution,
    format: book.format,
    pages: book.pages,
    publisher: book.publisher,
    publishedDate: book.publishedDate,
    originalPublishedYear: book.originalPublishedYear,
    language: book.language,
    isbn10: book.isbn10,
    isbn13: book.isbn13,
    asin: book.asin,
    genres: book.genres,
    coverUrl: book.coverUrl,
    awards: book.awards,
    fetchedAt: book.fetchedAt,
    via: book.via,
    layout: book.layout,
    sources: book.sources,
  };
  return Buffer.from(JSON.stringify(ordered), 'utf8');
}
