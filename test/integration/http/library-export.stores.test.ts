/** `POST /parse-links` with a CSV file. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRequest } from '../../support/raw-http.ts';
import { startQuire, STORES, type TestQuire } from '../../support/service.ts';
import { csvFile, GOODREADS_COLUMNS, isbnCell } from '../../support/library-exports.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo, openScene, type Answer, type Ask, type HttpScene } from './scene.ts';

const csv = { 'content-type': 'text/csv' };

/** A file with a row for each number, and a review in each. */
const exportOf = (ids: readonly (string | number)[], review = 'Good,\r\n"really" good'): string =>
  csvFile(
    GOODREADS_COLUMNS[24],
    ids.map((id) => ({ 'Book Id': String(id), Title: `Book ${id}`, ISBN: isbnCell(''), ISBN13: isbnCell(''), 'My Review': review })),
  );

const numbers = (count: number, from = 1): number[] => Array.from({ length: count }, (_, at) => from + at);

const post = (scene: HttpScene, body: string | Uint8Array, headers: Record<string, string> = {}, query = ''): Promise<Answer> =>
  scene.ask(`/parse-links${query}`, { method: 'POST', headers: { ...csv, ...headers }, body } satisfies Ask);

describe.each(inThisRun(STORES))('a library export, on the %s store', (store) => {
  let scene: HttpScene;
  beforeAll(async () => {
    scene = await openScene(store, { MAX_WAITING_JOBS: '60000' });
  });
  afterAll(() => scene.stop());

  it('becomes a batch of its books, and rows without a book are told with their line', async () => {
    const [first = '', second = ''] = scene.ids;
    const file = exportOf([first, second, '', first]);
    const { status, headers, body } = await post(scene, file, {}, '?priority=bulk');
    expect(status).toBe(202);
    expect(headers.get('link')).toBeNull();
    expect(body['counts']).toMatchObject({ total: 3, invalid: 1 });
    expect(body['items']).toMatchObject([
      { input: first, kind: 'book', bookId: first, url: linkTo(first), duplicates: 1 },
      { input: second, kind: 'book', bookId: second },
      { input: 'line 6', status: 'invalid', reason: expect.stringMatching(/^Line 6 has neither a Book Id nor an ISBN/) },
    ]);
    expect(body['items'][2]).not.toHaveProperty('kind');
    const ended = await scene.quire.ended(body['batchId'] as string);
    expect(ended).toMatchObject({ priority: 'bulk', counts: { parsed: 2, invalid: 1 } });
  });

  it('is answered in short beyond 1,000 rows: counts, the rows without a book, and where all items are', async () => {
    const file = exportOf([...numbers(1_000, 800_000), '', 'no number']);
    const { status, headers, body } = await post(scene, file, { 'idempotency-key': `long-${store}` });
    const items = `/batches/${body['batchId']}/items`;
    expect([status, body['itemsUrl'], headers.get('link')]).toEqual([202, items, `<${items}>; rel="related"; title="items"`]);
    expect(body['counts']).toMatchObject({ total: 1_002, queued: 1_000, invalid: 2 });
    expect(body['items']).toEqual([
      { input: 'line 2002', status: 'invalid', reason: expect.stringMatching(/^Line 2002 has neither/) },
      { input: 'line 2004', status: 'invalid', reason: expect.stringMatching(/^Line 2004: the Book Id is not/) },
    ]);
    expect((await scene.ask(`${items}?limit=1`)).body).toMatchObject({ items: [{ input: '800000', bookId: '800000' }] });
    const again = await post(scene, file, { 'idempotency-key': `long-${store}` });
    expect([again.body, again.headers.get('link'), again.headers.get('idempotency-replayed')]).toEqual([body, headers.get('link'), 'true']);
    const other = await post(scene, file.replace('Good,', 'Bad,'), { 'idempotency-key': `long-${store}` });
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-mismatch' } });
  });

  it('without any book is refused, with the lines', async () => {
    const { status, body } = await post(scene, 'isbn,notes\n,"a\nb"\n123,secret\n');
    expect([status, body['code']]).toEqual([400, 'no-valid-links']);
    expect(body['errors']).toEqual([
      { pointer: '/1', detail: expect.stringMatching(/^Line 2 has neither/) },
      { pointer: '/3', detail: expect.stringMatching(/^Line 4: the ISBN is not valid/) },
    ]);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it.each([
    ['', /body is empty/],
    ['title\nA\n', /names no column/],
    ['isbn,title\n9780439023481,"secret\n', /line 2 or later does not end/],
    [`id\n${'5\n'.repeat(50_001)}`, /more than 50000 rows/],
  ])('that cannot be read leaves nothing (%#)', async (file, reason) => {
    const batches = async () => (await scene.ask('/batches')).body['batches'][0]?.batchId;
    const before = await batches();
    const { status, body } = await post(scene, file);
    expect([status, body['code'], body['detail']]).toEqual([400, 'invalid-request', expect.stringMatching(reason)]);
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(await batches()).toBe(before);
  });
});

describe('the bytes of a library export', () => {
  let scene: HttpScene;
  beforeAll(async () => {
    scene = await openScene('redis');
  });
  afterAll(async () => {
    await waitUntil('all bodies to be let go', async () =>
      /^quire_request_body_bytes 0$/m.test((await scene.ask('/metrics')).body as unknown as string),
    );
    await scene.stop();
  });

  const file = Buffer.from(exportOf(['1', '2', '']));
  it.each([
    ['gzip', gzipSync(file)],
    ['deflate', deflateSync(file)],
    ['deflate', deflateRawSync(file)],
    ['br', brotliCompressSync(file)],
    ['identity', file],
    ['deflate, gzip', gzipSync(deflateSync(file))],
  ])('may be compressed: %s', async (encoding, body) => {
    expect((await post(scene, body, { 'content-encoding': encoding })).body).toMatchObject({ counts: { total: 3, invalid: 1 } });
  });

  it.each([
    ['gzip', file],
    ['br', file],
    ['deflate', Buffer.from('x')],
    ['gzip', gzipSync(file).subarray(0, -12)],
    ['gzip, br', gzipSync(file)],
  ])('that are not the %s of the header get 400', async (encoding, body) => {
    const { status, body: problem } = await post(scene, body, { 'content-encoding': encoding });
    expect([status, problem['code'], problem['errors']?.[0]?.pointer]).toEqual([400, 'invalid-request', '/headers/content-encoding']);
  });

  it('that break off leave no batch and no job', async () => {
    const before = (await scene.ask('/batches')).body['batches'].length;
    const socket = openRequest(scene.quire.origin, [
      'POST /parse-links HTTP/1.1',
      'host: localhost',
      'content-type: text/csv',
      'content-length: 5000',
    ]);
    socket.write(exportOf(numbers(20, 700_000)));
    await waitUntil('the upload to be under way', async () => {
      const metrics = (await scene.ask('/metrics')).body as unknown as string;
      return /^quire_request_body_bytes [1-9]/m.test(metrics);
    });
    socket.destroy();
    await waitUntil('the upload to be let go', async () =>
      /^quire_request_body_bytes 0$/m.test((await scene.ask('/metrics')).body as unknown as string),
    );
    expect((await scene.ask('/batches')).body['batches']).toHaveLength(before);
    expect((await scene.ask('/jobs/book-700000')).status).toBe(404);
  });
});

describe('what is private in a library export', () => {
  const SECRET = 'Xylophonist7731';
  const KEPT = '654321987';

  /** Every byte that the embedded store wrote, its log included. */
  async function filesOf(dir: string): Promise<string> {
    const names = await readdir(dir, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile());
    return (await Promise.all(files.map(async (entry) => (await readFile(join(entry.parentPath, entry.name))).toString('latin1')))).join(
      '',
    );
  }

  /** The serialized values of every key of a store. */
  async function keysOf(url: string, prefix: string): Promise<string> {
    const redis = new Redis(url);
    const keys = await redis.keys(`*${prefix}*`);
    const values = await Promise.all(
      keys.map(async (key) => {
        const type = await redis.type(key);
        const read: Record<string, () => Promise<unknown>> = {
          string: () => redis.get(key),
          hash: () => redis.hgetall(key),
          list: () => redis.lrange(key, 0, -1),
          set: () => redis.smembers(key),
          zset: () => redis.zrange(key, '0', '-1'),
          stream: () => redis.xrange(key, '-', '+'),
        };
        return JSON.stringify(await read[type]?.());
      }),
    );
    redis.disconnect();
    return [...keys, ...values].join('\n');
  }

  it.each(['embedded', 'redis'] as const)('is neither stored nor logged on the %s store, also when the file is refused', async (store) => {
    const log: string[] = [];
    const quire: TestQuire = await startQuire(store, { log: 'trace', onLog: (line) => log.push(line), settings: { CRAWL_RATE: '0.001' } });
    try {
      const row = Object.fromEntries(GOODREADS_COLUMNS[31].map((name) => [name, SECRET]));
      const rows = [
        { ...row, 'Book Id': KEPT },
        { ...row, 'Book Id': SECRET, ISBN: SECRET, ISBN13: SECRET },
        { ...row, 'Book Id': '', ISBN: '', ISBN13: '' },
      ];
      const good = csvFile(GOODREADS_COLUMNS[31], rows);
      const answers = await Promise.all(
        [
          good,
          csvFile(GOODREADS_COLUMNS[31], rows.slice(1)),
          `${good}5,"${SECRET}`,
          `${SECRET}\n${SECRET}\n`,
          `url\nhttps://www.goodreads.com/book/show/${KEPT}?k=${SECRET}\nhttps://www.goodreads.com/review/list/${SECRET}\n`,
        ].map((body) => quire.post('/parse-links', undefined, { body, headers: { ...csv, 'idempotency-key': String(body.length) } })),
      );
      expect(answers.map(({ status }) => status)).toEqual([202, 400, 400, 400, 202]);
      expect(answers[0]?.body.items[0]).toMatchObject({ bookId: KEPT });
      const stored =
        store === 'redis'
          ? await keysOf(quire.env['REDIS_URL'] ?? '', quire.env['QUEUE_PREFIX'] ?? '')
          : await filesOf(quire.env['DATA_DIR'] ?? '');
      expect(stored.includes(KEPT)).toBe(true);
      expect(log.length).toBeGreaterThan(0);
      expect({
        store: stored.includes(SECRET),
        log: log.join('').includes(SECRET),
        answers: JSON.stringify(answers).includes(SECRET),
      }).toEqual({
        store: false,
        log: false,
        answers: false,
      });
    } finally {
      await quire.stop();
    }
  });
});
