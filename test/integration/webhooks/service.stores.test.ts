import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newSecret } from '../../../src/webhooks/sending/signing.ts';
import { isNotQuire } from '../../support/hold-answers.ts';
import { startQuire, STORES, type TestQuire } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { startReceiver, verified, type Receiver } from './receiver.ts';

describe.each(inThisRun(STORES))('webhooks of a whole Quire on the %s store', (store) => {
  let receiver: Receiver;
  let quire: TestQuire;
  let bookId: string;
  let link: string;
  beforeEach(async () => {
    receiver = await startReceiver();
    quire = await startQuire(store, { settings: { WEBHOOK_ALLOW_LOOPBACK: 'true', PUBLIC_URL: 'https://quire.example.org' } });
    bookId = quire.goodreads.ids[0] ?? '';
    link = `https://www.goodreads.com/book/show/${bookId}`;
  });
  afterEach(async () => {
    await quire.stop();
    await receiver.stop();
  });

  it('announce a parsed book and the end of its batch', async () => {
    const { status, body: webhook } = await quire.post('/webhooks', { url: `${receiver.url}/standing`, events: ['*'] });
    expect(status).toBe(201);
    const secret = newSecret();
    const submitted = await quire.post('/parse-links', { urls: [link, 'nonsense'], webhook: { url: receiver.url, secret } });
    expect(submitted.status).toBe(202);
    const { batchId } = submitted.body;
    await receiver.called(3);
    const own = receiver.calls.filter(({ path }) => path === '/hook').map((call) => verified(call, secret));
    expect(own).toMatchObject([
      {
        type: 'batch.completed',
        data: { batchId, total: 2, counts: { parsed: 1, invalid: 1 }, url: `https://quire.example.org/batches/${batchId}` },
      },
    ]);
    const { title, author, url } = (await quire.get(`/book-info?id=${bookId}`)).body;
    const standing = receiver.calls.filter(({ path }) => path === '/hook/standing').map((call) => verified(call, webhook.secret));
    expect(new Set(standing.map(({ type }) => type))).toEqual(new Set(['batch.completed', 'book.parsed']));
    expect(standing.find(({ type }) => type === 'book.parsed')).toMatchObject({
      data: { bookId, jobId: `book-${bookId}`, title, author, url },
    });
    expect((await quire.get(`/deliveries?batchId=${batchId}`)).body.deliveries).toHaveLength(1);
  });

  it('announce an uploaded page: for the job that it settled, and for the book without a job', async () => {
    const secret = newSecret();
    expect((await quire.post('/webhooks', { url: receiver.url, events: ['book.*'], secret })).status).toBe(201);
    isNotQuire(quire.goodreads.origin);
    const page = await (await fetch(`${quire.goodreads.origin}/book/show/${bookId}`)).text();
    await quire.goodreads.control({ mode: 'hang' });
    const { batchId } = await quire.submit([link]);
    const put = () => quire.get(`/books/${bookId}/page`, { method: 'PUT', headers: { 'content-type': 'text/html' }, body: page });
    expect(await put()).toMatchObject({ status: 200, body: { stored: true } });
    expect((await quire.ended(batchId)).counts).toMatchObject({ parsed: 1 });
    await receiver.called(1);
    expect((await put()).status).toBe(200);
    const calls = await receiver.called(2);
    const { title } = (await quire.get(`/book-info?id=${bookId}`)).body;
    for (const call of calls)
      expect(verified(call, secret)).toMatchObject({ type: 'book.parsed', data: { bookId, jobId: `book-${bookId}`, title } });
    expect(new Set(calls.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
  });

  it('refuse a batch whose webhook may not be called or cannot be signed', async () => {
    const refused = await quire.post('/parse-links', { urls: [link], webhook: { url: 'https://169.254.169.254/', secret: newSecret() } });
    expect(refused).toMatchObject({ status: 400, body: { code: 'webhook-target-refused', errors: [{ pointer: '/webhook/url' }] } });
    const unsigned = await quire.post(`/parse-links?webhook=${encodeURIComponent(receiver.url)}`, [link]);
    expect(unsigned).toMatchObject({ status: 400, body: { code: 'invalid-request', errors: [{ pointer: '/query/webhook' }] } });
  });
});
