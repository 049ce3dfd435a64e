/** Batches that look for books: `until`. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startQuire, STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { startReceiver } from '../webhooks/receiver.ts';
import { itemsOf, readEvents } from './event-reader.ts';
import { linkTo, openScene, type Answer, type HttpScene, type Loose } from './scene.ts';

const EVEN = { field: 'id', matches: '[02468]$' };
const isEven = (id: unknown): boolean => Number(id) % 2 === 0;
/** Hangs a fetch for longer than any test here takes. */
const SETTINGS = { CRAWL_TIMEOUT: '60s', DRAIN_SECONDS: '0', WEBHOOK_ALLOW_LOOPBACK: 'true' };

describe.each(inThisRun(STORES))('a batch that looks for books, on the %s store', (store) => {
  let scene: HttpScene;
  let nextId = 1_710_000_000;
  beforeAll(async () => {
    scene = await openScene(store, SETTINGS);
    if (store === 'embedded') return;
    // A second worker on the same store: ends and aborts pass between processes.
    const second = await startQuire(store, { env: scene.quire.env, goodreads: scene.goodreads, role: 'worker', settings: SETTINGS });
    onStop.push(second.stop);
  });
  const onStop: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const stop of onStop) await stop();
    await scene.stop();
  });

  const fresh = (count: number): string[] => Array.from({ length: count }, () => String((nextId += 1)));
  const hunt = (ids: string[], until: object, more: object = {}): Promise<Answer> =>
    scene.ask('/parse-links', {
      method: 'POST',
      body: { urls: ids.map((id) => (id.startsWith('https:') ? id : linkTo(id))), until, ...more },
    });
  const itemsIn = async (batchId: string): Promise<Loose[]> => (await scene.ask(`/batches/${batchId}/items?limit=200`)).body['items'];

  it('ends with the last book that it wants: exact, with several workers', async () => {
    await scene.goodreads.control({ mode: 'open', delayMs: 5 });
    await scene.goodreads.resetStats();
    const ids = fresh(150);
    const { body } = await hunt(ids, { ...EVEN, count: 5 });
    const batch = await scene.quire.ended(body['batchId']);
    expect(batch).toMatchObject({ state: 'completed', until: { ...EVEN, count: 5 }, total: 150, counts: { queued: 0, failed: 0 } });
    expect([batch.found.length, new Set(batch.found).size, batch.found.every(isEven)]).toEqual([5, 5, true]);
    expect(batch.counts.parsed + batch.counts.skipped).toBe(150);
    expect(batch.counts.skipped).toBeGreaterThan(100);
    // A match that arrived in the same moment is either in, or skipped.
    const items = await itemsIn(body['batchId']);
    const parsed = items.filter(({ state, bookId }) => state === 'parsed' && isEven(bookId)).map(({ bookId }) => bookId as string);
    expect(parsed.toSorted()).toEqual(batch.found.toSorted());
    expect((await scene.goodreads.stats()).requests).toBeLessThan(100);
  });

  it('aborts running fetches that nobody else wants, in every process', async () => {
    const slow = fresh(4).concat(fresh(1));
    const [wanted = '', ...unwanted] = slow;
    const [match = ''] = fresh(1);
    await scene.goodreads.control({ mode: 'hang', ids: slow });
    const { body: other } = await scene.ask('/parse-links', { method: 'POST', body: [linkTo(wanted)] });
    const { body } = await hunt([...slow, match], { field: 'id', equals: match });
    expect(await scene.quire.ended(body['batchId'])).toMatchObject({ found: [match], counts: { parsed: 1, skipped: 5 } });
    for (const id of unwanted) expect((await scene.ask(`/jobs/book-${id}`)).body).toMatchObject({ state: 'cancelled' });
    expect((await scene.ask(`/jobs/book-${wanted}`)).body['settledAt']).toBeNull();
    // Only the fetch that another batch wants still hangs.
    await waitUntil('the aborted fetches to end', async () => (await scene.ask('/stats')).body['backlog'].active === 1);
    await scene.ask(`/batches/${other['batchId']}`, { method: 'DELETE' });
    await scene.goodreads.control({ mode: 'open' });
  });

  it('finds stored copies at once, asks Goodreads for nothing, and keeps the order of the list', async () => {
    const ids = fresh(6);
    await scene.parsed(ids.map(linkTo));
    await scene.goodreads.resetStats();
    const { status, body } = await hunt([...ids, ...fresh(300)], { ...EVEN, count: 2 });
    const batch = (await scene.ask(`/batches/${body['batchId']}`)).body;
    expect(batch).toMatchObject({ state: 'completed', found: ids.filter(isEven).slice(0, 2), counts: { cached: 6, skipped: 300 } });
    expect(status).toBe(202);
    const { body: later } = await hunt(ids, { field: 'id', equals: ids[5] });
    expect((await scene.ask(`/batches/${later['batchId']}`)).body).toMatchObject({ state: 'completed', found: [ids[5]] });
    expect((await scene.goodreads.stats()).requests).toBe(0);
  });

  it('is satisfied by a page that somebody sends', async () => {
    const id = '7100001';
    const page = readFileSync(new URL(`../../fixtures/pages/next/${id}.html`, import.meta.url));
    const [other = ''] = fresh(1);
    await scene.goodreads.control({ mode: 'hang', ids: [id, other] });
    await scene.ask(`/books/${id}`, { method: 'DELETE' });
    const { body } = await hunt([other, id], { field: 'genres', equals: 'sea stories' });
    await scene.ask(`/books/${id}/page`, { method: 'PUT', headers: { 'content-type': 'text/html' }, body: page });
    expect(await scene.quire.ended(body['batchId'])).toMatchObject({ found: [id], counts: { parsed: 1, skipped: 1 } });
    expect((await scene.ask(`/jobs/book-${other}`)).body).toMatchObject({ state: 'cancelled' });
    await scene.goodreads.control({ mode: 'open' });
  });

  it('that finds nothing ends as any batch does', async () => {
    const ids = fresh(3);
    const { body } = await hunt(ids, { field: 'pages', gte: 100_000 });
    expect(await scene.quire.ended(body['batchId'])).toMatchObject({ state: 'completed', found: [], counts: { parsed: 3, skipped: 0 } });
  });

  it('tells its end, and what it found, by events and webhooks', async () => {
    const receiver = await startReceiver();
    onTestFinished(receiver.stop);
    const ids = fresh(20);
    await scene.goodreads.control({ mode: 'open', delayMs: 30 });
    const { body } = await hunt(
      ids,
      { ...EVEN, count: 1 },
      { webhook: { url: receiver.url, secret: `whsec_${Buffer.alloc(24, 1).toString('base64')}` } },
    );
    const reader = await readEvents(scene.quire.origin, body['batchId']);
    await reader.ended;
    const { found, counts } = await scene.quire.ended(body['batchId']);
    expect(itemsOf(reader.events)).toHaveLength(20);
    expect(itemsOf(reader.events).filter(({ data }) => data['state'] === 'skipped')).toHaveLength(counts.skipped);
    expect(reader.events.at(-1)).toMatchObject({ event: 'batch', data: { state: 'completed', found } });
    const [call] = await receiver.called(1);
    expect(JSON.parse(call?.body ?? '')).toMatchObject({ type: 'batch.completed', data: { state: 'completed', found } });
    await scene.goodreads.control({ mode: 'open' });
  });

  it('looks through collections, and reads no more of them than it needs', async () => {
    await scene.goodreads.control({ delayMs: 20 });
    scene.goodreads.setCollections({ sizes: { 'list/71': 950, 'series/72': 6 } });
    const list = await hunt(['https://www.goodreads.com/list/show/71'], { ...EVEN, count: 3 });
    const batch = await scene.quire.ended(list.body['batchId']);
    expect([batch.state, batch.found.length, batch.found.every(isEven)]).toEqual(['completed', 3, true]);
    expect((await scene.goodreads.stats()).byPage['list/71?page=10']).toBeUndefined();
    expect((await itemsIn(list.body['batchId']))[0]).toMatchObject({ kind: 'collection', state: 'skipped' });

    const series = 'https://www.goodreads.com/series/72';
    const whole = await hunt([series], { field: 'id', equals: '1' });
    expect(await scene.quire.ended(whole.body['batchId'])).toMatchObject({ found: [], counts: { expanded: 1, parsed: 6 } });
    const [, , last = {}] = await itemsIn(whole.body['batchId']);
    await scene.goodreads.resetStats();
    const cached = await hunt([series], { field: 'id', equals: last['bookId'] });
    expect(await scene.quire.ended(cached.body['batchId'])).toMatchObject({ found: [last['bookId']] });
    expect(Object.keys((await scene.goodreads.stats()).byId)).toEqual([]);
    await scene.goodreads.control({});
  });

  it('looks through a text or a CSV file when the query string says so', async () => {
    const ids = fresh(4);
    const until = encodeURIComponent(JSON.stringify({ field: 'id', equals: ids[2] }));
    const ask = { method: 'POST', headers: { 'content-type': 'text/csv' }, body: `id\n${ids.join('\n')}\n` };
    const { body } = await scene.ask(`/parse-links?until=${until}`, ask);
    expect(await scene.quire.ended(body['batchId'])).toMatchObject({ found: [ids[2]], total: 4 });
    for (const [query, pointer] of [
      ['{', '/query/until'],
      ['{"field":"title"}', '/query/until'],
      ['{"field":"titel","gte":1}', '/query/until/field'],
      ['{"field":"title","gte":1}', '/query/until/gte'],
    ] as const) {
      const refused = await scene.ask(`/parse-links?until=${encodeURIComponent(query)}`, ask);
      expect([refused.status, refused.body['errors'][0]]).toMatchObject([400, { pointer }]);
    }
  });

  it.each([
    [{ field: 'titel', contains: 'a' }, '/until/field', /must be one of title, author/],
    [{ field: 'title' }, '/until', /exactly one of equals, contains/],
    [{ field: 'rating', gte: 4, lte: 5 }, '/until', /exactly one of/],
    [{ field: 'title', gte: 4 }, '/until/gte', /does not apply to title/],
    [{ field: 'title', matches: '(a' }, '/until/matches', /no regular expression of RE2/],
    [{ field: 'title', matches: String.raw`(a)\1` }, '/until/matches', /no regular expression of RE2/],
    [{ field: 'title', matches: 'a'.repeat(201) }, '/until/matches', /200 characters/],
    [{ field: 'title', contains: 'a', count: 0 }, '/until/count', /at least 1/],
    [{ field: 'title', contains: 'a', count: 1.5 }, '/until/count', /whole number/],
    [{ field: 'title', contains: 'a', often: 1 }, '/until/often', /not a field/],
    ['title', '/until', /object/],
  ])('refuses %j', async (until, pointer, detail) => {
    const { status, body } = await hunt(['1'], until as object);
    expect([status, body['code']]).toEqual([400, 'invalid-request']);
    expect(body['errors']).toEqual(expect.arrayContaining([{ pointer, detail: expect.stringMatching(detail) }]));
  });

  it('answers others while it judges books by patterns that would hang a backtracking engine', async () => {
    const ids = fresh(8);
    const patterns = ['(.*)*(.*)*(.*)*=$', '(a|aa|.)+=$', String.raw`(\w+\s?)+=$`];
    const made = await Promise.all(patterns.map((matches) => hunt(ids, { field: 'description', matches, count: 8 })));
    for (const { body } of made) expect(await scene.quire.ended(body['batchId'])).toMatchObject({ found: [], counts: { parsed: 8 } });
  });
});
