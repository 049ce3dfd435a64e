/** Open batches: `POST /batches/{id}/links` and `POST /batches/{id}/close`. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { itemsOf, readEvents } from './event-reader.ts';
import { linkTo, openScene, type Answer, type Ask, type HttpScene } from './scene.ts';

describe.each(inThisRun(STORES))('an open batch, on the %s store', (store) => {
  let scene: HttpScene;
  let nextId = 1_720_000_000;
  beforeAll(async () => {
    scene = await openScene(store);
  });
  afterAll(() => scene.stop());

  const fresh = (count: number): string[] => Array.from({ length: count }, () => linkTo((nextId += 1)));
  const opened = async (links: string[], more: object = {}): Promise<string> => {
    const { body } = await scene.ask('/parse-links', { method: 'POST', body: { urls: links, open: true, ...more } });
    return body['batchId'] as string;
  };
  const add = (batchId: string, body: unknown, headers: Ask['headers'] = {}): Promise<Answer> =>
    scene.ask(`/batches/${batchId}/links`, { method: 'POST', body, headers });
  const close = (batchId: string): Promise<Answer> => scene.ask(`/batches/${batchId}/close`, { method: 'POST' });
  const settled = (batchId: string, parsed: number) =>
    waitUntil('the items to settle', async () => {
      const { body } = await scene.ask(`/batches/${batchId}`);
      return body['counts'].parsed === parsed && body;
    });

  it('takes lists, text and CSV until it is closed, and then ends', async () => {
    const [first = '', second = '', third = '', fourth = '', fifth = ''] = fresh(5);
    const batchId = await opened([first]);
    expect(await settled(batchId, 1)).toMatchObject({ state: 'running', open: true, finishedAt: null, total: 1 });

    const list = await add(batchId, [first, second, `${second}?a=1`, 'nonsense']);
    expect(list).toMatchObject({
      status: 202,
      body: {
        batchId,
        counts: { total: 3, queued: 1, joined: 0, cached: 0, invalid: 1, duplicate: 1 },
        items: [
          { status: 'duplicate', index: 0, bookId: first.split('/').at(-1) },
          { status: 'queued', index: 1, duplicates: 1 },
          { status: 'invalid', index: 2, reason: expect.any(String) },
        ],
      },
    });
    expect(list.headers.get('location')).toBe(`/batches/${batchId}`);
    expect(await add(batchId, { urls: [third] })).toMatchObject({ status: 202, body: { items: [{ index: 3 }] } });
    expect(await add(batchId, `${fourth}\n\n${first}\n`, { 'content-type': 'text/plain' })).toMatchObject({
      status: 202,
      body: {
        items: [
          { index: 4, status: 'queued' },
          { index: 0, status: 'duplicate' },
        ],
      },
    });
    expect(await add(batchId, `Book Id,Title\r\n${fifth.split('/').at(-1)},x\r\n`, { 'content-type': 'text/csv' })).toMatchObject({
      status: 202,
      body: { items: [{ index: 5, status: 'queued' }] },
    });
    expect((await add(batchId, [first])).status).toBe(200);
    await settled(batchId, 5);
    expect((await scene.ask(`/batches/${batchId}`)).body).toMatchObject({ state: 'running', open: true, total: 6 });

    const closed = await close(batchId);
    expect(closed).toMatchObject({ status: 200, body: { batchId, state: 'completed', open: false, counts: { parsed: 5, invalid: 1 } } });
    expect((await close(batchId)).body).toEqual(closed.body);
    expect(await add(batchId, [first])).toMatchObject({
      status: 409,
      body: { code: 'batch-closed', detail: expect.stringContaining('The batch has ended') },
    });
    const { body } = await scene.ask(`/batches/${batchId}/items`);
    expect(body['items'].map(({ index, duplicates }: { index: number; duplicates: number }) => [index, duplicates])).toEqual([
      [0, 3],
      [1, 1],
      [2, 0],
      [3, 0],
      [4, 0],
      [5, 0],
    ]);
  });

  it('that is closed before its items are settled takes no more, and ends with the last', async () => {
    const [slow = '', more = ''] = fresh(2);
    await scene.goodreads.control({ delayMs: 300, ids: [slow.split('/').at(-1) ?? ''] });
    const batchId = await opened([slow]);
    expect((await close(batchId)).body).toMatchObject({ state: 'running', open: false });
    expect(await add(batchId, [more])).toMatchObject({ status: 409, body: { detail: expect.stringContaining('is not open') } });
    expect(await scene.quire.ended(batchId)).toMatchObject({ state: 'completed', total: 1, counts: { parsed: 1 } });
    await scene.goodreads.control({ mode: 'open' });
  });

  it('takes collections, whose books join it', async () => {
    scene.goodreads.setCollections({ sizes: { 'series/73': 5 } });
    const [first = ''] = fresh(1);
    const batchId = await opened([first]);
    const added = await add(batchId, ['https://www.goodreads.com/series/73']);
    expect(added).toMatchObject({ status: 202, body: { counts: { total: 1, expanding: 1 }, items: [{ kind: 'collection', index: 1 }] } });
    expect(await settled(batchId, 6)).toMatchObject({ state: 'running', total: 7, counts: { expanded: 1 } });
    expect((await close(batchId)).body).toMatchObject({ state: 'completed', total: 7 });
  });

  it('takes from many callers at once: each book once, each item with a place of its own', async () => {
    const links = fresh(40);
    const batchId = await opened(links.slice(0, 1));
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => add(batchId, links.slice(n * 4, n * 4 + 12))));
    expect(answers.every(({ status }) => status < 300)).toBe(true);
    await close(batchId);
    const { total, counts } = await scene.quire.ended(batchId);
    expect([total, counts.parsed]).toEqual([40, 40]);
    const { body } = await scene.ask(`/batches/${batchId}/items?limit=200`);
    const items = body['items'] as { index: number; bookId: string }[];
    expect(items.map(({ index }) => index)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(new Set(items.map(({ bookId }) => bookId)).size).toBe(40);
  });

  it('does an addition with an Idempotency-Key once, for each batch', async () => {
    const [first = '', second = ''] = fresh(2);
    const [one, other] = [await opened([first]), await opened([first])];
    const headers = { 'idempotency-key': `add ${store}` };
    const added = await add(one, [second], headers);
    const again = await add(one, [second], headers);
    expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toEqual([added.status, added.body, 'true']);
    expect(await add(one, [first], headers)).toMatchObject({ status: 422, body: { code: 'idempotency-mismatch' } });
    expect(await add(other, [second], headers)).toMatchObject({ status: 422 });
    expect((await scene.ask(`/batches/${one}`)).body).toMatchObject({ total: 2 });
    await Promise.all([close(one), close(other)]);
  });

  it('refuses what names no book, options, and batches that are unknown, never were open, or were cancelled', async () => {
    const [link = ''] = fresh(1);
    const batchId = await opened([link]);
    expect(await add(batchId, `\nnonsense\nrubbish`, { 'content-type': 'text/plain' })).toMatchObject({
      status: 400,
      body: { code: 'no-valid-links', errors: [{ pointer: '/1' }, { pointer: '/2' }] },
    });
    expect(await add(batchId, { urls: [link], priority: 'bulk' })).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ pointer: '/priority' }] },
    });
    for (const body of [[], {}, { urls: [] }, 'x', 7, null]) expect((await add(batchId, body)).status).toBe(400);
    expect((await scene.ask(`/batches/${batchId}/links?maxAge=0`, { method: 'POST', body: [link] })).status).toBe(400);
    expect((await scene.ask(`/batches/${batchId}`)).body).toMatchObject({ total: 1 });

    for (const unknown of ['01k9zq3v8e6m0000', 'x'])
      for (const answer of [await add(unknown, [link]), await close(unknown)])
        expect(answer).toMatchObject({ status: 404, body: { code: 'batch-unknown' } });

    await scene.ask(`/batches/${batchId}`, { method: 'DELETE' });
    expect(await add(batchId, [link])).toMatchObject({ status: 409, body: { detail: expect.stringContaining('was cancelled') } });
    expect((await close(batchId)).body).toMatchObject({ state: 'cancelled', open: false });
    const { body } = await scene.ask('/parse-links', { method: 'POST', body: [link] });
    expect(await add(body['batchId'] as string, [link])).toMatchObject({ status: 409, body: { code: 'batch-closed' } });
  });

  it('opens by the query string too, sends an event for each item that settles, and streams until it has ended', async () => {
    const [first = '', second = ''] = fresh(2);
    const { body } = await scene.ask('/parse-links?open=true', { method: 'POST', body: [first] });
    const batchId = body['batchId'] as string;
    const reader = await readEvents(scene.quire.origin, batchId);
    await reader.items(1);
    await add(batchId, [second]);
    await reader.items(2);
    await close(batchId);
    await reader.ended;
    expect(itemsOf(reader.events).map(({ id, data }) => [id, data['index'], data['state']])).toEqual([
      [1, 0, 'parsed'],
      [2, 1, 'parsed'],
    ]);
    expect(reader.events.at(-1)).toMatchObject({ event: 'batch', data: { state: 'completed', open: false, total: 2 } });
  });

  it('that looks for books ends with the last of them, whoever brings it', async () => {
    const links = fresh(3);
    const wanted = links[2]?.split('/').at(-1) ?? '';
    const batchId = await opened(links.slice(0, 1), { until: { field: 'id', equals: wanted } });
    await settled(batchId, 1);
    await add(batchId, links.slice(1));
    const batch = await scene.quire.ended(batchId);
    expect(batch).toMatchObject({ state: 'completed', open: false, found: [wanted], total: 3 });
    expect(await add(batchId, links)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('has found what it looks for') },
    });

    const cached = await opened(fresh(1), { until: { field: 'id', equals: wanted } });
    expect((await add(cached, links)).status).toBe(200);
    expect((await scene.ask(`/batches/${cached}`)).body).toMatchObject({ open: false, found: [wanted] });
    await scene.quire.ended(cached);
  });

  it('adds nothing that the backlog has no room for', async () => {
    const full = await openScene(store, { MAX_WAITING_JOBS: '3', CRAWL_CONCURRENCY: '1', CRAWL_TIMEOUT: '60s', DRAIN_SECONDS: '0' });
    onTestFinished(() => full.stop());
    await full.goodreads.control({ mode: 'hang' });
    const { body } = await full.ask('/parse-links?open=true', { method: 'POST', body: fresh(1) });
    await waitUntil('the worker to hang', async () => (await full.ask('/stats')).body['backlog'].active === 1);
    const path = `/batches/${body['batchId']}/links`;
    expect((await full.ask(path, { method: 'POST', body: fresh(2) })).status).toBe(202);
    expect(await full.ask(path, { method: 'POST', body: fresh(2) })).toMatchObject({ status: 429, body: { code: 'rate-limited' } });
    expect(await full.ask(path, { method: 'POST', body: fresh(4) })).toMatchObject({ status: 413, body: { code: 'body-too-large' } });
    expect((await full.ask(`/batches/${body['batchId']}`)).body).toMatchObject({ total: 3 });
    expect((await full.ask(path, { method: 'POST', body: fresh(1) })).status).toBe(202);
  });
});
