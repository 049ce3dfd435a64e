import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BookId, JobId } from '../../../src/domain/identity.ts';
import type { StoredBook } from '../../../src/storage/store.ts';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo, openScene, type HttpScene } from './scene.ts';

describe.each(inThisRun(STORES))('GET /book-info, on the %s store', (store) => {
  let scene: HttpScene;
  let id = '';
  beforeAll(async () => {
    scene = await openScene(store, { NOT_FOUND_RECHECK: '1ms', CRAWL_ATTEMPTS: '2' });
    id = scene.ids[0] ?? '';
    await scene.parsed([linkTo(id)]);
  });
  afterAll(() => scene.stop());

  const info = (query: string, headers: Record<string, string> = {}) => scene.ask(`/book-info?${query}`, { headers });
  const byUrl = (url: string) => info(`url=${encodeURIComponent(url)}`);

  /** Puts a copy of the first book under another number, fetched and stale when told. */
  async function keep(bookId: string, fetchedAtMs: number, freshUntilMs: number): Promise<void> {
    const found = await scene.quire.service.store.books.find(`book-${id}` as JobId, Date.now());
    if (found?.kind !== 'book') throw new Error('the first book is not stored');
    // The poorest there is: any page that is crawled may take its place.
    const copy: StoredBook = { ...found.book, bookId: bookId as BookId, fetchedAtMs, freshUntilMs, richness: 1 };
    await scene.quire.service.store.books.put(copy, [], Date.now() + 86_400_000);
  }

  it('answers with the very bytes that are stored, whatever names the book', async () => {
    const found = await scene.quire.service.store.books.find(`book-${id}` as JobId, Date.now());
    const stored = found?.kind === 'book' ? (JSON.parse(found.book.body.toString()) as { isbn13: string | null; title: string }) : null;
    for (const answer of [
      await byUrl(linkTo(id)),
      await byUrl(`http://goodreads.com/en/book/show/${id}.Slug?x=1#y`),
      await info(`id=${id}`),
      await scene.ask(`/books/${id}`),
    ]) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(answer.body).toEqual(stored);
    }
    expect(stored?.title).toEqual(expect.any(String));
  });

  it('finds a book by its ISBN once a crawl has found which book it is', async () => {
    const { body: book } = await info(`id=${id}`);
    const isbn = book['isbn13'] as string;
    expect(isbn).toMatch(/^97[89]\d{10}$/);
    const before = await info(`isbn=${isbn}`);
    expect([200, 404]).toContain(before.status);
    const after = await info(`isbn=${isbn}&submit=true`, { prefer: 'wait=20' });
    expect([after.status, after.body['id']]).toEqual([200, id]);
    expect((await info(`isbn=${isbn.slice(0, 3)}-${isbn.slice(3)}`)).body['id']).toBe(id);
  });

  it('says how old the copy is and how long it may be kept', async () => {
    await keep('1900001001', Date.now() - 100_000, Date.now() + 500_000);
    const { headers } = await info('id=1900001001');
    expect(Number(headers.get('age'))).toBeGreaterThanOrEqual(100);
    expect(Number(headers.get('age'))).toBeLessThan(130);
    expect(headers.get('cache-control')).toMatch(/^max-age=600, stale-while-revalidate=\d+, stale-if-error=\d+$/);
    expect(headers.get('etag')).toMatch(/^"[\w-]{16}"$/);
    expect(Date.parse(headers.get('last-modified') ?? '')).toBeLessThan(Date.now() - 99_000);
  });

  it('answers 304 to a caller who has the copy', async () => {
    const { headers } = await info(`id=${id}`);
    const etag = headers.get('etag') ?? '';
    const modified = headers.get('last-modified') ?? '';
    const unchanged: Record<string, string>[] = [
      { 'if-none-match': etag },
      { 'if-none-match': `"other", W/${etag}` },
      { 'if-none-match': '*' },
      { 'if-modified-since': modified },
    ];
    for (const conditions of unchanged) {
      const answer = await info(`id=${id}`, conditions);
      expect([answer.status, answer.body, answer.headers.get('etag')], JSON.stringify(conditions)).toEqual([304, '', etag]);
    }
    const changed: Record<string, string>[] = [
      { 'if-none-match': '"other"' },
      { 'if-none-match': '"other"', 'if-modified-since': modified },
      { 'if-modified-since': new Date(Date.parse(modified) - 1000).toUTCString() },
      { 'if-modified-since': 'yesterday' },
    ];
    for (const conditions of changed) expect((await info(`id=${id}`, conditions)).status, JSON.stringify(conditions)).toBe(200);
    const head = await scene.ask(`/books/${id}`);
    const bare = await fetch(`${scene.quire.origin}/book-info?id=${id}`, { method: 'HEAD' });
    expect([bare.status, bare.headers.get('etag'), await bare.text()]).toEqual([200, head.headers.get('etag'), '']);
  });

  it('serves a stale copy at once, and has it fetched once behind the answers', async () => {
    const stale = '1900001002';
    await keep(stale, Date.now() - 900_000, Date.now() - 1);
    await scene.goodreads.resetStats();
    const answers = await Promise.all(Array.from({ length: 50 }, () => info(`id=${stale}`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await waitUntil('the copy to be fresh', async () => Number((await info(`id=${stale}`)).headers.get('age')) < 100);
    expect((await scene.goodreads.stats()).byId[stale]).toBe(1);
  });

  it('answers 404 for a book that nobody submitted, and submits it on demand', async () => {
    expect(await info('id=1900001003')).toMatchObject({ status: 404, body: { code: 'book-unknown', type: '/errors/book-unknown' } });
    // Held, so that its job cannot end between the submission and the look at it.
    await scene.goodreads.control({ delayMs: 500, ids: ['1900001003'] });
    const pending = await info('id=1900001003&submit=true');
    expect(pending).toMatchObject({ status: 202, body: { jobId: 'book-1900001003', bookId: '1900001003', status: expect.any(String) } });
    expect(pending.headers.get('location')).toBe('/jobs/book-1900001003');
    expect(Number(pending.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const waited = await info('id=1900001003', { prefer: 'wait=20' });
    expect(waited.status).toBe(200);
    await scene.goodreads.control({ delayMs: 200, ids: ['1900001004'] });
    const atOnce = await info('id=1900001004&submit=true', { prefer: 'wait=20' });
    expect([atOnce.status, atOnce.body['id'], atOnce.headers.get('preference-applied')]).toEqual([200, '1900001004', 'wait=20']);
    await scene.goodreads.control({ mode: 'open' });
  });

  it('answers 404 while Quire remembers that the book is not found', async () => {
    await scene.parsed([linkTo(123)]);
    const missing = await info('id=123');
    expect(missing).toMatchObject({ status: 404, body: { code: 'book-not-found' } });
    expect(missing.headers.get('cache-control')).toMatch(/^max-age=\d+$/);
    expect((await info('id=123&submit=true')).body).toMatchObject({ code: 'book-not-found' });
    expect((await scene.ask('/books/123', { method: 'DELETE' })).status).toBe(204);
    expect((await info('id=123')).body).toMatchObject({ code: 'book-unknown' });
  });

  it('shows the last error of a failed job until the job is retried', async () => {
    const failing = '1900001005';
    await scene.goodreads.control({ mode: 'reset', ids: [failing] });
    await scene.parsed([linkTo(failing)]);
    const failed = await info(`id=${failing}&submit=true`);
    expect(failed).toMatchObject({
      status: 502,
      body: { code: 'crawl-failed', jobId: `book-${failing}`, lastError: { code: 'crawl-failed', detail: expect.any(String) } },
    });
    await scene.goodreads.control({ mode: 'truncated', ids: [failing] });
    expect((await scene.ask(`/jobs/book-${failing}/retry`, { method: 'POST' })).status).toBe(202);
    await waitUntil('the job to fail in another way', async () => (await info(`id=${failing}`)).body['code'] === 'page-not-recognised');
    await scene.goodreads.control({ mode: 'open' });
    expect((await scene.ask(`/jobs/book-${failing}/retry`, { method: 'POST' })).status).toBe(202);
    expect((await info(`id=${failing}`, { prefer: 'wait=20' })).status).toBe(200);
  });

  it.each([
    ['', '/query/url'],
    ['url=', '/query/url'],
    ['url=https://www.goodreads.com.evil.example/book/show/1', '/query/url'],
    ['url=https://www.goodreads.com/author/show/1', '/query/url'],
    ['id=0', '/query/id'],
    ['id=abc', '/query/id'],
    ['id=1234567890123', '/query/id'],
    ['isbn=9780439023482', '/query/isbn'],
    ['id=1&id=2', '/query/id'],
    ['id=1&isbn=9780439023481', '/query/isbn'],
    ['url=%E0%A4%A', '/query/url'],
  ])('refuses ?%s', async (query, pointer) => {
    expect(await info(query)).toMatchObject({
      status: 400,
      body: { code: 'invalid-book-url', errors: [{ pointer, detail: expect.any(String) }] },
    });
  });

  it('refuses a submit that is neither true nor false', async () => {
    expect(await info('id=1&submit=perhaps')).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ pointer: '/query/submit' }] },
    });
  });

  it('answers 202 with the time of the next probe while the source is blocked', async () => {
    await scene.goodreads.control({ mode: 'forbidden' });
    await scene.ask('/parse-links', { method: 'POST', body: [linkTo(1_900_001_006)] });
    await waitUntil('the source to be blocked', async () => (await scene.ask('/source')).body['state'] === 'blocked');
    // While a probe is out, its job is active.
    const { status, headers } = await waitUntil('the job to be held back', async () => {
      const answer = await info('id=1900001006');
      return answer.body['status'] === 'blocked' && answer;
    });
    expect(status).toBe(202);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    await scene.goodreads.control({ mode: 'open' });
    expect((await info('id=1900001006', { prefer: 'wait=20' })).status).toBe(200);
  });

  it('fetches a book again, and forgets it, on demand', async () => {
    await scene.goodreads.resetStats();
    const refreshed = await scene.ask(`/books/${id}/refresh`, { method: 'POST' });
    expect(refreshed).toMatchObject({ status: 202, body: { jobId: `book-${id}`, status: expect.stringMatching(/queued|joined/) } });
    await waitUntil('the book to be fetched', async () => (await scene.goodreads.stats()).byId[id] === 1);
    await waitUntil('its job to end', async () => (await scene.ask(`/jobs/book-${id}`)).body['state'] === 'parsed');
    expect((await scene.ask(`/books/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await info(`id=${id}`)).status).toBe(404);
    expect(await scene.ask(`/books/${id}`, { method: 'DELETE' })).toMatchObject({ status: 404, body: { code: 'book-unknown' } });
    await scene.parsed([linkTo(id)]);
  });
});
