/** The audit of the fault suite itself: it finds nothing in a store that is whole, and each kind of leftover once it is there. */
import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Serving } from '../../scripts/goodreads-stand-in.ts';
import { hourOf } from '../../src/storage/tally-buffer.ts';
import type { Store } from '../../src/storage/store.ts';
import { findStale } from '../faults/freshness.ts';
import { emptyContents, type Contents } from '../faults/leftovers/contents.ts';
import { findLeftovers, readEmbedded, readPostgres, readRedis } from '../faults/leftovers.ts';
import { readSql, type Row } from '../faults/leftovers/sql.ts';
import { createDatabase, sharedPostgresUrl } from '../support/postgres-server.ts';
import { sharedRedisUrl } from '../support/redis-server.ts';
import { createEmbeddedStore } from '../../src/storage/embedded/store.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { embeddedDirectory, redisStore, TEST_SETTINGS } from '../support/stores.ts';
import { rm } from 'node:fs/promises';
import { HOUR_MS, NOW_MS } from './samples.ts';
import { ENDED, fillAtRest, OPEN } from './store-at-rest.ts';

async function fillAndStop(store: Store): Promise<void> {
  try {
    await fillAtRest(store);
  } finally {
    await store.stop();
  }
}

describe('a whole store has no leftovers', () => {
  it('on Redis', async () => {
    const { store, cleanup } = await redisStore.make({ prefix: 'whole' + process.pid });
    try {
      await fillAtRest(store);
      expect(findLeftovers(await readRedis(sharedRedisUrl(), `whole${process.pid}`))).toEqual([]);
    } finally {
      await cleanup();
    }
  });

  it('on the embedded store', async () => {
    const dataDir = await embeddedDirectory();
    try {
      const store = createEmbeddedStore({ dataDir, settings: TEST_SETTINGS });
      await store.start();
      await fillAndStop(store);
      expect(findLeftovers(await readEmbedded(dataDir, TEST_SETTINGS.prefix))).toEqual([]);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

/** What is planted on Redis: commands, the first argument of each is a key without its prefix; and what is said about it. */
const ON_REDIS: readonly [remark: string, ...commands: (string | number)[][]][] = [
  ['the search entry of book 77 has no copy', ['HSET', 'search-entries', '77', 'etag____________990\n a \n\n\n\n']],
  ['the posting a 9978 is missing', ['HSET', 'search-entries', '78', 'etag____________990\n a \n\n\n\n']],
  ['the posting a 9977 belongs to no search entry', ['ZADD', 'search', 0, 'a\u00009977']],
  ['key stray is of a kind that nobody knows', ['SET', 'stray', 1]],
  ['key parse-book:odd is of a kind that nobody knows', ['SET', 'parse-book:odd', 1]],
  ['key parse-book:book-1.run1:logs is of a kind that nobody knows', ['RPUSH', 'parse-book:book-1.run1:logs', 'x']],
  ['job book-9 is live, and nobody waits for it', ['HSET', 'job:book-9', 's', 'live', 'r', 'a', 'c', 1]],
  ['job book-9 has the waiter nobatch.0, which does not wait', ['HSET', 'job:book-9', 's', 'live', 'r', 'a', 'c', 1, 'w', 'nobatch.0']],
  ['job book-9.a is parsed, and in no list from which it would be forgotten', ['HSET', 'job:book-9', 's', 'parsed', 'r', 'a', 'c', 1]],
  ['job book-5.run3 is failed, and in no list from which it would be forgotten', ['ZREM', 'failed', 'book-5.run3']],
  ['job book-9 has the state "odd" and the run "a"', ['HSET', 'job:book-9', 's', 'odd', 'r', 'a', 'c', 1]],
  ['the list of failed jobs has book-9.a, of which there is no failed record', ['ZADD', 'failed', 1, 'book-9.a']],
  ['the list of finished jobs has book-9.a, of which there is no record', ['LPUSH', 'finished', 'book-9.a']],
  ['the list of finished jobs has a run twice', ['LPUSH', 'finished', 'book-3.run1']],
  ['job book-3 is parsed and still has waiters', ['HSET', 'job:book-3', 'w', `${OPEN}.1`]],
  ['the list of jobs wanted by themselves has book-9, which is not', ['ZADD', 'solo', 1, 'book-9']],
  ['job book-2 and the list of jobs wanted by themselves disagree', ['ZREM', 'solo', 'book-2']],
  [`item ${OPEN}.0 waits for book-1, which is not live`, ['DEL', 'job:book-1']],
  [`item ${OPEN}.0 waits for book-1, which does not know it`, ['HSET', 'job:book-1', 'w', '']],
  [`batch ${OPEN} has parts, and is none`, ['DEL', `batch:${OPEN}`]],
  ['batch nobatch has parts, and is none', ['RPUSH', 'batch:nobatch:items', '["book-1",null,0,"",null]']],
  ['batch nobatch has parts, and is none', ['SET', 'batch:nobatch:states', 'q']],
  ['batch nobatch has parts, and is none', ['RPUSH', 'batch:nobatch:log', '0.p.1']],
  ['key batch:nobatch:odd is of a kind that nobody knows', ['SET', 'batch:nobatch:odd', 1]],
  [`batch:${ENDED} never ends`, ['PERSIST', `batch:${ENDED}`]],
  [`batch:${ENDED}:items never ends`, ['PERSIST', `batch:${ENDED}:items`]],
  [`batch:${OPEN}:log ends before its batch`, ['PEXPIRE', `batch:${OPEN}:log`, 60_000]],
  [`batch ${OPEN} is open and not listed`, ['ZREM', 'open', OPEN]],
  [`batch ${ENDED} has ended and is listed as open`, ['ZADD', 'open', 1, ENDED]],
  ['the list of open batches has nobatch, which there is not', ['ZADD', 'open', 1, 'nobatch']],
  [`batch ${OPEN} is not in the list of batches`, ['ZREM', 'batches-open', OPEN]],
  [`batch ${ENDED} is not in the list of batches`, ['ZREM', 'batches-ended', ENDED]],
  ['the list of batches has open nobatch, which there is not', ['ZADD', 'batches-open', 0, 'nobatch']],
  [`the list of batches has open ${ENDED}, which there is not`, ['ZADD', 'batches-open', 0, ENDED]],
  ['the list of batches to announce has nobatch, which has not ended or is gone', ['ZADD', 'unannounced', 1, 'nobatch']],
  [`batch ${OPEN} counts 0 of 2 as queued, and its 2 items say 1`, ['HSET', `batch:${OPEN}`, 'q', 0]],
  [`item ${ENDED}.1 is queued in a batch that ended`, ['SETRANGE', `batch:${ENDED}:states`, 1, 'q']],
  [`batch ${OPEN} has 2 items and 3 states`, ['APPEND', `batch:${OPEN}:states`, 'p']],
  [`batch ${OPEN} has 0 entries in its log, 1 items were settled later`, ['DEL', `batch:${OPEN}:log`]],
  ['key book-3 never ends', ['PERSIST', 'book-3']],
  ['key book-3 holds a copy that is not in the list of books', ['ZREM', 'books', 3]],
  ['the list of books has 9, of which there is no copy', ['ZADD', 'books', 9, 9]],
  ['book-9 leads to book 8, of which nothing is known', ['SET', 'book-9', 'A8', 'PX', 60_000]],
  ['key book-9 holds neither a copy nor an alias nor a "missing"', ['SET', 'book-9', 'odd', 'PX', 60_000]],
  ['document source/x is not in the list of documents', ['ZREM', 'docs', 'source/x']],
  ['the list of documents has source/y, which there is not', ['ZADD', 'docs', 0, 'source/y']],
  ['document idempotency:a never ends', ['PERSIST', 'doc:idempotency:a'], ['ZREM', 'docs-ending', 'idempotency:a']],
  ['document idempotency:a ends, and the list of those that end says otherwise', ['ZREM', 'docs-ending', 'idempotency:a']],
  ['document odd is of a kind that nobody knows', ['HSET', 'doc:odd', 'v', 1, 'j', '{}'], ['ZADD', 'docs', 0, 'odd']],
  [
    'delivery wh0000000000-1 is pending, and no job will make the call',
    ['HSET', 'doc:delivery:wh0000000000-1', 'v', 1, 'j', '{"state":"pending","run":1}'],
  ],
  ['the page of book-9 is not in the list of pages', ['SET', 'page:book-9', 'x', 'PX', 60_000]],
  ['the page of book-5 never ends', ['PERSIST', 'page:book-5']],
  ['the list of pages has that of book-9, which there is not', ['ZADD', 'pages', NOW_MS, 'book-9']],
  [`tally source:${hourOf(NOW_MS)} never ends`, ['PERSIST', `tally:source:${hourOf(NOW_MS)}`]],
  ['tally source:9 is not in the list of its series', ['HSET', 'tally:source:9', 'a', 1]],
  ['tally source of hour 9 is past its time', ['ZADD', 'tally:source', 9, 9]],
  ['tally odd is of a series that nobody knows', ['ZADD', 'tally:odd', 9, 9]],
  ['parse-book: job book-1.run1 is in no list', ['ZREM', 'parse-book:prioritized', 'book-1.run1']],
  ['parse-book: job book-1.run1 is in wait and in prioritized', ['RPUSH', 'parse-book:wait', 'book-1.run1']],
  ['parse-book: active has book-9.a, of which there is no job', ['RPUSH', 'parse-book:active', 'book-9.a']],
  ['parse-book: job book-1.run1 is locked, and not active', ['SET', 'parse-book:book-1.run1:lock', 't', 'PX', 60_000]],
  ['parse-book: the lock of book-1.run1 never ends', ['SET', 'parse-book:book-1.run1:lock', 't']],
  ['parse-book: job book-1.run1 is watched for stalling, and not active', ['SADD', 'parse-book:stalled', 'book-1.run1']],
  [
    'BullMQ job book-3.run1 is wait, and no live job is of that run',
    ['HSET', 'parse-book:book-3.run1', 'name', 'x'],
    ['RPUSH', 'parse-book:wait', 'book-3.run1'],
  ],
  [
    'BullMQ job wh0.1 is wait, and no pending delivery is of that run',
    ['HSET', 'deliver-webhook:wh0.1', 'name', 'x'],
    ['RPUSH', 'deliver-webhook:wait', 'wh0.1'],
  ],
];

describe('on Redis, the audit finds', () => {
  it.each(ON_REDIS)('%s', async (remark, ...commands) => {
    const prefix = `left${process.pid}_${createHash('sha1').update(JSON.stringify(commands)).digest('hex').slice(0, 8)}`;
    const { store, cleanup } = await redisStore.make({ prefix });
    const redis = new Redis(sharedRedisUrl());
    try {
      await fillAtRest(store);
      for (const [command = '', key = '', ...rest] of commands)
        await redis.call(String(command), `{${prefix}}:${key}`, ...rest.map(String));
      expect(findLeftovers(await readRedis(sharedRedisUrl(), prefix))).toContain(remark);
    } finally {
      redis.disconnect();
      await cleanup();
    }
  });
});

const INTO_JOB = 'INSERT INTO @.job (job_id, run, state, priority, solo, created_at_ms, settled_no) VALUES';
const INTO_RUN = 'INSERT INTO #.job (queue, id, seq, name, state, added_at_ms) VALUES';

/** What is planted in SQL: `@.` is our schema, `#.` BullMQ's. */
const IN_SQL: readonly [remark: string, sql: string][] = [
  ['table remains.odd is of a kind that nobody knows', 'CREATE TABLE @.odd (a integer)'],
  ['table remains_bullmq.odd is of a kind that nobody knows', 'CREATE TABLE #.odd (a integer)'],
  [`BullMQ's table metrics has 1 rows, and nothing of ours uses it`, `INSERT INTO #.metrics (queue, kind) VALUES ('a', 'b')`],
  ['job book-9 is live, and nobody waits for it', `${INTO_JOB} ('book-9', 'a', 'l', 1, false, 1, NULL)`],
  ['job book-9 is settled and has no place in the order of forgetting', `${INTO_JOB} ('book-9', 'a', 'p', 1, false, 1, NULL)`],
  ['job book-9 has a state that nobody knows', `${INTO_JOB} ('book-9', 'a', 'z', 1, false, 1, 5)`],
  [`item ${OPEN}.0 waits for book-1, which is not live`, `DELETE FROM @.job WHERE job_id = 'book-1'`],
  [`item ${OPEN}.0 belongs to no batch`, `DELETE FROM @.batch_record WHERE batch_id = '${OPEN}'`],
  [`batch ${OPEN} counts 0 of 2 as queued, and its 2 items say 1`, `UPDATE @.batch_record SET settled = 2 WHERE batch_id = '${OPEN}'`],
  [`batch ${OPEN} has counts that do not add up`, `UPDATE @.batch_record SET parsed = 5 WHERE batch_id = '${OPEN}'`],
  [`batch ${OPEN} has another length of its log than its items say`, `UPDATE @.batch_record SET log_length = 7 WHERE batch_id = '${OPEN}'`],
  [`item ${ENDED}.1 is queued in a batch that ended`, `UPDATE @.item SET state = 'q' WHERE batch_id = '${ENDED}' AND index = 1`],
  [
    `item ${OPEN}.0 is in the log of its batch and not settled, or the other way round`,
    `UPDATE @.item SET seq = 3 WHERE batch_id = '${OPEN}' AND index = 0`,
  ],
  [
    'book-9 leads to book 8, of which nothing is known',
    `INSERT INTO @.known (key, kind, book_id, at_ms, until_ms, keep_ms) VALUES ('book-9', 'a', 8, 1, 1, ${NOW_MS + HOUR_MS})`,
  ],
  ['book-3 is a copy without a body', `UPDATE @.known SET body = NULL WHERE key = 'book-3'`],
  ['book-3 is neither a copy nor an alias nor a "missing"', `UPDATE @.known SET kind = 'z' WHERE key = 'book-3'`],
  ['book-3 is long past its time', `UPDATE @.known SET keep_ms = 1 WHERE key = 'book-3'`],
  ['document idempotency:a is long past its time', `UPDATE @.document SET expire_at_ms = 1 WHERE key = 'idempotency:a'`],
  ['document idempotency:a never ends', `UPDATE @.document SET expire_at_ms = NULL WHERE key = 'idempotency:a'`],
  ['document odd is of a kind that nobody knows', `INSERT INTO @.document (key, version, json) VALUES ('odd', 1, '{}')`],
  [
    'delivery wh0000000000-0 is pending, and no job will make the call',
    `UPDATE @.document SET json = '{"state":"pending","run":1}' WHERE key = 'delivery:wh0000000000-0'`,
  ],
  ['book 77 has a search entry and no copy', `INSERT INTO @.search VALUES (77, E'990\\n a \\n\\n\\n\\n')`],
  ['the page of book-5 is long past its time', 'UPDATE @.page SET expire_at_ms = 1'],
  ['tally odd is of a series that nobody knows', `INSERT INTO @.tally VALUES ('odd', 1, 'a', 1)`],
  ['tally source of hour 9 is past its time', `INSERT INTO @.tally VALUES ('source', 9, 'a', 1)`],
  ['BullMQ job book-3.run1 is waiting, and no live job is of that run', `${INTO_RUN} ('parse-book', 'book-3.run1', 1, 'x', 'waiting', 1)`],
  ['BullMQ job a.1 is in the queue odd, which nobody works on', `${INTO_RUN} ('odd', 'a.1', 1, 'x', 'waiting', 1)`],
  ['BullMQ job book-1.run1 holds a lock and is not active, or the other way round', `UPDATE #.job SET lock_token = 'a'`],
  [
    'BullMQ keeps 1301 completed jobs in parse-book, 1000 are allowed',
    `${INTO_RUN.replace(' VALUES', '')} SELECT 'parse-book', 'book-7.' || g, g, 'x', 'completed', 1 FROM generate_series(1, 1301) g`,
  ],
  [
    'BullMQ keeps 2001 events of one queue',
    `INSERT INTO #.event (queue, event, created_at_ms) SELECT 'odd', 'x', 1 FROM generate_series(1, 2001) g`,
  ],
];

describe('in SQL, the audit finds', () => {
  let client: Client;
  let drop: () => Promise<void>;
  let url: string;
  beforeAll(async () => {
    const database = await createDatabase(sharedPostgresUrl());
    drop = database.drop;
    const store = createPostgresStore({ url: database.url, settings: { ...TEST_SETTINGS, prefix: 'remains' } });
    await store.start();
    await fillAndStop(store);
    url = database.url;
    client = new Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await drop();
  });

  it('nothing before anything is planted', async () => {
    expect(findLeftovers(await readPostgres(url, 'remains'))).toEqual([]);
  });

  it.each(IN_SQL)('%s', async (remark, sql) => {
    await client.query('BEGIN');
    try {
      await client.query(sql.replaceAll('@.', 'remains.').replaceAll('#.', 'remains_bullmq.'));
      const contents = await readSql(async (text) => (await client.query(text)).rows as Row[], 'remains');
      expect(findLeftovers(contents)).toContain(remark);
    } finally {
      await client.query('ROLLBACK');
    }
  });
});

describe('the check of freshness finds', () => {
  const ID = '1000000007';
  const servings: Serving[] = [
    { reviews: 1_000_000_000, id: ID, atMs: 1_000 },
    { reviews: 1_000_000_001, id: ID, atMs: 2_000 },
    { reviews: 1_000_000_002, id: '1000000008', atMs: 3_000 },
  ];
  const copyOf = (fetchedAtMs: number, reviewsCount: number, more: object = {}, otherEtag?: string): Contents => {
    const body = JSON.stringify({ id: ID, reviewsCount, fetchedAt: new Date(fetchedAtMs).toISOString(), ...more });
    const etag = otherEtag ?? createHash('sha1').update(body).digest('base64url').slice(0, 16);
    const copy = { fetchedAtMs, freshUntilMs: fetchedAtMs + 1, etag, body };
    const jobs = [{ jobId: `book-${ID}`, run: 'a', state: 'p', solo: false, createdAtMs: 1_500, settledAtMs: 1_700, bookId: ID }];
    return { ...emptyContents(9_000), jobs, names: [{ name: `book-${ID}`, leadsTo: null, copy }] };
  };

  it('nothing wrong with a copy that is as new as its newest parse', () => {
    expect(findStale(copyOf(1_600, 1_000_000_001), servings)).toEqual([]);
  });
  it.each([1, -1])('nothing wrong with a copy of a process whose clock was %i h off', (hours) => {
    expect(findStale(copyOf(1_600 + hours * 3_600_000, 1_000_000_001), servings)).toEqual([]);
  });
  it.each<[string, Contents]>([
    ['a copy from before its newest parse', copyOf(900, 1_000_000_000)],
    ['an older page under a newer time', copyOf(1_600, 1_000_000_000)],
    ['the page of another book', copyOf(1_600, 1_000_000_002)],
    ['a page that was never served', copyOf(1_600, 5)],
    ['another time in the record than beside it', copyOf(1_600, 1_000_000_001, { fetchedAt: new Date(1).toISOString() })],
    ['a copy under the name of another book', copyOf(1_600, 1_000_000_001, { id: '1000000008' })],
    ['no copy at all', { ...copyOf(1_600, 1_000_000_001), names: [] }],
    ['bytes that are not those of the etag', copyOf(1_600, 1_000_000_001, {}, 'x')],
  ])('%s', (_what, contents) => {
    expect(findStale(contents, servings).length).toBeGreaterThan(0);
  });
});
