/** Moving what is known of books, documents, counters and kept pages in SQL. */
import type { BookId, JobId } from '../../../domain/identity.ts';
import {
  MIGRATION_DOCUMENT,
  oldestTallyHour,
  parseTallyName,
  tallyName,
  type KindTransfer,
  type KnownRecord,
  type MovedDocument,
  type MovedPage,
  type MovedTally,
} from '../../transfer.ts';
import type { SqlClient } from '../sql-client.ts';
import { byName, toJson } from './by-name.ts';
import * as text from './statements.ts';

/** How the table tells kinds apart. */
const LETTER = { book: 'b', alias: 'a', 'not-found': 'm' } as const satisfies Record<KnownRecord['kind'], text.MovedKnownRow['kind']>;

export const createBookTransfer = (sql: SqlClient): KindTransfer<KnownRecord> =>
  byName<KnownRecord>(sql, {
    kind: 'books',
    alive: (nowMs) => [nowMs],
    read: async (names, nowMs) =>
      (await sql.query<text.MovedKnownRow>(text.READ_BOOKS, [names, nowMs])).map((row) => {
        const record = { name: row.key as JobId, keepUntilMs: row.keep_ms };
        const bookId = String(row.book_id) as BookId;
        if (row.kind === 'a') return [row.key, { ...record, kind: 'alias', bookId }];
        if (row.kind === 'm') return [row.key, { ...record, kind: 'not-found', sinceMs: row.at_ms, untilMs: row.until_ms }];
        const book = {
          bookId,
          body: Buffer.from(row.body ?? ''),
          etag: row.etag ?? '',
          fetchedAtMs: row.at_ms,
          freshUntilMs: row.until_ms,
          richness: row.richness,
        };
        return [row.key, { ...record, kind: 'book', book }];
      }),
    line: (record) => {
      const row = { key: record.name, kind: LETTER[record.kind], keep_ms: record.keepUntilMs, at_ms: 0, until_ms: 0, richness: 0 };
      if (record.kind === 'alias') return { ...row, book_id: record.bookId };
      if (record.kind === 'not-found') return { ...row, at_ms: record.sinceMs, until_ms: record.untilMs };
      const { bookId, body, etag, fetchedAtMs, freshUntilMs, richness } = record.book;
      return { ...row, book_id: bookId, at_ms: fetchedAtMs, until_ms: freshUntilMs, richness, etag, body: body.toString('utf8') };
    },
  });

export const createDocumentTransfer = (sql: SqlClient): KindTransfer<MovedDocument> =>
  byName(sql, {
    kind: 'documents',
    alive: (nowMs) => [nowMs, MIGRATION_DOCUMENT],
    read: async (names, nowMs) =>
      (await sql.query<text.DocumentRow>(text.READ_DOCUMENTS, [names, nowMs])).map((row) => [
        row.key,
        { key: row.key, version: row.version, json: row.json, expireAtMs: row.expire_at_ms },
      ]),
    line: ({ key, version, json, expireAtMs }) => ({ key, version, json, expire_at_ms: expireAtMs }),
  });

export const createTallyTransfer = (sql: SqlClient): KindTransfer<MovedTally> => ({
  async names(cursor, limit, nowMs) {
    const after = cursor === null ? { series: '', hour: 0 } : parseTallyName(cursor);
    const rows = await sql.query<{ series: string; hour: number }>(text.NAMES.tallies, [
      after.series,
      after.hour,
      limit,
      oldestTallyHour(nowMs),
    ]);
    const names = rows.map(({ series, hour }) => tallyName(series, hour));
    return { names, cursor: names.length < limit ? null : (names.at(-1) ?? null) };
  },
  async read(names, nowMs) {
    const parsed = names.map(parseTallyName);
    const params = [parsed.map(({ series }) => series), parsed.map(({ hour }) => hour), oldestTallyHour(nowMs)];
    const rows = await sql.query<{ series: string; hour: number; counts: Record<string, number> }>(text.READ_TALLIES, params);
    return new Map(rows.map((row) => [tallyName(row.series, row.hour), { ...row, keepUntilMs: null }]));
  },
  async write(records) {
    const rows = records.flatMap(({ series, hour, counts }) => Object.entries(counts).map(([name, n]) => ({ series, hour, name, n })));
    if (rows.length > 0) await sql.query(text.WRITE.tallies, [toJson(rows)]);
  },
});

export const createPageTransfer = (sql: SqlClient): KindTransfer<MovedPage> =>
  byName(sql, {
    kind: 'pages',
    alive: (nowMs) => [nowMs],
    read: async (names, nowMs) =>
      (await sql.query<text.PageRow>(text.READ_PAGES, [names, nowMs])).map((row) => [
        row.job_id,
        {
          jobId: row.job_id,
          bytes: Buffer.from(row.bytes.buffer, row.bytes.byteOffset, row.bytes.byteLength),
          keptAtMs: row.kept_at_ms,
          expireAtMs: row.expire_at_ms,
        },
      ]),
    line: ({ jobId, bytes, keptAtMs, expireAtMs }) => ({
      job_id: jobId,
      bytes: bytes.toString('base64'),
      kept_at_ms: keptAtMs,
      expire_at_ms: expireAtMs,
    }),
  });
