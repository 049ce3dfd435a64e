/** Links to collections, from `POST /parse-links` to the books in the batch. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { FIRST_DECOY, firstBook } from '../../../scripts/goodreads-listings.ts';
import type { CollectionFamily } from '../../../src/domain/collection.ts';
import { readEvents } from './event-reader.ts';
import { linkTo, openScene, type Answer, type HttpScene, type Loose } from './scene.ts';

const SITE = 'https://www.goodreads.com';
const numbers = (family: CollectionFamily, id: string, count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, n) => String(firstBook(family, id) + from + n));

const post = (scene: HttpScene, body: unknown, query = '', headers: Record<string, string> = {}): Promise<Answer> =>
  scene.ask(`/parse-links${query}`, { method: 'POST', body, headers });

/** All items of a batch. */
async function itemsOf(scene: HttpScene, batchId: string): Promise<Loose[]> {
  const items: Loose[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body }: Answer = await scene.ask(`/batches/${batchId}/items?limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`);
    items.push(...(body['items'] as Loose[]));
    cursor = body['cursor'] as string | null;
  }
  return items;
}

/** Submits and waits for the end. The counts must add up at every look. */
async function ended(scene: HttpScene, body: unknown, query = ''): Promise<{ batch: Loose; items: Loose[] }> {
  const { body: answer } = await post(scene, body, query);
  const batch = await waitUntil(
    'the batch to end',
    async () => {
      const { body: now } = await scene.ask(`/batches/${answer['batchId']}`);
      const sum = Object.values(now['counts'] as Record<string, number>).reduce((all, n) => all + n, 0);
      expect(sum).toBe(now['total']);
      return now['finishedAt'] !== null && now;
    },
    { timeoutMs: 60_000, everyMs: 30 },
  );
  return { batch, items: await itemsOf(scene, answer['batchId'] as string) };
}

const broughtBy = (items: Loose[], index: number): string[] => items.filter(({ via }) => via === index).map(({ bookId }) => String(bookId));

describe.each(inThisRun(STORES))('collections, on the %s store', (store) => {
  let scene: HttpScene;
  beforeAll(async () => {
    scene = await openScene(store);
  });
  afterAll(() => scene.stop());
  beforeEach(async () => {
    await scene.goodreads.control({});
    await scene.goodreads.resetStats();
  });
  afterEach(async () => {
    // A source that was blocked is asked again.
    await scene.goodreads.control({});
  });

  it('of every family are read, and their books become items', async () => {
    scene.goodreads.setCollections({
      sizes: {
        'list/1': 105,
        'series/2': 12,
        'author/3': 65,
        'author-list/3': 35,
        'editions/4': 13,
        'shelf/dune': 400,
        'genre/fantasy': 44,
      },
    });
    const links = [
      'www.goodreads.com/list/show/1.Best_Minerals?page=3',
      `${SITE}/series/2-minerals`,
      `${SITE}/en/author/show/3.Anna`,
      'https://m.goodreads.com/author/list/3',
      `${SITE}/work/editions/4-quartz`,
      `${SITE}/shelf/show/dune`,
      `${SITE}/genres/fantasy`,
    ];
    const { body: answer, status } = await post(scene, links, '?maxBooks=5000');
    expect(status).toBe(202);
    expect(answer).toMatchObject({ counts: { total: 7, expanding: 7, queued: 0 } });
    expect(answer['items'][0]).toMatchObject({ kind: 'collection', family: 'list', url: `${SITE}/list/show/1`, status: 'expanding' });
    expect(answer['items'][0]).not.toHaveProperty('jobId');
    await scene.quire.ended(answer['batchId'] as string, 60_000);
    const items = await itemsOf(scene, answer['batchId'] as string);

    const told = items
      .slice(0, 7)
      .map(({ family, state, collection: { claimed, found, taken, pages } }) => [family, state, claimed, found, taken, pages]);
    expect(told).toEqual([
      ['list', 'expanded', 105, 105, 105, 2],
      ['series', 'expanded', 12, 12, 12, 1],
      ['author', 'expanded', 65, 10, 10, 1],
      ['author-list', 'expanded', null, 35, 35, 2],
      ['editions', 'expanded', 13, 13, 13, 2],
      ['shelf', 'expanded', 400, 50, 50, 1],
      ['genre', 'expanded', null, 44, 44, 1],
    ]);
    for (const { kind, collection } of items.slice(0, 7)) expect([kind, typeof collection.title]).toEqual(['collection', 'string']);
    const cutOff = items.slice(0, 7).map(({ collection }) => collection.cutOff as string | null);
    expect(cutOff.map((reason) => reason !== null)).toEqual([false, false, true, false, false, true, true]);
    expect(broughtBy(items, 0)).toEqual(numbers('list', '1', 105));
    // The author's page and the author's list share ten books: one item each, whichever came first.
    const byAuthor = items.filter(({ via }) => via === 2 || via === 3);
    expect(byAuthor.map(({ bookId }) => Number(bookId)).toSorted((a, b) => a - b)).toEqual(numbers('author', '3', 35).map(Number));
    expect(byAuthor.filter(({ duplicates }) => duplicates === 1)).toHaveLength(10);
    expect(items.slice(7).every(({ kind, state, url, input }) => kind === 'book' && state === 'parsed' && url === input)).toBe(true);
    const asked = Object.keys((await scene.goodreads.stats()).byId).map(Number);
    expect(asked.filter((id) => id >= FIRST_DECOY && id < 2_000_000_000)).toEqual([]);
  });

  it('meet the books that the batch has, copies and live jobs as a posted link does', async () => {
    scene.goodreads.setCollections({ sizes: { 'series/20': 4 } });
    const [first = '', second = '', third = '', fourth = ''] = numbers('series', '20', 4);
    await scene.parsed([linkTo(second)]);
    const { batch, items } = await ended(scene, [linkTo(first), `${SITE}/series/20`, 'nonsense']);
    expect(batch).toMatchObject({ total: 6, counts: { parsed: 3, cached: 1, expanded: 1, invalid: 1 } });
    expect(items.map(({ bookId, state, via, duplicates }) => [bookId, state, via, duplicates])).toEqual([
      [first, 'parsed', null, 1],
      [null, 'expanded', null, 0],
      [null, 'invalid', null, 0],
      [second, 'cached', 1, 0],
      [third, 'parsed', 1, 0],
      [fourth, 'parsed', 1, 0],
    ]);
    expect((await scene.goodreads.stats()).byId[second]).toBe(1);
  });

  it('that are lists are redirected once, at their first page', async () => {
    scene.goodreads.setCollections({ sizes: { 'list/25': 450 } });
    const { items } = await ended(scene, [`${SITE}/list/show/25`], '?maxBooks=401');
    const { requests, byPage, byId } = await scene.goodreads.stats();
    expect(items[0]).toMatchObject({ state: 'expanded', collection: { pages: 5, taken: 401 } });
    expect([requests - Object.keys(byId).length, Object.keys(byPage).length]).toEqual([6, 5]);
  });

  it('survive the traps of Goodreads', async () => {
    scene.goodreads.setCollections({
      sizes: { 'list/31': 250, 'list/32': 250, 'list/33': 120, 'editions/34': 25, 'list/35': 150 },
      traps: {
        'list/31': 'page-1-again',
        'list/32': 'overlap',
        'list/33': 'no-end',
        'editions/34': 'page-1-again',
        'list/35': 'new-layout',
      },
    });
    const links = ['list/show/31', 'list/show/32', 'list/show/33', 'work/editions/34', 'list/show/35'].map((path) => `${SITE}/${path}`);
    const { batch, items } = await ended(scene, links);
    expect(items.slice(0, 5).map(({ state, collection }) => [state, collection.found, collection.pages])).toEqual([
      ['expanded', 100, 1],
      ['expanded', 250, 3],
      ['expanded', 120, 2],
      ['expanded', 10, 1],
      ['failed', 0, 0],
    ]);
    expect(items[0]).toMatchObject({ collection: { cutOff: 'Goodreads answered page 1 when page 2 was asked for.' } });
    expect(items[2]).toMatchObject({ collection: { cutOff: null } });
    expect(items[4]).toMatchObject({ reason: expect.stringContaining('claims 150 books'), collection: { cutOff: null } });
    expect(batch['counts']).toMatchObject({ expanded: 4, failed: 1, parsed: 480 });
    const metrics = (await scene.ask<string>('/metrics')).body;
    for (const line of [
      'quire_collections{state="waiting"} 0',
      'quire_listing_unrecognised_ratio{family="list"} 0.',
      'quire_listing_pages{family="editions"} ',
    ])
      expect(metrics).toContain(line);
    const { body: health } = await scene.ask('/parser/health');
    expect(health['families']).toEqual(
      expect.arrayContaining([expect.objectContaining({ family: 'list', unrecognised: expect.anything() })]),
    );
  });

  it('that robots.txt forbids are never requested, and say which rule forbids them', async () => {
    const forbidden = ['review/list/5?shelf=read', 'review/list_rss/5', 'search?q=dune', 'work/best_book/7'].map(
      (path) => `${SITE}/${path}`,
    );
    const before = (await scene.goodreads.stats()).requests;
    const { status, body } = await post(scene, forbidden);
    expect([status, body['counts']]).toEqual([200, { total: 4, queued: 0, joined: 0, cached: 0, invalid: 0, disallowed: 4 }]);
    expect(body['items'][0]).toMatchObject({
      status: 'disallowed',
      reason: expect.stringMatching(/"Disallow: \/review\/list".*text\/csv/),
    });
    const { batch, items } = {
      batch: await scene.quire.ended(body['batchId'] as string),
      items: await itemsOf(scene, body['batchId'] as string),
    };
    expect(batch).toMatchObject({ state: 'completed', counts: { disallowed: 4 } });
    expect(items.map(({ state, kind, collection }) => [state, kind, collection])).toEqual(forbidden.map(() => ['disallowed', null, null]));
    expect((await scene.goodreads.stats()).requests).toBe(before);
  });

  it('keep to the limits of the request, from the body and from the query', async () => {
    scene.goodreads.setCollections({ sizes: { 'list/41': 250, 'list/42': 250, 'list/43': 250 } });
    const first = await ended(scene, { urls: [`${SITE}/list/show/41`], maxBooks: 30 }, '?maxBooks=200');
    expect(first.items[0]).toMatchObject({ collection: { found: 100, taken: 30, cutOff: expect.stringMatching(/^maxBooks is 30/) } });
    const second = await ended(scene, [`${SITE}/list/show/42`], '?maxPages=1');
    expect(second.items[0]).toMatchObject({ collection: { taken: 100, cutOff: expect.stringMatching(/^maxPages is 1/) } });
    const third = await ended(scene, { urls: [`${SITE}/list/show/43`], deadline: '2020-01-01T00:00:00Z' });
    expect(third.items).toHaveLength(1);
    expect(third.items[0]).toMatchObject({
      state: 'expanded',
      collection: { pages: 0, cutOff: expect.stringMatching(/^The deadline 2020/) },
    });

    for (const [body, query, pointer] of [
      [{ urls: ['1'], maxBooks: 0 }, '', '/maxBooks'],
      [{ urls: ['1'], maxPages: 'all' }, '', '/maxPages'],
      [{ urls: ['1'], deadline: 'tomorrow' }, '', '/deadline'],
      [{ urls: ['1'], editions: 'some' }, '', '/editions'],
      [['1'], '?maxBooks=100001', '/query/maxBooks'],
      [['1'], '?deadline=2030-13-01T00:00:00Z', '/query/deadline'],
    ] as const) {
      const { status, body: problem } = await post(scene, body, query);
      expect([status, problem['code'], problem['errors']?.[0]?.pointer]).toEqual([400, 'invalid-request', pointer]);
    }
  });

  it('are waited for by Prefer: wait, and told by the events of the batch', async () => {
    scene.goodreads.setCollections({ sizes: { 'series/50': 12, 'series/51': 9 } });
    const { status, body } = await post(scene, [`${SITE}/series/50`], '', { prefer: 'wait=20' });
    expect([status, body['items']]).toMatchObject([200, [{ status: 'expanding', state: 'expanded' }]]);
    expect((await itemsOf(scene, body['batchId'] as string)).filter(({ state }) => state === 'parsed')).toHaveLength(12);

    await scene.goodreads.control({ delayMs: 20 });
    const { body: answer } = await post(scene, [`${SITE}/series/51`]);
    const reader = await readEvents(scene.quire.origin, answer['batchId'] as string);
    await reader.ended;
    const items = reader.events.filter(({ event }) => event === 'item').map(({ data }) => data);
    expect(items.filter(({ state }) => state === 'expanded')).toMatchObject([{ index: 0, kind: 'collection', collection: { taken: 9 } }]);
    expect(items.filter(({ state, via }) => state === 'parsed' && via === 0)).toHaveLength(9);
  });

  it('wait while the source is blocked, at no cost, and go on behind the last page', async () => {
    scene.goodreads.setCollections({ sizes: { 'list/60': 250 } });
    await scene.goodreads.control({ modes: { 'list/60?page=2': 'challenge' } });
    const { body } = await post(scene, [`${SITE}/list/show/60`]);
    const batchId = body['batchId'] as string;
    const first = await waitUntil('the block', async () => {
      const [item] = await itemsOf(scene, batchId);
      return item?.['collection'].timeline.length > 0 && item;
    });
    expect(first).toMatchObject({ state: 'expanding', collection: { pages: 1, timeline: [{ event: 'blocked' }] } });
    await scene.goodreads.control({});
    await scene.quire.ended(batchId, 30_000);
    const items = await itemsOf(scene, batchId);
    expect(items[0]).toMatchObject({ state: 'expanded', collection: { found: 250, taken: 250, pages: 3, cutOff: null } });
    expect(broughtBy(items, 0)).toEqual(numbers('list', '60', 250));
    const { byPage } = await scene.goodreads.stats();
    expect([byPage['list/60?page=1'], byPage['list/60?page=3']]).toEqual([1, 1]);
  });

  it('fail when their page cannot be read, and a missing one is not found', async () => {
    await scene.goodreads.control({ modes: { 'series/71': 'missing', 'series/70': 'truncated' } });
    const { items, batch } = await ended(scene, [`${SITE}/series/70`, `${SITE}/series/71`]);
    expect(items.map(({ state }) => state)).toEqual(['failed', 'not-found']);
    expect(items[0]!['reason']).toMatch(/^Page 1: /);
    expect(items[1]!['collection'].timeline).toMatchObject([{ event: 'recheck' }]);
    expect(batch['counts']).toMatchObject({ failed: 1, 'not-found': 1 });
  });

  it('are cancelled with their batch: the page on its way is aborted, and no other is asked for', async () => {
    scene.goodreads.setCollections({ sizes: { 'list/80': 300, 'list/81': 300 } });
    await scene.goodreads.control({ modes: { 'list/80?page=2': 'hang' } });
    const { body } = await post(scene, [`${SITE}/list/show/80`, `${SITE}/list/show/81`]);
    const batchId = body['batchId'] as string;
    await waitUntil('page 2 to hang', async () => (await scene.goodreads.stats()).byPage['list/80?page=2'] === 1);
    const { body: cancelled } = await scene.ask(`/batches/${batchId}`, { method: 'DELETE' });
    expect(cancelled['cancelled']).toBeGreaterThanOrEqual(2);
    const batch = (await scene.ask(`/batches/${batchId}`)).body;
    expect(batch).toMatchObject({ state: 'cancelled', counts: { expanding: 0, queued: 0 } });
    const items = await itemsOf(scene, batchId);
    expect(items.slice(0, 2).map(({ state }) => state)).toEqual(['cancelled', 'cancelled']);
    // The queue of collections is free at once: the page does not run into its time-out.
    await ended(scene, [`${SITE}/series/82`], '?maxBooks=1');
    expect((await scene.goodreads.stats()).byPage['list/81?page=1']).toBeUndefined();
  });
});

describe.each(inThisRun(STORES))('a collection and MAX_WAITING_JOBS, on the %s store', (store) => {
  it('waits as expanding while the queue is full, and drops no book', async () => {
    const scene = await openScene(store, { MAX_WAITING_JOBS: '40', CRAWL_CONCURRENCY: '2' });
    onTestFinished(() => scene.stop());
    scene.goodreads.setCollections({ sizes: { 'list/90': 130 } });
    await scene.goodreads.control({ delayMs: 60 });
    const { body } = await post(scene, [`${SITE}/list/show/90`]);
    const batchId = body['batchId'] as string;
    let sawFull = false;
    let most = 0;
    await waitUntil(
      'the end',
      async () => {
        const { backlog } = (await scene.ask('/stats')).body as { backlog: { waiting: number } };
        const { counts, finishedAt } = (await scene.ask(`/batches/${batchId}`)).body;
        most = Math.max(most, backlog.waiting);
        sawFull ||= backlog.waiting > 20 && counts.expanding === 1;
        return finishedAt !== null;
      },
      { timeoutMs: 60_000 },
    );
    expect(sawFull).toBe(true);
    expect(most).toBeLessThanOrEqual(40);
    const items = await itemsOf(scene, batchId);
    expect(broughtBy(items, 0)).toEqual(numbers('list', '90', 130));
    const { byPage } = await scene.goodreads.stats();
    expect([byPage['list/90?page=1'], byPage['list/90?page=2']]).toEqual([1, 1]);
  }, 90_000);
});
