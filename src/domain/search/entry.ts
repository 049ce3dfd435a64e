/**
 * The search entry of a book: what search compares a query with. A store keeps it beside the copy, as this one text:
 *
 *     rank (2 digits) and number of ratings
 *      words of the title
 *      its ISBNs
 *      words of the authors
 *      words of the series
 *      words that are written together elsewhere
 *
 * Each line from the second on begins and ends in a space, and has one space between two words. So a plain search for ` word ` tells
 * whether the entry has a word, and one for ` wor` whether a word begins like that.
 */
import type { ParsedBook } from '../book.ts';
import { isbn13FromIsbn10 } from '../links/isbn.ts';
import { joinedWordsOf, wordsOf } from './words.ts';

/** Words that count of each field. */
const MOST = { title: 40, isbns: 2, authors: 16, series: 12, joined: 8 };

/** An entry, taken apart. The fields but the last are lines as they stand in the text. */
export interface EntryFields {
  title: string;
  isbns: string;
  authors: string;
  series: string;
  ratings: number;
}

export type Searchable = Pick<ParsedBook, 'title' | 'authors' | 'author' | 'series' | 'ratingsCount' | 'isbn10' | 'isbn13'>;

const line = (words: readonly string[], most: number): string => (words.length === 0 ? '' : ` ${words.slice(0, most).join(' ')} `);

/**
 * 00 for the books with most ratings, 99 for those without any. A step is a fifth more ratings, so that the rank of a book seldom changes.
 */
const rankOf = (ratings: number): string => String(Math.max(0, 99 - Math.floor(4 * Math.log2(ratings + 1)))).padStart(2, '0');

/** The entry of a book. The same fields give the same text. */
export function searchEntry(book: Searchable): string {
  const ratings = Math.max(0, Math.round(book.ratingsCount ?? 0));
  const { isbn10, isbn13 } = book;
  const isbns = [isbn13 ?? (isbn10 === null ? null : isbn13FromIsbn10(isbn10)), isbn10?.toLowerCase() ?? null];
  const names = [...new Set([book.author, ...book.authors.map(({ name }) => name)])];
  const series = book.series.flatMap(({ title, position }) => [...wordsOf(title), ...(position === null ? [] : wordsOf(position))]);
  return [
    `${rankOf(ratings)}${ratings}`,
    line(wordsOf(book.title), MOST.title),
    line(
      isbns.filter((isbn) => isbn !== null),
      MOST.isbns,
    ),
    line(names.flatMap(wordsOf), MOST.authors),
    line(series, MOST.series),
    line([book.title, ...names].flatMap(joinedWordsOf), MOST.joined),
  ].join('\n');
}

/** Takes an entry apart. A search does it for hundreds: to cut at four places takes half as long as to split the whole. */
export function readEntry(entry: string): EntryFields {
  const first = entry.indexOf('\n');
  const title = entry.indexOf('\n', first + 1);
  const isbns = entry.indexOf('\n', title + 1);
  const authors = entry.indexOf('\n', isbns + 1);
  const series = entry.indexOf('\n', authors + 1);
  return {
    title: entry.slice(first + 1, title),
    isbns: entry.slice(title + 1, isbns),
    authors: entry.slice(isbns + 1, authors),
    series: entry.slice(authors + 1, series),
    ratings: Number(entry.slice(2, first)),
  };
}
