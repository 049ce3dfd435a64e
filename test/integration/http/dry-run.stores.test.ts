/** `POST /parse-links` with `dryRun`: what a submission would bring, and nothing of it made. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { firstBook } from '../../../scripts/goodreads-listings.ts';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo, openScene, type Answer, type HttpScene, type Loose } from './scene.ts';

const ORIGIN = 'https://www.goodreads.com';
/** A collection of each family, with the books and the pages that it gives: see `DEFAULT_SIZES` of the stand-in. */
const FAMILIES = [
  { link: `${ORIGIN}/list/show/61.Best_Minerals`, family: 'list', books: 250, read: 3 },
  { link: `${ORIGIN}/series/62-minerals`, family: 'series', books: 120, read: 2 },
  { link: `${ORIGIN}/author/show/63`, family: 'author', books: 10, read: 1 },
  { link: `${ORIGIN}/work/editions/64`, family: 'editions', books: 23, read: 3 },
  { link: `${ORIGIN}/shelf/show/minerals`, family: 'shelf', books: 50, read: 1 },
  { link: `${ORIGIN}/genres/minerals`, family: 'genre', books: 44, read: 1 },
];

describe.each(inThisRun(STORES))('a dry run, on the %s store', (store) => {
  let scene: HttpScene;
  beforeAll(async () => {
    scene = await openScene(store, { BLOCK_PROBE: '50ms', CRAWL_TIMEOUT: '500ms', CRAWL_RATE: '100' });
    await scene.parsed([linkTo(scene.ids[0]!), linkTo(scene.ids[1]!)]);
    // BullMQ completes its record after the batch has ended.
    await waitUntil('the jobs to leave the queue', async () => {
      const { backlog, endedToday } = (await scene.ask('/stats')).body;
      return backlog.active === 0 && endedToday.parsed === 2;
    });
  });
  beforeEach(() => scene.goodreads.control({}));
  afterAll(() => scene.stop());

  const tried = (body: unknown, query = '?dryRun=true', headers = {}): Promise<Answer> =>
    scene.ask(`/parse-links${query}`, { method: 'POST', body, headers });
  const requests = async (): Promise<number> => (await scene.goodreads.stats()).requests;
  const asked = async (page: string): Promise<number> => (await scene.goodreads.stats()).byPage[page] ?? 0;
  const made = async (): Promise<unknown> => [(await scene.ask('/batches')).body['batches'], (await scene.ask('/stats')).body['backlog']];

  it('tells of books by number, ISBN and ASIN, and makes nothing', async () => {
    const before = { made: await made(), requests: await requests() };
    const links = [linkTo(scene.ids[0]!), '1000000123', '9780439023481', 'B01MYZKU6X', 'nonsense', `${ORIGIN}/review/list/1`];
    const { status, headers, body } = await tried(links);
    expect(status).toBe(200);
    expect(headers.get('location')).toBeNull();
    expect(body['entries']).toMatchObject([
      { input: links[0], kind: 'book', books: 1, stored: 1, fresh: 1, pages: 0, seconds: 0 },
      { kind: 'book', books: 1, stored: 0, fresh: 0, pages: 1, seconds: 1 },
      { kind: 'isbn', books: 1, pages: 2 },
      { kind: 'asin', books: 1, pages: 2 },
      { kind: null, books: 0, pages: 0, reason: expect.stringContaining('no web address') },
      { kind: null, books: 0, pages: 0, reason: expect.stringContaining('robots.txt forbids') },
    ]);
    expect(body['totals']).toEqual({ entries: 6, books: 4, stored: 1, fresh: 1, pages: 5, seconds: 1, unknown: 0 });
    expect({ made: await made(), requests: await requests() }).toEqual(before);
  });

  it('asks for the first page of each collection, once', async () => {
    const links = FAMILIES.map(({ link }) => link);
    const before = { made: await made(), requests: await requests() };
    const { body } = await tried({ urls: links, dryRun: true }, '');
    expect(body['entries']).toMatchObject(
      FAMILIES.map(({ link, family, books, read }) => ({
        input: link,
        kind: 'collection',
        family,
        books,
        pages: books + read,
        source: 'asked',
      })),
    );
    const [again, offline] = [await tried(links), await tried(links, '?dryRun=offline')];
    const cached = (body['entries'] as Loose[]).map((entry) => Object.assign(entry, { source: 'cached' }));
    expect([again.body['entries'], offline.body['entries']]).toEqual([cached, cached]);
    // The bare number of a list is redirected to its slug.
    expect(await requests()).toBe(before.requests + FAMILIES.length + 1);
    expect(await made()).toEqual(before.made);
  });

  it('foretells what the collections bring when they are submitted, with the limits of the request', async () => {
    const body = { urls: FAMILIES.map(({ link }) => link), maxBooks: 110 };
    const { entries } = (await tried({ ...body, dryRun: 'offline' }, '')).body;
    expect((entries as Loose[]).map(({ books }) => books as number)).toEqual([110, 110, 10, 23, 50, 44]);
    const { batchId } = (await scene.ask('/parse-links', { method: 'POST', body })).body;
    const collections = await waitUntil(
      'the collections to be read',
      async () => {
        const items = (await scene.ask(`/batches/${batchId}/items?limit=6`)).body['items'] as Loose[];
        return items.every(({ state }) => state === 'expanded') && items;
      },
      { timeoutMs: 30_000, everyMs: 100 },
    );
    await scene.ask(`/batches/${batchId}`, { method: 'DELETE' });
    const brought = collections.map(({ collection: { taken, pages } }) => ({ taken, pages }));
    const foretold = (entries as Loose[]).map(({ books, fresh, pages }) => ({ taken: books, pages: pages - (books - fresh) }));
    expect(brought).toEqual(foretold);
  }, 40_000);

  it('counts what is stored of the first page', async () => {
    const first = firstBook('series', '71');
    scene.goodreads.setCollections({ sizes: { 'series/71': 5 } });
    await scene.parsed([linkTo(first), linkTo(first + 3)]);
    const { body } = await tried([`${ORIGIN}/series/71`]);
    expect(body['entries']).toMatchObject([{ books: 5, stored: 2, fresh: 2, pages: 4 }]);
    const strict = await tried([`${ORIGIN}/series/71`], '?dryRun=true&maxAge=0');
    expect(strict.body['entries']).toMatchObject([{ books: 5, stored: 2, fresh: 0, pages: 6 }]);
  });

  it('asks for nothing offline', async () => {
    const before = await requests();
    const { body } = await tried({ urls: [`${ORIGIN}/series/72`, '2767052'], dryRun: 'offline' }, '');
    expect(body['entries']).toMatchObject([{ books: null, pages: null, seconds: null, source: 'not-asked' }, { books: 1 }]);
    expect(body['totals']).toMatchObject({ books: 1, unknown: 1 });
    expect(await requests()).toBe(before);
  });

  it('asks for twenty collections at most', async () => {
    const { body } = await tried(Array.from({ length: 25 }, (_, n) => `${ORIGIN}/series/${100 + n}`));
    expect((body['entries'] as Loose[]).filter(({ source }) => source === 'asked')).toHaveLength(20);
    expect(body['totals']).toMatchObject({ unknown: 5, books: 20 * 120 });
    expect((await Promise.all(Array.from({ length: 25 }, (_, n) => asked(`series/${100 + n}?page=1`)))).filter((n) => n > 0)).toHaveLength(
      20,
    );
  });

  it.each(['challenge', 'forbidden', 'down', 'hang', 'truncated', 'missing'] as const)(
    'says that a collection is unknown: %s',
    async (mode) => {
      const link = `${ORIGIN}/series/${{ challenge: 81, forbidden: 82, down: 83, hang: 84, truncated: 85, missing: 86 }[mode]}`;
      await scene.goodreads.control({ modes: { [`series/${link.split('/').at(-1)}`]: mode } });
      const { status, body } = await tried([link, '2767052']);
      expect(status).toBe(200);
      expect(body['entries']).toMatchObject([
        { kind: 'collection', books: null, pages: null, source: 'unknown', reason: expect.stringMatching(/\w.*\.$/) },
        { books: 1 },
      ]);
      await scene.goodreads.control({});
      await scene.parsed([linkTo(1_000_000_000 + Math.floor(Math.random() * 1e8))]);
      await waitUntil('the source to open', async () => (await scene.ask('/source')).body['state'] !== 'blocked');
    },
  );

  it('takes text, and library exports in short', async () => {
    const text = await tried('2767052\n\nnonsense\n', '?dryRun=offline', { 'content-type': 'text/plain' });
    expect(text.body['totals']).toMatchObject({ entries: 2, books: 1 });
    const file = `Book Id,My Review\n${Array.from({ length: 1_500 }, (_, n) => `${5_000_000 + n},secret`).join('\n')}\nnone,secret\n`;
    const { body } = await tried(file, '?dryRun=true', { 'content-type': 'text/csv' });
    expect(body).toMatchObject({ entries: [{ input: 'line 1502', kind: null }], totals: { entries: 1_501, books: 1_500, pages: 1_500 } });
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('keeps no Idempotency-Key, and refuses other origins and odd values', async () => {
    const key = { 'idempotency-key': `dry-${store}` };
    expect((await tried(['2767052'], '?dryRun=offline', key)).status).toBe(200);
    expect((await tried(['2767053'], '?dryRun=offline', key)).status).toBe(200);
    expect((await tried(['2767052'], '?dryRun=true', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    for (const [body, query, pointer] of [
      [['2767052'], '?dryRun=perhaps', '/query/dryRun'],
      [{ urls: ['2767052'], dryRun: 'online' }, '', '/dryRun'],
      [{ urls: ['2767052'], dryRun: 1 }, '', '/dryRun'],
    ] as const) {
      const answer = await tried(body, query);
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    }
  });

  it('of false is a submission like any other', async () => {
    const answers = [
      await tried({ urls: [linkTo(scene.ids[0]!)], dryRun: false }, '?dryRun=true'),
      await tried([linkTo(scene.ids[0]!)], '?dryRun=false'),
    ];
    for (const { body } of answers) expect(body).toMatchObject({ batchId: expect.any(String), counts: { total: 1 } });
  });
});
