/** clients/typescript against a running Quire. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createQuire, isFromQuire, QuireError, type SettledItem } from '../../../clients/typescript/src/index.ts';
import { isNotQuire } from '../../support/hold-answers.ts';
import { STORES, type TestQuire } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { linkTo } from '../http/scene.ts';
import { API_KEY, breakEventStreams, GONE, numbers, startAskedQuire } from './story.ts';

describe.each(inThisRun(STORES))('the TypeScript client, on the %s store', (store) => {
  let running: TestQuire;
  beforeAll(async () => void (running = await startAskedQuire(store)));
  afterAll(() => running.stop());

  it('gives each item once with its book as it settles, over connections that break', async () => {
    const way = await breakEventStreams(running.origin, 2);
    onTestFinished(way.stop);
    isNotQuire(way.origin);
    await running.goodreads.control({ delayMs: 20, modes: { [GONE]: 'missing' } });
    const quire = createQuire({ baseUrl: way.origin, apiKey: API_KEY, backoffMs: 5 });
    const settled: SettledItem[] = [];
    for await (const one of quire.parse([...numbers(1_830_000_010, 30).map(linkTo), linkTo(GONE), 'nonsense'], { priority: 'interactive' }))
      settled.push(one);
    expect(way.cuts()).toBe(2);
    expect(settled.map(({ item }) => item.index).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, n) => n));
    const stateOf = (input: string, bookId: string | null): string =>
      input === 'nonsense' ? 'invalid' : bookId === GONE ? 'not-found' : 'parsed';
    for (const { item, book } of settled)
      expect([item.state, book?.id ?? null]).toEqual([
        stateOf(item.input, item.bookId),
        stateOf(item.input, item.bookId) === 'parsed' ? item.bookId : null,
      ]);
  });

  it('submits more than one request carries as one batch, and reads its books as a stream', async () => {
    await running.goodreads.control({ delayMs: 0 });
    const quire = createQuire({ baseUrl: running.origin, apiKey: API_KEY });
    const wanted = numbers(1_830_100_000, 1100).map(linkTo);
    const batchId = await quire.submitAll(wanted, { until: { field: 'id', equals: 'none' } });
    expect(await quire.batch(batchId)).toMatchObject({ total: 1100 });
    const { data } = await quire.api.DELETE('/batches/{batchId}', { params: { path: { batchId } } });
    expect(data?.batchId).toBe(batchId);
    const indexes: number[] = [];
    for await (const { index } of quire.items(batchId)) indexes.push(index);
    expect(indexes).toEqual(Array.from({ length: 1100 }, (_, n) => n));

    const few = numbers(1_830_200_000, 3);
    const fewId = await quire.submitAll(few.map(linkTo));
    for await (const _ of quire.settled(fewId));
    const ids: string[] = [];
    for await (const book of quire.books({ batchId: fewId })) ids.push(book.id);
    expect(ids).toEqual(few);
    expect((await quire.book(few[0] ?? ''))?.id).toBe(few[0]);
    expect(await quire.book('1839999999')).toBeNull();
  });

  it('throws what Quire explains', async () => {
    const refused = await createQuire({ baseUrl: running.origin, apiKey: 'another' })
      .submit(['1'])
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(QuireError);
    expect(refused).toMatchObject({ status: 401, problem: { code: 'unauthorized' } });
    const invalid = createQuire({ baseUrl: running.origin, apiKey: API_KEY }).submit(['nonsense']);
    await expect(invalid).rejects.toMatchObject({ status: 400, problem: { code: 'no-valid-links', errors: [{ pointer: '/urls/0' }] } });
  });
});

describe('the TypeScript client', () => {
  it('tries again when it is told to, and only what may be sent twice', async () => {
    const answers: { status: number; headers?: Record<string, string> }[] = [];
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      const { status, headers } = answers.shift() ?? { status: 200 };
      asked.push(request.headers['idempotency-key'] as string | undefined);
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end('{"batchId":"b","counts":{},"items":[]}');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => {
      server.close().closeAllConnections();
    });
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    isNotQuire(baseUrl);
    const quire = createQuire({ baseUrl, backoffMs: 1 });

    answers.push({ status: 503, headers: { 'retry-after': '0' } }, { status: 429 }, { status: 504 });
    await quire.submit(['1']);
    // The key is the same each time, so nothing is done twice.
    expect([asked.length, new Set(asked).size, typeof asked[0]]).toEqual([4, 1, 'string']);

    asked.length = 0;
    answers.push({ status: 504 });
    const retried = await quire.api.POST('/jobs/{jobId}/retry', { params: { path: { jobId: 'book-1' } } });
    expect([retried.response.status, asked.length]).toEqual([504, 1]);

    asked.length = 0;
    answers.push({ status: 503, headers: { 'retry-after': '301' } });
    await expect(quire.submit(['1'])).rejects.toMatchObject({ status: 503 });
    expect(asked.length).toBe(1);
  });

  it('knows the deliveries that Quire signed', async () => {
    const secret = `whsec_${Buffer.from('a secret of 24 bytes ...').toString('base64')}`;
    const body = '{"type":"batch.completed","title":"שלום"}';
    const now = new Date();
    const headers = (text: string): Headers =>
      new Headers({
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': `v1,AAAA ${new Webhook(secret).sign('msg_1', now, text)}`,
      });
    expect(await isFromQuire(headers(body), body, secret)).toBe(true);
    expect(await isFromQuire(headers(body), `${body} `, secret)).toBe(false);
    expect(await isFromQuire(headers(body), body, secret, now.getTime() + 301_000)).toBe(false);
    expect(await isFromQuire(new Headers(), body, secret)).toBe(false);
  });
});
