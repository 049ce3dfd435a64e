/** Books in SQL. */
import type { BookId, JobId } from '../../domain/identity.ts';
import type { BookStore, Found, StoredBook } from '../store.ts';
import { statement, type SqlClient } from './sql-client.ts';

const FIND = statement('books.find', 'SELECT kind, book_id, at_ms, until_ms, keep_ms, richness, etag, body FROM @.known WHERE key = $1');
const PUT = statement('books.put', 'SELECT @.put_book($1, $2, $3, $4, $5, $6, $7, $8) AS stored');
const DELETE = statement(
  'books.delete',
  `WITH gone AS (DELETE FROM @.known WHERE key = 'book-' || $1::bigint AND kind IN ('b', 'm') RETURNING key)
   SELECT pg_notify($2, 'book ' || $1::bigint) FROM gone`,
);
const LIST = statement(
  'books.list',
  `SELECT kind, book_id, at_ms, until_ms, keep_ms, richness, etag, body FROM @.known WHERE kind = 'b' AND book_id > $1 ORDER BY book_id LIMIT $2`,
);
/** Books up to this number are counted one by one; of more, counting would take longer than a request may. */
const COUNTED = 10_000;
/** An estimate is used for so many milliseconds: making it takes longer than all else that `/stats` asks. */
const ESTIMATE_MS = 1_000;
/**
 * Beyond, the estimate is that of the planner: entries a page at the last count, times the pages of the index now. 300 entries fit a page
 * of an index that was never counted.
 */
const COUNT = statement(
  'books.count',
  `WITH few AS MATERIALIZED (SELECT count(*)::integer AS n FROM (SELECT 1 FROM @.known WHERE kind = 'b' LIMIT ${COUNTED + 1}) t)
   SELECT CASE WHEN few.n <= ${COUNTED} THEN few.n ELSE greatest(few.n, (
     SELECT (pg_relation_size(oid) / current_setting('block_size')::float8 * CASE WHEN reltuples > 0 AND relpages > 0 THEN reltuples / relpages ELSE 300 END)::integer
     FROM pg_class WHERE oid = '@.known_book'::regclass
   )) END AS n FROM few`,
);

export interface KnownRow {
  kind: 'b' | 'm' | 'a';
  book_id: number | null;
  at_ms: number;
  until_ms: number;
  keep_ms: number;
  richness: number;
  etag: string | null;
  body: string | null;
}

const copyOf = (row: KnownRow): StoredBook => ({
  bookId: String(row.book_id) as BookId,
  body: Buffer.from(row.body ?? ''),
  etag: row.etag ?? '',
  fetchedAtMs: row.at_ms,
  freshUntilMs: row.until_ms,
  richness: row.richness,
});

/** The columns of a copy in the order of `put_book`'s arguments. The body is JSON and travels as text, which needs no second encoding. */
export const copyParams = (book: StoredBook): [string, string, string, number, number, number] => [
  book.bookId,
  book.body.toString('utf8'),
  book.etag,
  Math.round(book.fetchedAtMs),
  Math.round(book.freshUntilMs),
  Math.min(Math.round(book.richness), 999),
];

/** `channel` is where the store's signals go. */
export function createBookStore(sql: SqlClient, channel: string): BookStore {
  const read = async (key: string): Promise<KnownRow | undefined> => (await sql.query<KnownRow>(FIND, [key]))[0];
  let estimate: { books: number; untilMs: number } | null = null;

  return {
    async find(jobId, nowMs): Promise<Found | null> {
      let row = await read(jobId);
      // An alias leads to a book directly: storing one re-points those that led to its own name.
      if (row?.kind === 'a') row = await read(`book-${row.book_id}`);
      if (!row || row.kind === 'a' || row.keep_ms <= nowMs) return null;
      return row.kind === 'm' ? { kind: 'not-found', sinceMs: row.at_ms, untilMs: row.until_ms } : { kind: 'book', book: copyOf(row) };
    },
    async put(book, aliases: JobId[], keepUntilMs) {
      const [row] = await sql.query<{ stored: 'stored' | 'older' | 'poorer' }>(PUT, [
        ...copyParams(book),
        Math.round(keepUntilMs),
        aliases,
      ]);
      return row?.stored ?? 'stored';
    },
    async delete(bookId) {
      return (await sql.query(DELETE, [bookId, channel])).length > 0;
    },
    async list(afterId, limit) {
      return (await sql.query<KnownRow>(LIST, [afterId ?? '0', limit])).map(copyOf);
    },
    async count() {
      if (estimate !== null && performance.now() < estimate.untilMs) return estimate.books;
      const books = (await sql.query<{ n: number }>(COUNT))[0]?.n ?? 0;
      estimate = books > COUNTED ? { books, untilMs: performance.now() + ESTIMATE_MS } : null;
      return books;
    },
  };
}
