/** Reads every row of a SQL store, server or embedded: see `storage/postgres/sql/migrations` for the tables. */
import { Client } from 'pg';
import { databaseDirectory } from '../../../src/storage/embedded/data-directory.ts';
import { openInstance } from '../../../src/storage/embedded/pglite-instance.ts';
import { bullmqSchema, quoteSchema } from '../../../src/storage/postgres/sql-client.ts';
import { emptyContents, type Contents } from './contents.ts';

/** Runs one query without parameters; `bigint` columns have to be cast. */
export type Query = (text: string) => Promise<Row[]>;

/** Columns are text, numbers and booleans: the queries here ask for nothing else. */
export type Row = Record<string, string | number | boolean | null>;

const TABLES = ['batch', 'batch_job', 'batch_record', 'document', 'item', 'job', 'known', 'migration', 'page', 'search', 'tally'];
const BULLMQ_TABLES = ['event', 'job', 'meta', 'migration', 'rate_limit'];
/** BullMQ's tables for what Quire does not use: flows, schedulers, metrics, logs of jobs, deduplication, relays. */
const UNUSED_TABLES = [
  'dedup',
  'dedup_next',
  'job_dependency',
  'job_log',
  'metrics',
  'relay_inbox',
  'relay_node',
  'relay_retained',
  'relay_subscription',
  'scheduler',
];
/** Kept by `streams.events.maxLen` of 1,000. */
const MOST_EVENTS = 2_000;
/** How late the sweep every 15 s may be with rows past their time. */
const SWEEP_LATE_MS = 3_600_000;

/** Rules of the tables themselves; each query gives what breaks the rule as `what`. `@.` is our schema, `#.` BullMQ's, `$now` the time. */
const RULES: readonly { rule: string; sql: string }[] = [
  {
    rule: 'is settled and has no place in the order of forgetting',
    sql: `SELECT 'job ' || job_id AS what FROM @.job WHERE state <> 'l' AND settled_no IS NULL`,
  },
  { rule: 'has a state that nobody knows', sql: `SELECT 'job ' || job_id AS what FROM @.job WHERE state NOT IN ('l', 'p', 'n', 'f', 'x')` },
  {
    rule: 'is a copy without a body',
    sql: `SELECT key AS what FROM @.known WHERE kind = 'b' AND (body IS NULL OR etag IS NULL OR key <> 'book-' || book_id)`,
  },
  { rule: 'is neither a copy nor an alias nor a "missing"', sql: `SELECT key AS what FROM @.known WHERE kind NOT IN ('b', 'a', 'm')` },
  {
    rule: 'has a search entry and no copy',
    sql: `SELECT 'book ' || book_id AS what FROM @.search s WHERE NOT EXISTS (SELECT 1 FROM @.known k WHERE k.key = 'book-' || s.book_id AND k.kind = 'b')`,
  },
  { rule: 'is long past its time', sql: `SELECT key AS what FROM @.known WHERE keep_ms < $now - ${SWEEP_LATE_MS}` },
  {
    rule: 'is in the log of its batch and not settled, or the other way round',
    sql: `SELECT 'item ' || batch_id || '.' || index AS what FROM @.item WHERE (seq IS NULL) <> (settled_at_ms IS NULL) OR (state = 'q' AND seq IS NOT NULL) OR (state IN ('p', 'f', 'x') AND seq IS NULL)`,
  },
  {
    rule: 'has another length of its log than its items say',
    sql: `SELECT 'batch ' || b.batch_id AS what FROM @.batch_record b WHERE log_length <> (SELECT count(*) FROM @.item i WHERE i.batch_id = b.batch_id AND seq IS NOT NULL)`,
  },
  {
    rule: 'has counts that do not add up',
    sql: `SELECT 'batch ' || batch_id AS what FROM @.batch_record WHERE settled <> parsed + not_found + failed + cancelled + cached + invalid + expanded + disallowed + skipped + expired`,
  },
  {
    rule: 'is a book of a growing batch that does not exist',
    sql: `SELECT j.batch_id || ' ' || j.job_id AS what FROM @.batch_job j WHERE NOT EXISTS (SELECT 1 FROM @.batch_record b WHERE b.batch_id = j.batch_id)`,
  },
  {
    rule: 'holds a lock and is not active, or the other way round',
    sql: `SELECT 'BullMQ job ' || id AS what FROM #.job WHERE (state = 'active') <> (lock_token IS NOT NULL)`,
  },
];

/** Everything in the schemas of `schema`, ours and BullMQ's. A table of an unknown kind is a remark: whoever adds one adds it here. */
export async function readSql(query: Query, schema: string): Promise<Contents> {
  const contents = emptyContents(Date.now());
  const fill = (text: string): string =>
    text
      .replaceAll('@.', `${quoteSchema(schema)}.`)
      .replaceAll('#.', `${quoteSchema(bullmqSchema(schema))}.`)
      .replaceAll('$now', String(contents.readAtMs));
  const rows = async (text: string): Promise<Row[]> => query(fill(text));
  const text = (value: Row[string] | undefined): string => String(value);
  const textOrNull = (value: Row[string] | undefined): string | null => (value === null ? null : String(value));
  const numberOrNull = (value: Row[string] | undefined): number | null => (value === null ? null : Number(value));

  for (const [name, known] of [
    [schema, TABLES],
    [bullmqSchema(schema), [...BULLMQ_TABLES, ...UNUSED_TABLES]],
  ] as const) {
    const tables = await rows(`SELECT table_name AS name FROM information_schema.tables WHERE table_schema = '${name}'`);
    for (const { name: table } of tables)
      if (!known.includes(text(table))) contents.remarks.push(`table ${name}.${table} is of a kind that nobody knows`);
  }
  for (const table of UNUSED_TABLES) {
    const [{ n } = { n: 0 }] = await rows(`SELECT count(*)::integer AS n FROM #.${table}`);
    if (Number(n) > 0) contents.remarks.push(`BullMQ's table ${table} has ${n} rows, and nothing of ours uses it`);
  }
  const [{ n: events } = { n: 0 }] = await rows(
    'SELECT coalesce(max(n), 0)::integer AS n FROM (SELECT count(*) AS n FROM #.event GROUP BY queue) counted',
  );
  if (Number(events) > MOST_EVENTS) contents.remarks.push(`BullMQ keeps ${events} events of one queue`);
  for (const { rule, sql } of RULES) for (const { what } of await rows(sql)) contents.remarks.push(`${what} ${rule}`);

  for (const row of await rows(
    'SELECT job_id, run, state::text AS state, solo, created_at_ms::float8 AS created, settled_at_ms::float8 AS settled, book_id::text AS book FROM @.job',
  )) {
    contents.jobs.push({
      jobId: text(row['job_id']),
      run: text(row['run']),
      state: text(row['state']),
      solo: row['solo'] === true,
      createdAtMs: Number(row['created']),
      settledAtMs: row['settled'] === null ? null : Number(row['settled']),
      bookId: textOrNull(row['book']),
    });
  }
  for (const row of await rows('SELECT batch_id, total, settled, finished_at_ms IS NOT NULL AS finished FROM @.batch_record')) {
    const total = Number(row['total']);
    contents.batches.push({
      batchId: text(row['batch_id']),
      total,
      queued: total - Number(row['settled']),
      finished: row['finished'] === true,
    });
  }
  for (const row of await rows('SELECT batch_id, index, job_id, state::text AS state FROM @.item')) {
    contents.items.push({
      batchId: text(row['batch_id']),
      index: Number(row['index']),
      jobId: textOrNull(row['job_id']),
      state: text(row['state']),
    });
  }
  const known =
    'SELECT key, kind::text AS kind, book_id::text AS book, at_ms::float8 AS at, until_ms::float8 AS until, etag, body FROM @.known';
  for (const row of await rows(known)) {
    const copy = { fetchedAtMs: Number(row['at']), freshUntilMs: Number(row['until']), etag: text(row['etag']), body: text(row['body']) };
    contents.names.push({
      name: text(row['key']),
      leadsTo: row['kind'] === 'a' ? text(row['book']) : null,
      copy: row['kind'] === 'b' ? copy : null,
    });
  }
  for (const row of await rows('SELECT key, json, expire_at_ms::float8 AS until FROM @.document'))
    contents.documents.push({ key: text(row['key']), json: text(row['json']), expireAtMs: numberOrNull(row['until']) });
  for (const row of await rows('SELECT DISTINCT series, hour FROM @.tally'))
    contents.tallies.push({ series: text(row['series']), hour: Number(row['hour']) });
  for (const row of await rows('SELECT job_id, expire_at_ms::float8 AS until FROM @.page'))
    contents.pages.push({ jobId: text(row['job_id']), expireAtMs: Number(row['until']) });
  for (const row of await rows('SELECT queue, id, state::text AS state FROM #.job'))
    contents.runs.push({ queue: text(row['queue']), id: text(row['id']), state: text(row['state']) });
  return contents;
}

/** Everything in a PostgreSQL database. */
export async function readPostgres(url: string, schema: string): Promise<Contents> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 30_000 });
  await client.connect();
  try {
    return await readSql(async (text) => (await client.query(text)).rows as Row[], schema);
  } finally {
    await client.end();
  }
}

/** Everything in the data directory of an embedded store, whose process has ended. */
export async function readEmbedded(dataDir: string, schema: string): Promise<Contents> {
  const instance = await openInstance(databaseDirectory(dataDir), [], () => undefined);
  try {
    return await readSql(async (text) => (await instance.run(text, [])).rows as Row[], schema);
  } finally {
    await instance.close();
  }
}
