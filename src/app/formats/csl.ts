/** Books as CSL-JSON, which citation processors read (https://citeproc-js.readthedocs.io/en/latest/csl-json/markup.html). */
import type { Book } from '../../domain/book.ts';
import { listFormat, type BookFormat } from './book-format.ts';
import { dateParts, namesOf, splitName } from './contributors.ts';

const names = (list: readonly string[]): object[] | undefined =>
  list.length === 0
    ? undefined
    : list.map((name) => {
        const { family, given } = splitName(name);
        return family === null ? { literal: name } : { family, given };
      });

/** One book. Members without a value are undefined, which JSON leaves out. */
function cslItem(book: Book): object {
  const [series] = book.series;
  return {
    id: `goodreads${book.id}`,
    type: 'book',
    title: book.title,
    'original-title': book.originalTitle === book.title ? undefined : (book.originalTitle ?? undefined),
    author: names(namesOf(book, 'author')),
    translator: names(namesOf(book, 'translator')),
    editor: names(namesOf(book, 'editor')),
    illustrator: names(namesOf(book, 'illustrator')),
    narrator: names(namesOf(book, 'narrator')),
    contributor: names(namesOf(book, 'other')),
    'collection-title': series?.title,
    'collection-number': series?.position ?? undefined,
    publisher: book.publisher ?? undefined,
    issued: book.publishedDate === null ? undefined : { 'date-parts': [dateParts(book.publishedDate)] },
    'original-date': book.originalPublishedYear === null ? undefined : { 'date-parts': [[book.originalPublishedYear]] },
    accessed: { 'date-parts': [dateParts(book.fetchedAt.slice(0, 10))] },
    ISBN: book.isbn13 ?? book.isbn10 ?? undefined,
    'number-of-pages': book.pages ?? undefined,
    medium: book.format ?? undefined,
    language: book.language ?? undefined,
    URL: book.url,
    keyword: book.genres.length === 0 ? undefined : book.genres.join(', '),
    abstract: book.description ?? undefined,
  };
}

export const CSL_JSON: BookFormat = listFormat({
  mediaType: 'application/vnd.citationstyles.csl+json',
  extension: 'csl.json',
  head: () => '[\n',
  book: (book, isFirst) => (isFirst ? '' : ',\n') + JSON.stringify(cslItem(book)),
  foot: () => '\n]\n',
});
