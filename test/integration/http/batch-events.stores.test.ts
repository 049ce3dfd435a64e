import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { itemsOf, readEvents } from './event-reader.ts';
import { linkTo, openScene, type HttpScene } from './scene.ts';

describe.each(inThisRun(STORES))('GET /batches/{id}/events, on the %s store', (store) => {
  let scene: HttpScene;
  let nextId = 1_700_000_000;
  beforeAll(async () => {
    scene = await openScene(store);
  });
  afterAll(() => scene.stop());

  const fresh = (count: number): string[] => Array.from({ length: count }, () => linkTo((nextId += 1)));
  const submit = async (links: unknown[]): Promise<string> =>
    (await scene.ask('/parse-links', { method: 'POST', body: links })).body['batchId'] as string;
  const held = async (links: string[]): Promise<void> =>
    scene.goodreads.control({ delayMs: 300, ids: links.map((link) => link.split('/').at(-1) ?? '') });

  it('sends each item as it settles, then the batch, and closes', async () => {
    const links = fresh(30);
    await held(links);
    const batchId = await submit([...links, 'nonsense']);
    const reader = await readEvents(scene.quire.origin, batchId);
    expect([reader.status, reader.headers.get('content-type'), reader.headers.get('cache-control')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      'no-store',
    ]);
    await reader.ended;
    const items = itemsOf(reader.events);
    expect(items.map(({ id }) => id)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
    expect(new Set(items.map(({ data }) => data['input']))).toEqual(new Set(links));
    expect(items[0]?.data).toEqual({
      index: expect.any(Number),
      input: expect.any(String),
      kind: 'book',
      family: null,
      collection: null,
      via: null,
      state: 'parsed',
      jobId: expect.stringMatching(/^book-/),
      bookId: expect.any(String),
      url: expect.stringContaining('/book/show/'),
      reason: null,
      duplicates: 0,
      at: expect.stringMatching(/Z$/),
    });
    expect(reader.events[0]).toMatchObject({ event: 'batch', data: { batchId } });
    expect(reader.events.at(-1)).toMatchObject({
      event: 'batch',
      id: 30,
      data: { batchId, state: 'completed', counts: { parsed: 30, invalid: 1 } },
    });
    await scene.goodreads.control({ mode: 'open' });
  });

  it('names the address of an ISBN as the list of items does: its book, once that is known', async () => {
    const [id = ''] = scene.ids;
    await scene.parsed([linkTo(id)]);
    const isbn = (await scene.ask(`/books/${id}`)).body['isbn13'] as string;
    const unknown = 'https://www.goodreads.com/book/isbn/9780000000002';
    const batchId = await scene.parsed([`https://www.goodreads.com/book/isbn/${isbn}`, unknown]);
    const { body } = await scene.ask(`/batches/${batchId}/items`);
    expect(body['items']).toMatchObject([
      { bookId: id, url: linkTo(id) },
      { bookId: null, url: unknown },
    ]);
    const reader = await readEvents(scene.quire.origin, batchId);
    await reader.ended;
    for (const { data } of itemsOf(reader.events)) expect(data['url']).toBe(body['items'][data['index']].url);
    expect(itemsOf(reader.events).map(({ data }) => data['index'])).toContain(0);
  });

  it('goes on after the last event a reader has, without gap or double', async () => {
    const links = fresh(40);
    const batchId = await submit(links);
    const seen: number[] = [];
    for (let wanted = 7; seen.length < 40; wanted += 7) {
      const reader = await readEvents(scene.quire.origin, batchId, seen.at(-1) ?? 0);
      await reader.items(Math.min(wanted, 40) - seen.length);
      // What came in one chunk with the last is taken as well.
      for (const { id } of itemsOf(reader.events)) seen.push(id);
      reader.close();
    }
    expect(seen).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
    await scene.quire.ended(batchId);
    const rest = await readEvents(scene.quire.origin, batchId, 35);
    await rest.ended;
    expect(itemsOf(rest.events).map(({ id }) => id)).toEqual([36, 37, 38, 39, 40]);
    const none = await fetch(`${scene.quire.origin}/batches/${batchId}/events`, { headers: { 'last-event-id': '40' } });
    expect([none.status, await none.text()]).toEqual([204, '']);
  });

  it('sends a batch that ended at its seal at once, and closes', async () => {
    const [id = ''] = scene.ids;
    await scene.parsed([linkTo(id)]);
    const batchId = await submit([linkTo(id)]);
    const reader = await readEvents(scene.quire.origin, batchId);
    await reader.ended;
    expect(reader.events.map(({ event, id: eventId }) => [event, eventId])).toEqual([
      ['batch', 0],
      ['batch', 0],
    ]);
    expect((await fetch(`${scene.quire.origin}/batches/${batchId}/events`, { headers: { 'last-event-id': '0' } })).status).toBe(204);
  });

  it('sends a cancel', async () => {
    const links = fresh(5);
    await scene.goodreads.control({ mode: 'hang', ids: links.map((link) => link.split('/').at(-1) ?? '') });
    const batchId = await submit(links);
    const reader = await readEvents(scene.quire.origin, batchId);
    expect(await scene.ask(`/batches/${batchId}`, { method: 'DELETE' })).toMatchObject({ status: 200, body: { cancelled: 5 } });
    await reader.ended;
    expect(itemsOf(reader.events).map(({ data }) => data['state'])).toEqual(Array.from({ length: 5 }, () => 'cancelled'));
    expect(reader.events.at(-1)).toMatchObject({ event: 'batch', data: { state: 'cancelled' } });
    await scene.goodreads.control({ mode: 'open' });
  });

  it('gives a hundred readers the same', async () => {
    const links = fresh(20);
    await held(links);
    const batchId = await submit(links);
    const readers = await Promise.all(Array.from({ length: 100 }, (_, n) => readEvents(scene.quire.origin, batchId, n % 3)));
    await Promise.all(readers.map(({ ended }) => ended));
    readers.forEach((reader, n) =>
      expect(itemsOf(reader.events).map(({ id }) => id)).toEqual(Array.from({ length: 20 - (n % 3) }, (_, at) => at + 1 + (n % 3))),
    );
    await scene.goodreads.control({ mode: 'open' });
    await waitUntil('the gauge to fall', async () => /quire_event_streams 0/.test((await scene.ask<string>('/metrics')).body));
  });

  it('refuses an id that is not one of ours', async () => {
    const batchId = await submit([linkTo(scene.ids[0] ?? '')]);
    expect(await scene.ask(`/batches/${batchId}/events`, { headers: { 'last-event-id': 'x' } })).toMatchObject({
      status: 400,
      body: { code: 'invalid-request' },
    });
  });
});

describe('open streams', () => {
  it('are ended when the app closes, those of readers who do not read as well', async () => {
    const scene = await openScene('redis', { DRAIN_SECONDS: '1' });
    await scene.goodreads.control({ mode: 'hang' });
    const { body } = await scene.ask('/parse-links', { method: 'POST', body: [linkTo(1_800_000_001)] });
    const reader = await readEvents(scene.quire.origin, body['batchId'] as string);
    const stuck = httpRequest(`${scene.quire.origin}/batches/${body['batchId']}/events`).end();
    stuck.on('error', () => undefined);
    await new Promise((resolve) => stuck.once('response', resolve));
    const before = Date.now();
    await scene.stop();
    await reader.ended;
    stuck.destroy();
    expect(Date.now() - before).toBeLessThan(8000);
  });
});
