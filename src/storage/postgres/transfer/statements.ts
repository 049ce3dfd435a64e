/** The SQL of a migration. */
import type { JobId } from '../../../domain/identity.ts';
import { OWN_DOCUMENTS, type TransferKind } from '../../transfer.ts';
import type { BatchRow } from '../batch-reading.ts';
import type { KnownRow } from '../books.ts';
import type { JobRow } from '../jobs.ts';
import { statement, type Statement } from '../sql-client.ts';

/** The columns of the row that met another. */
const excluded = (columns: string): string =>
  columns
    .split(/,\s+/)
    .map((column) => `excluded.${column}`)
    .join(', ');

export interface MovedKnownRow extends KnownRow {
  key: string;
}

/** A row with what only a migration needs of it. */
export interface MovedBatchRow extends BatchRow {
  log_length: number;
  item_count: number;
  announced: boolean;
}

export interface MovedJobRow extends Omit<JobRow, 'settled_no'> {
  solo: boolean;
  waiting: string[];
}

export interface DocumentRow {
  key: string;
  version: number;
  json: string;
  expire_at_ms: number | null;
}

export interface PageRow {
  job_id: JobId;
  bytes: Uint8Array;
  kept_at_ms: number;
  expire_at_ms: number;
}

/** Parameters: the name to go on after ('' from the start), how many, and then what tells records whose time is over. */
export const NAMES: Record<TransferKind, Statement> = {
  // An alias lives as long as what it leads to: reading tells.
  books: statement(
    'transfer.names.books',
    `SELECT key AS name FROM @.known WHERE key > $1 AND (keep_ms > $3 OR kind = 'a') ORDER BY key LIMIT $2`,
  ),
  batches: statement(
    'transfer.names.batches',
    'SELECT batch_id AS name FROM @.batch_record WHERE batch_id > $1 AND (finished_at_ms IS NULL OR finished_at_ms > $3) ORDER BY batch_id LIMIT $2',
  ),
  jobs: statement('transfer.names.jobs', 'SELECT job_id AS name FROM @.job WHERE job_id > $1 ORDER BY job_id LIMIT $2'),
  documents: statement(
    'transfer.names.documents',
    'SELECT key AS name FROM @.document WHERE key > $1 AND (expire_at_ms IS NULL OR expire_at_ms > $3) AND key <> ALL ($4::text[]) ORDER BY key LIMIT $2',
  ),
  tallies: statement(
    'transfer.names.tallies',
    'SELECT DISTINCT series, hour FROM @.tally WHERE (series, hour) > ($1, $2::integer) AND hour > $4 ORDER BY series, hour LIMIT $3',
  ),
  pages: statement(
    'transfer.names.pages',
    'SELECT job_id AS name FROM @.page WHERE job_id > $1 AND expire_at_ms > $3 ORDER BY job_id LIMIT $2',
  ),
};

export const READ_BOOKS = statement(
  'transfer.read.books',
  `SELECT k.key, k.kind, k.book_id, k.at_ms, k.until_ms, greatest(k.keep_ms, t.keep_ms) AS keep_ms, k.richness, k.etag, k.body
   FROM @.known k LEFT JOIN @.known t ON k.kind = 'a' AND t.key = 'book-' || k.book_id
   WHERE k.key = ANY ($1::text[]) AND greatest(k.keep_ms, t.keep_ms) > $2`,
);
const WRITE_BOOKS = statement(
  'transfer.write.books',
  `INSERT INTO @.known (key, kind, book_id, at_ms, until_ms, keep_ms, richness, etag, body)
   SELECT key, kind::"char", book_id, at_ms, until_ms, keep_ms, richness, etag, body
   FROM json_to_recordset($1::json) AS x(key text, kind text, book_id bigint, at_ms bigint, until_ms bigint, keep_ms bigint, richness integer, etag text, body text)
   ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, book_id = excluded.book_id, at_ms = excluded.at_ms, until_ms = excluded.until_ms, keep_ms = excluded.keep_ms,
     richness = excluded.richness, etag = excluded.etag, body = excluded.body`,
);

export const READ_BATCHES = statement(
  'transfer.read.batches',
  `SELECT b.*, (SELECT count(*)::integer FROM @.item i WHERE i.batch_id = b.batch_id) AS item_count
   FROM @.batch_record b WHERE b.batch_id = ANY ($1::text[]) AND (b.finished_at_ms IS NULL OR b.finished_at_ms > $2)`,
);
const BATCH_COLUMNS = `batch_id, total, settled, parsed, not_found, failed, cancelled, cached, invalid, log_length, sealed, announced, created_at_ms, progressed_at_ms,
  finished_at_ms, cancelled_at_ms, options, open, added_at_ms, expanding, expanded, disallowed, skipped, expired, wanted, found, stopped_at_ms`;
const WRITE_BATCHES = statement(
  'transfer.write.batches',
  `INSERT INTO @.batch_record (${BATCH_COLUMNS}) SELECT ${BATCH_COLUMNS}
   FROM json_to_recordset($1::json) AS x(batch_id text, total integer, settled integer, parsed integer, not_found integer, failed integer, cancelled integer,
     cached integer, invalid integer, log_length integer, sealed boolean, announced boolean, created_at_ms bigint, progressed_at_ms bigint, finished_at_ms bigint,
     cancelled_at_ms bigint, options text, open boolean, added_at_ms bigint, expanding integer, expanded integer, disallowed integer, skipped integer,
     expired integer, wanted integer, found text[], stopped_at_ms bigint)
   ON CONFLICT (batch_id) DO UPDATE SET listed = 0, (${BATCH_COLUMNS}) = ROW(${excluded(BATCH_COLUMNS)})`,
);
export const DROP_BATCH = statement(
  'transfer.drop.batch',
  'WITH gone AS (DELETE FROM @.batch_record WHERE batch_id = $1) DELETE FROM @.item WHERE batch_id = $1',
);
/** What is there already stays, so that a page may come twice. */
export const WRITE_ITEMS = statement(
  'transfer.write.items',
  `INSERT INTO @.item (batch_id, index, state, duplicates, book_id, job_id, input, reason, collection, collection_version, via)
   SELECT $1, index, state::"char", duplicates, book_id, job_id, input, reason, collection, collection_version, via
   FROM json_to_recordset($2::json) AS x(index integer, state text, duplicates smallint, book_id bigint, job_id text, input text, reason text,
     collection text, collection_version integer, via integer)
   ON CONFLICT DO NOTHING`,
);
export const WRITE_LOG = statement(
  'transfer.write.log',
  `UPDATE @.item i SET seq = x.seq, settled_at_ms = x.at_ms FROM json_to_recordset($2::json) AS x(seq integer, index integer, at_ms bigint)
   WHERE i.batch_id = $1 AND i.index = x.index`,
);

export const READ_JOBS = statement(
  'transfer.read.jobs',
  `SELECT job_id, run, state, priority, solo, created_at_ms, settled_at_ms, attempts, waiters, error_code, error_detail, book_id, timeline,
     CASE WHEN state = 'l' THEN ARRAY(SELECT i.batch_id || '.' || i.index FROM @.item i WHERE i.job_id = j.job_id AND i.state = 'q') ELSE '{}'::text[] END AS waiting
   FROM @.job j WHERE job_id = ANY ($1::text[])`,
);
const JOB_COLUMNS =
  'run, state, priority, solo, created_at_ms, settled_at_ms, settled_no, attempts, waiters, error_code, error_detail, book_id, timeline';
const WRITE_JOBS = statement(
  'transfer.write.jobs',
  `INSERT INTO @.job (job_id, ${JOB_COLUMNS})
   SELECT job_id, run, state::"char", priority, solo, created_at_ms, settled_at_ms, CASE WHEN state <> 'l' THEN nextval('@.settled_order') END, attempts, waiters,
     error_code, error_detail, book_id, timeline
   FROM json_to_recordset($1::json) AS x(job_id text, run text, state text, priority smallint, solo boolean, created_at_ms bigint, settled_at_ms bigint, attempts integer,
     waiters integer, error_code text, error_detail text, book_id bigint, timeline jsonb)
   ON CONFLICT (job_id) DO UPDATE SET raised = false, (${JOB_COLUMNS}) = ROW(${excluded(JOB_COLUMNS)})`,
);
export const ORDER_SETTLED = [
  `UPDATE @.job j SET settled_no = o.place FROM (
     SELECT job_id, row_number() OVER (ORDER BY settled_at_ms, settled_no) AS place FROM @.job WHERE state IN ('f', 'p', 'n', 'x')
   ) o WHERE o.job_id = j.job_id`,
  `SELECT setval('@.settled_order', (SELECT count(*) + 1 FROM @.job WHERE state IN ('f', 'p', 'n', 'x')))`,
] as const;

export const READ_DOCUMENTS = statement(
  'transfer.read.documents',
  'SELECT key, version, json, expire_at_ms FROM @.document WHERE key = ANY ($1::text[]) AND (expire_at_ms IS NULL OR expire_at_ms > $2)',
);
const WRITE_DOCUMENTS = statement(
  'transfer.write.documents',
  `INSERT INTO @.document (key, version, json, expire_at_ms) SELECT * FROM json_to_recordset($1::json) AS x(key text, version bigint, json text, expire_at_ms bigint)
   ON CONFLICT (key) DO UPDATE SET version = excluded.version, json = excluded.json, expire_at_ms = excluded.expire_at_ms`,
);

export const READ_TALLIES = statement(
  'transfer.read.tallies',
  `SELECT series, hour, jsonb_object_agg(name, n) AS counts FROM @.tally
   WHERE (series, hour) IN (SELECT * FROM unnest($1::text[], $2::integer[])) AND hour > $3 GROUP BY series, hour`,
);
const WRITE_TALLIES = statement(
  'transfer.write.tallies',
  `INSERT INTO @.tally (series, hour, name, n) SELECT * FROM json_to_recordset($1::json) AS x(series text, hour integer, name text, n double precision)
   ON CONFLICT (series, hour, name) DO UPDATE SET n = excluded.n`,
);

export const READ_PAGES = statement(
  'transfer.read.pages',
  'SELECT job_id, bytes, kept_at_ms, expire_at_ms FROM @.page WHERE job_id = ANY ($1::text[]) AND expire_at_ms > $2',
);
const WRITE_PAGES = statement(
  'transfer.write.pages',
  `INSERT INTO @.page (job_id, kept_at_ms, expire_at_ms, bytes)
   SELECT job_id, kept_at_ms, expire_at_ms, decode(bytes, 'base64') FROM json_to_recordset($1::json) AS x(job_id text, kept_at_ms bigint, expire_at_ms bigint, bytes text)
   ON CONFLICT (job_id) DO UPDATE SET kept_at_ms = excluded.kept_at_ms, expire_at_ms = excluded.expire_at_ms, bytes = excluded.bytes`,
);

export const TOTALS = `SELECT (SELECT count(*) FROM @.known)::integer AS books, (SELECT count(*) FROM @.batch_record)::integer AS batches, (SELECT count(*) FROM @.job)::integer AS jobs,
  (SELECT count(*) FROM @.document WHERE key NOT IN (${OWN_DOCUMENTS.map((key) => `'${key}'`).join(', ')}))::integer AS documents, (SELECT count(*) FROM (SELECT DISTINCT series, hour FROM @.tally) t)::integer AS tallies,
  (SELECT count(*) FROM @.page)::integer AS pages`;

/**
 * Sessions of services have the name $1, those of a migration $1 and an ending of their own. PGlite has no other sessions, and does not
 * list its own by that name.
 */
export const OTHERS = statement(
  'transfer.others',
  `SELECT count(*)::integer AS n FROM pg_stat_activity
  WHERE datname = current_database() AND (application_name = $1 OR starts_with(application_name, $1 || ' migration ')) AND application_name <> current_setting('application_name')`,
);

/** Each takes its rows as one JSON argument and puts them over what has their name. */
export const WRITE: Record<TransferKind, Statement> = {
  books: WRITE_BOOKS,
  batches: WRITE_BATCHES,
  jobs: WRITE_JOBS,
  documents: WRITE_DOCUMENTS,
  tallies: WRITE_TALLIES,
  pages: WRITE_PAGES,
};
