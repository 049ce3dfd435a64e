/** Search in SQL: entries are a table of their own beside the copies, with an index of their words. */
import { isOneCharacter } from '../../domain/search/words.ts';
import type { BookId } from '../../domain/identity.ts';
import type { SearchStore } from '../store.ts';
import { statement, type SqlClient } from './sql-client.ts';

/** Entries that a search takes out of the index at most, and entries of the best rank that it looks through when those were not all. */
const MOST_OF_INDEX = 400;
const MOST_OF_BEST = 800;
/** A shorter beginning of a word would have the index look at a large part of all words. */
const LEAST_PREFIX = 3;

const MATCHES = statement(
  'search.matches',
  `SELECT book_id, entry FROM @.search_books($1::tsquery, $2::tsquery, $3, ${MOST_OF_INDEX}, ${MOST_OF_BEST})`,
);
const UNENTERED = statement(
  'search.unentered',
  `SELECT k.book_id, s.book_id IS NOT NULL AS entered
   FROM (SELECT book_id FROM @.known WHERE kind = 'b' AND book_id > $1 ORDER BY book_id LIMIT $2) k LEFT JOIN @.search s USING (book_id)
   ORDER BY k.book_id`,
);
const ENTER = statement(
  'search.enter',
  'SELECT @.enter_book(book_id, etag, entry) FROM unnest($1::bigint[], $2::text[], $3::text[]) AS e(book_id, etag, entry)',
);

/** A query as PostgreSQL reads it. Words are letters and digits alone. */
const queryOf = (words: readonly string[], more: readonly string[] = []): string =>
  [...words.map((word) => `'${word}'`), ...more].join(' & ');

export function createSearchStore(sql: SqlClient): SearchStore {
  return {
    async matches({ words, prefix }) {
      const begins = `'${prefix}':*`;
      const isLong = isOneCharacter(prefix) || prefix.length >= LEAST_PREFIX;
      // Of a short beginning the index is asked only for the word itself, where there is no other word.
      const index = isLong ? queryOf(words, [begins]) : queryOf(words.length > 0 ? words : [prefix]);
      const rows = await sql.query<{ book_id: number; entry: string }>(MATCHES, [
        queryOf(words, [begins]),
        index,
        isLong || words.length > 0,
      ]);
      const found = new Map(rows.map((row) => [row.book_id, row.entry]));
      return [...found].map(([bookId, entry]) => ({ bookId: String(bookId) as BookId, entry }));
    },
    async unentered(cursor, limit) {
      const rows = await sql.query<{ book_id: number; entered: boolean }>(UNENTERED, [cursor ?? '0', limit]);
      return {
        bookIds: rows.flatMap((row) => (row.entered ? [] : [String(row.book_id) as BookId])),
        cursor: rows.length < limit ? null : String(rows.at(-1)?.book_id),
      };
    },
    async enter(entries) {
      if (entries.length === 0) return;
      await sql.query(ENTER, [entries.map(({ bookId }) => bookId), entries.map(({ etag }) => etag), entries.map(({ entry }) => entry)]);
    },
  };
}
