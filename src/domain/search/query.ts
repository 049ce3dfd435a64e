/** What somebody searches for, and which of the books that have it come first. Pure. */
import { isbn13FromIsbn10, validIsbn10, validIsbn13 } from '../links/isbn.ts';
import { readEntry, type EntryFields } from './entry.ts';
import { wordsOf } from './words.ts';

/** Characters and words of a query at most. In writing without spaces each character is a word. */
export const MOST_CHARACTERS = 200;
export const MOST_WORDS = 32;

export interface SearchQuery {
  /** Words that an entry must have; none twice. */
  words: string[];
  /** The last word: one of the entry's words must begin with it. */
  prefix: string;
  /** All words in the order in which they came. */
  phrase: string[];
}

export interface Match {
  bookId: string;
  /** As in entry.ts. */
  entry: string;
}

/** Reads a query. A string says why it cannot be one. */
export function parseQuery(text: string): SearchQuery | string {
  if (text.length > MOST_CHARACTERS) return `may have at most ${MOST_CHARACTERS} characters`;
  const isbn10 = validIsbn10(text);
  const isbn13 = validIsbn13(text) ?? (isbn10 === null ? null : isbn13FromIsbn10(isbn10));
  const phrase = isbn13 === null ? wordsOf(text) : [isbn13];
  const prefix = phrase.at(-1);
  if (prefix === undefined) return 'has no letter and no digit: name a title, an author, a series or an ISBN';
  if (phrase.length > MOST_WORDS) return `may have at most ${MOST_WORDS} words; it has ${phrase.length}`;
  return { words: [...new Set(phrase.slice(0, -1))], prefix, phrase };
}

/** Tells how well a book answers a query: 0 is best. What the query alone decides is made once, since hundreds of books may answer it. */
function createDistance({ words, prefix, phrase }: SearchQuery): (fields: EntryFields) => number {
  const begin = ` ${phrase.join(' ')}`;
  const whole = `${begin} `;
  const inside = words.map((word) => ` ${word} `);
  const last = ` ${prefix}`;
  const isbn = `${last} `;
  const hasAll = (line: string): boolean => line.includes(last) && inside.every((word) => line.includes(word));
  return ({ title, isbns, authors, series }) => {
    if (title === whole || (words.length === 0 && isbns.includes(isbn))) return 0;
    if (title.startsWith(begin)) return 1;
    if (title.includes(begin)) return 2;
    if (hasAll(title)) return 3;
    if (hasAll(authors)) return 4;
    return hasAll(series) ? 5 : 6;
  };
}

/**
 * Puts the best first. The title or the ISBN itself is best. Then comes a title that begins like the query, one that has it as it stands, and one
 * that has all its words. Then come authors, then series, then all that has the words in different fields. Of two that are alike the one
 * with more ratings comes first, then the one with the lower number.
 */
export function rank<M extends Match>(query: SearchQuery, matches: readonly M[]): M[] {
  const distance = createDistance(query);
  const ranked = matches.map((match) => {
    const fields = readEntry(match.entry);
    return { match, distance: distance(fields), ratings: fields.ratings, number: Number(match.bookId) };
  });
  ranked.sort((a, b) => a.distance - b.distance || b.ratings - a.ratings || a.number - b.number);
  return ranked.map(({ match }) => match);
}
