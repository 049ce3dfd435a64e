/** Documents, tallies and kept pages in SQL: the small stores. */
import type { DocumentStore, PageStore, StoredDocument, TallyStore } from '../store.ts';
import { statement, type SqlClient } from './sql-client.ts';

const GET = statement(
  'documents.get',
  'SELECT key, version, json FROM @.document WHERE key = $1 AND (expire_at_ms IS NULL OR expire_at_ms > $2)',
);
/** An expired document counts as none: its successor starts at version 1. */
const PUT = statement(
  'documents.put',
  `INSERT INTO @.document AS d (key, version, json, expire_at_ms) VALUES ($1, 1, $2, $3)
   ON CONFLICT (key) DO UPDATE SET json = excluded.json, expire_at_ms = excluded.expire_at_ms, version = CASE WHEN d.expire_at_ms <= $4 THEN 1 ELSE d.version + 1 END
   WHERE NOT $5::boolean OR d.expire_at_ms <= $4 RETURNING version`,
);
const PUT_IF = statement(
  'documents.putIf',
  `UPDATE @.document SET json = $2, expire_at_ms = $3, version = version + 1
   WHERE key = $1 AND version = $5 AND (expire_at_ms IS NULL OR expire_at_ms > $4) RETURNING version`,
);
const DELETE = statement(
  'documents.delete',
  'DELETE FROM @.document WHERE key = $1 RETURNING expire_at_ms IS NULL OR expire_at_ms > extract(epoch FROM clock_timestamp()) * 1000 AS living',
);
const LIST = statement(
  'documents.list',
  `SELECT key, version, json FROM @.document
   WHERE key >= $1 AND key < $1 || U&'\\+10FFFF' AND ($2::text IS NULL OR key > $2) AND (expire_at_ms IS NULL OR expire_at_ms > $3) ORDER BY key LIMIT $4`,
);
const TRIM = statement(
  'documents.trim',
  `WITH named AS (SELECT key, expire_at_ms FROM @.document WHERE key >= $1 AND key < $1 || U&'\\+10FFFF'),
   gone AS (SELECT key FROM named WHERE expire_at_ms > $3 ORDER BY expire_at_ms LIMIT least(10000, greatest(0, (SELECT count(*) FROM named) - $2::bigint)))
   DELETE FROM @.document WHERE key IN (SELECT key FROM gone) RETURNING key`,
);

export function createDocumentStore(sql: SqlClient): DocumentStore {
  return {
    async get(key, nowMs) {
      return (await sql.query<StoredDocument>(GET, [key, nowMs]))[0] ?? null;
    },
    async put(key, json, { nowMs, ifVersion, expireAtMs }) {
      const rows =
        ifVersion !== undefined && ifVersion > 0
          ? await sql.query<StoredDocument>(PUT_IF, [key, json, expireAtMs, nowMs, ifVersion])
          : await sql.query<StoredDocument>(PUT, [key, json, expireAtMs, nowMs, ifVersion === 0]);
      return rows[0]?.version ?? null;
    },
    async delete(key) {
      return (await sql.query<{ living: boolean }>(DELETE, [key]))[0]?.living ?? false;
    },
    async list(prefix, { nowMs, afterKey, limit }) {
      return sql.query<StoredDocument>(LIST, [prefix, afterKey, nowMs, limit]);
    },
    async trim(prefix, { most, sparedUntilMs }) {
      return (await sql.query(TRIM, [prefix, most, sparedUntilMs])).length;
    },
  };
}

const ADD = statement(
  'tallies.add',
  `WITH old AS (DELETE FROM @.tally WHERE series = $1 AND hour < $2::integer - $5::integer)
   INSERT INTO @.tally AS t (series, hour, name, n) SELECT $1, $2, u.name, u.n FROM unnest($3::text[], $4::float8[]) AS u (name, n) ORDER BY u.name
   ON CONFLICT (series, hour, name) DO UPDATE SET n = t.n + excluded.n`,
);
const READ = statement(
  'tallies.read',
  'SELECT hour, name, n FROM @.tally WHERE series = $1 AND hour BETWEEN $2 AND $3 ORDER BY hour, name',
);

export function createTallyStore(sql: SqlClient): TallyStore {
  return {
    async add(series, hour, counts, keepHours) {
      if (Object.keys(counts).length > 0) await sql.query(ADD, [series, hour, Object.keys(counts), Object.values(counts), keepHours]);
    },
    async read(series, fromHour, toHour) {
      const hours = new Map<number, Record<string, number>>();
      for (const { hour, name, n } of await sql.query<{ hour: number; name: string; n: number }>(READ, [series, fromHour, toHour])) {
        hours.set(hour, { ...hours.get(hour), [name]: n });
      }
      return Array.from(hours, ([hour, counts]) => ({ hour, counts }));
    },
  };
}

const KEEP = statement(
  'pages.keep',
  `INSERT INTO @.page (job_id, kept_at_ms, expire_at_ms, bytes) VALUES ($1, $2, $3, $4)
   ON CONFLICT (job_id) DO UPDATE SET kept_at_ms = excluded.kept_at_ms, expire_at_ms = excluded.expire_at_ms, bytes = excluded.bytes`,
);
const DROP_PAGES = statement(
  'pages.drop',
  `DELETE FROM @.page WHERE expire_at_ms <= $1 OR (kept_at_ms, job_id) < (
     SELECT kept_at_ms, job_id FROM @.page WHERE expire_at_ms > $1 ORDER BY kept_at_ms DESC, job_id DESC OFFSET $2 - 1 LIMIT 1)`,
);
const GET_PAGE = statement('pages.get', 'SELECT bytes, kept_at_ms FROM @.page WHERE job_id = $1 AND expire_at_ms > $2');

export function createPageStore(sql: SqlClient): PageStore {
  return {
    async keep(jobId, bytes, { nowMs, expireAtMs, maxPages }) {
      await sql.query(KEEP, [jobId, nowMs, Math.round(expireAtMs), bytes]);
      await sql.query(DROP_PAGES, [nowMs, Math.max(1, maxPages)]);
    },
    async get(jobId, nowMs) {
      const [row] = await sql.query<{ bytes: Uint8Array; kept_at_ms: number }>(GET_PAGE, [jobId, nowMs]);
      return row ? { bytes: Buffer.from(row.bytes.buffer, row.bytes.byteOffset, row.bytes.byteLength), keptAtMs: row.kept_at_ms } : null;
    },
  };
}
