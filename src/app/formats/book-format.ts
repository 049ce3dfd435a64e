/** What a format of books is, for every place that writes books: one book, an export, an answer of search. */
import type { Book } from '../../domain/book.ts';

export const FORMAT_NAMES = ['json', 'jsonl', 'csv', 'jsonld', 'bibtex', 'biblatex', 'ris', 'csl', 'atom'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

/** What a list of books is told as. */
export interface ListTitle {
  /** A short text, such as `books`. */
  title: string;
  /** Its own address, absolute where it is known. */
  url: string;
  /** When the list was made. */
  atMs: number;
}

/** One way to write books. The parts of a list follow each other: `head`, each book, `foot`. */
export interface BookFormat {
  mediaType: string;
  /** Without the dot. */
  extension: string;
  head(list: ListTitle): string;
  /** `isFirst`: no book of this list came before. */
  book(book: Book, isFirst: boolean): string;
  foot(): string;
  /** A single book. */
  one(book: Book, list: ListTitle): string;
}

/** A format whose single book is a list of one. */
export function listFormat(format: Omit<BookFormat, 'one'>): BookFormat {
  return { ...format, one: (book, list) => format.head(list) + format.book(book, true) + format.foot() };
}
