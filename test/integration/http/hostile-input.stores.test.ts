import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { linkTo, openScene, type Ask, type HttpScene } from './scene.ts';

const EMOJI = '\u{1f600}';
const json = (text: string, more: Ask = {}): Ask => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: text,
  ...more,
});

describe.each(inThisRun(STORES))('text and numbers that no store can hold, on the %s store', (store) => {
  let scene: HttpScene;
  /** A batch that has ended, and one that has not. */
  let ended = '';
  let running = '';
  beforeAll(async () => {
    scene = await openScene(store, { WEBHOOK_ALLOW_LOOPBACK: 'true' });
    ended = await scene.parsed([linkTo(scene.ids[0] ?? ''), 'nonsense']);
    await scene.goodreads.control({ mode: 'hang', ids: ['1900000001'] });
    running = (await scene.ask('/parse-links', { method: 'POST', body: [linkTo(1_900_000_001)] })).body['batchId'] as string;
  });
  afterAll(() => scene.stop());

  const entries: { what: string; entry: string; input: string }[] = [
    { what: 'a lone surrogate', entry: String.raw`"\ud800"`, input: '\ufffd' },
    { what: 'a lone surrogate in an object', entry: String.raw`{"a":"\udc00"}`, input: String.raw`{"a":"\udc00"}` },
    { what: 'a NUL', entry: String.raw`"a\u0000b"`, input: 'a\ufffdb' },
    { what: 'an emoji across the cut of a link', entry: JSON.stringify(`${'x'.repeat(2047)}${EMOJI}`), input: 'x'.repeat(2047) },
    {
      what: 'an emoji across the cut of an object',
      entry: JSON.stringify({ a: 'x'.repeat(193) + EMOJI }),
      input: `{"a":"${'x'.repeat(193)}`,
    },
  ];
  it.each(entries)('$what is an invalid item, shown in whole characters', async ({ entry, input }) => {
    const link = linkTo(scene.ids[0] ?? '');
    const { status, body } = await scene.ask('/parse-links', json(`[${JSON.stringify(link)},${entry}]`));
    expect(status).toBe(200);
    expect(body['items'][1]).toMatchObject({ status: 'invalid', input });
    const page = await scene.ask(`/batches/${body['batchId']}/items`);
    expect(page.body['items'].map((item: { input: string }) => item.input)).toEqual([link, input]);
  });

  it('a link with half a character in its slug names its book', async () => {
    const link = linkTo(scene.ids[0] ?? '');
    const { status, body } = await scene.ask('/parse-links', json(String.raw`["${link}-\ud800"]`));
    expect(status).toBe(200);
    expect(body['items']).toMatchObject([{ status: 'cached', input: `${link}-\ufffd` }]);
  });

  it('a webhook and a key with such text are taken or refused', async () => {
    const bodies = [String.raw`"url":"http://127.0.0.1:9/\ud800"`, String.raw`"url":"http://127.0.0.1:9/\u0000"`].flatMap((url) => [
      `{"urls":["${linkTo(5)}"],"webhook":{${url},"secret":"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}}`,
      String.raw`{"urls":["${linkTo(5)}"],"webhook":{${url},"secret":"\ud800\u0000"}}`,
    ]);
    for (const body of bodies) expect((await scene.ask('/parse-links', json(body))).status).toBeLessThan(500);
    const webhooks = [
      String.raw`{"url":"http://127.0.0.1:9/\ud800\u0000"}`,
      String.raw`{"url":"http://127.0.0.1:9/","secret":"\u0000"}`,
      String.raw`{"url":"http://127.0.0.1:9/","events":["\ud800"]}`,
      String.raw`{"url":"http://127.0.0.1:9/","\u0000\ud800":1}`,
    ];
    for (const body of webhooks) expect((await scene.ask('/webhooks', json(body))).status).toBeLessThan(500);
    expect((await scene.ask('/failures/redrive', json(String.raw`{"reason":"\u0000"}`))).status).toBe(400);
  });

  const NUMBERS = [
    '0',
    '-1',
    '1.5',
    '1e309',
    '2147483647',
    '2147483648',
    '9223372036854775808',
    '99999999999999999999',
    'NaN',
    '%00',
    '%20',
  ];
  const CURSORS = [
    'zzzzzz',
    '2147483648',
    '9223372036854775808',
    '999999999999999',
    '9999999999999999-book-5.run',
    '%00',
    'book-5%00',
    '1-%00.1',
  ];
  const queries = (path: string, name: string, values: string[]): string[] =>
    values.map((value) => `${path}${path.includes('?') ? '&' : '?'}${name}=${value}`);

  it('no number and no cursor of a list makes an answer of 500 or more', async () => {
    const unknown = '0mwqn8r2p3rqac6gh8bt';
    const paths = [
      ...[ended, running, unknown].flatMap((batchId) => queries(`/batches/${batchId}/items`, 'cursor', CURSORS)),
      ...queries(`/batches/${ended}/items`, 'limit', NUMBERS),
      ...queries('/jobs?state=failed', 'cursor', CURSORS),
      ...queries('/jobs?state=failed', 'limit', NUMBERS),
      ...queries('/jobs?state=failed', 'reason', ['%00', 'crawl-failed%00']),
      ...queries('/books', 'cursor', CURSORS),
      ...queries('/books', 'limit', NUMBERS),
      ...queries('/webhooks/wh0mhf5k2x3a1b2c3d4e5f6/deliveries', 'cursor', CURSORS),
      ...queries('/deliveries', 'batchId', ['%00', unknown]),
      ...queries('/source/ledger', 'days', NUMBERS),
      ...queries('/book-info', 'id', [...NUMBERS, '999999999999']),
      ...queries('/book-info', 'isbn', NUMBERS),
      ...queries('/find', 'q', ['%00', 'a%00b', 'a%ED%A0%80', '%F0%9F%93%9Aa', 'a%26q%3Db%23', '..%2F..%2Fa']),
      ...queries('/find?source=goodreads', 'q', ['a%00b', 'a%ED%A0%80', '%F0%9F%93%9Aa', 'a%26q%3Db%23', '..%2F..%2Fa']),
      ...queries('/find?q=a', 'limit', NUMBERS),
      ...queries('/find?q=a', 'source', ['%00', 'toString', 'goodreads%00']),
      ...queries('/book-info', 'url', ['%00', `${linkTo(5)}%00`]),
      ...['batches', 'jobs', 'books', 'webhooks', 'deliveries'].flatMap((list) => [`/${list}/%00`, `/${list}/a%00b`, `/${list}/book-5%00`]),
      '/batches/%00/items',
      '/batches/%00/events',
      '/batches/%00/export',
      '/jobs/%00/page',
      '/webhooks/%00/deliveries',
    ];
    for (const path of paths) expect([path, (await scene.ask(path)).status < 500]).toEqual([path, true]);
    expect((await scene.ask(`/batches/${ended}/items?cursor=zzzzzz`)).body).toMatchObject({ code: 'invalid-request' });
    for (const maxAge of NUMBERS) {
      const { status } = await scene.ask(`/parse-links?maxAge=${maxAge}`, { method: 'POST', body: ['nonsense'] });
      expect([maxAge, status]).toEqual([maxAge, 400]);
    }
  });

  it.each(['3', '2147483648', '999999999999', '9999999999999'])(
    'a Last-Event-ID that no event of the batch has is refused: %s',
    async (id) => {
      for (const batchId of [ended, running]) {
        const { status, body } = await scene.ask(`/batches/${batchId}/events`, { headers: { 'last-event-id': id } });
        expect([status, body['code'], body['errors'][0].pointer]).toEqual([400, 'invalid-request', '/headers/last-event-id']);
      }
    },
  );

  it('the dashboard has no job, queue or page of such a name', async () => {
    const paths = [
      '/dashboard/api/queues/parse-book/%00',
      '/dashboard/api/queues/parse-book/%00/logs',
      '/dashboard/api/queues/parse-book/%00/flow',
      '/dashboard/api/queues/%00/metrics',
      '/dashboard/api/queues/%00/5',
      '/dashboard/%00',
      ...queries('/dashboard/api/queues?activeQueue=parse-book', 'page', NUMBERS),
      ...queries('/dashboard/api/queues?activeQueue=parse-book&status=completed', 'page', NUMBERS),
      ...queries('/dashboard/api/queues?activeQueue=parse-book', 'jobsPerPage', NUMBERS),
      ...queries('/dashboard/api/queues?activeQueue=parse-book', 'status', ['%00', 'toString']),
      '/dashboard/api/queues?activeQueue=%00',
    ];
    for (const path of paths) expect([path, (await scene.ask(path)).status < 500]).toEqual([path, true]);
  });
});
