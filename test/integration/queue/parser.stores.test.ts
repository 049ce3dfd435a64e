/** Pages that users send, pages that jobs failed on, and what the parser's counters say: on every store. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../../support/corpus.ts';
import { isNotQuire } from '../../support/hold-answers.ts';
import { startQuire, STORES, type TestQuire } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';

describe.each(inThisRun(STORES))('the parser on the %s store', (store) => {
  let quire: TestQuire;
  let known: string;
  let page: Buffer;

  beforeAll(async () => {
    quire = await startQuire(store, { settings: { CRAWL_CONCURRENCY: '1' } });
    known = quire.goodreads.ids[0] ?? '';
    isNotQuire(quire.goodreads.origin);
    page = Buffer.from(await (await fetch(`${quire.goodreads.origin}/book/show/${known}`)).arrayBuffer());
  });
  afterAll(() => quire.stop());

  const upload = (id: string, body: Buffer | string, type = 'text/html') =>
    quire.get(`/books/${id}/page`, { method: 'PUT', headers: { 'content-type': type }, body: new Uint8Array(Buffer.from(body)) });

  it('accepts a page that a user saved, and serves it as an upload', async () => {
    const answer = await upload(known, page);
    expect(answer.status).toBeLessThan(300);
    expect((await quire.get(`/book-info?id=${known}`)).body).toMatchObject({ id: known, via: 'upload' });
  });

  it('settles the waiters of an uploaded book, and stops its job', async () => {
    await quire.delete(`/books/${known}`);
    await quire.goodreads.control({ mode: 'hang', ids: [known] });
    const { batchId } = await quire.submit([`https://www.goodreads.com/book/show/${known}`]);
    await waitUntil('the job to run', async () => (await quire.get(`/jobs/book-${known}`)).body.state === 'active');
    expect((await upload(known, page)).status).toBeLessThan(300);
    expect((await quire.ended(batchId)).counts).toMatchObject({ parsed: 1 });
    await waitUntil('the place to be free', async () => (await quire.get('/stats')).body.backlog.active === 0);
    await quire.goodreads.control({ mode: 'open' });
  });

  it.each([
    ['the page of another book', (): Buffer | string => page, '424242'],
    ['an empty page', (): Buffer | string => '', '424242'],
    ['no book page', () => '<html><head><title>Best Books Ever</title></head><body>a list</body></html>', '424242'],
    ['a challenge', () => fixture('failure', 'challenge'), '424242'],
  ])('refuses %s with the reason, and stores nothing', async (_what, body, id) => {
    const answer = await upload(id, body());
    expect([400, 422]).toContain(answer.status);
    expect(answer.headers.get('content-type')).toMatch(/problem\+json/);
    expect(answer.body.detail.length).toBeGreaterThan(10);
    expect((await quire.get(`/book-info?id=${id}`)).body).toMatchObject({ code: 'book-unknown' });
  });

  it('refuses other types and pages beyond 8 MiB', async () => {
    expect((await upload(known, page, 'application/pdf')).status).toBe(415);
    expect((await upload(known, Buffer.alloc(9 * 1024 * 1024, 'x'))).status).toBe(413);
  });

  it('keeps the page of a failed parse for a person to see, never as a document', async () => {
    await quire.goodreads.control({ mode: 'truncated', ids: ['1900000001'] });
    await quire.ended((await quire.submit(['https://www.goodreads.com/book/show/1900000001'])).batchId);
    const kept = await quire.get('/jobs/book-1900000001/page');
    expect(kept.status).toBe(200);
    expect(kept.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(kept.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(kept.headers.get('x-content-type-options')).toBe('nosniff');
    expect(kept.body).toMatch(/^<!DOCTYPE html|^<html/i);
    expect((await quire.get(`/jobs/book-${known}/page`)).body).toMatchObject({ status: 404, code: 'not-found' });
  });

  it('a poorer parse does not replace a richer copy, and is counted', async () => {
    const rich = (await quire.get(`/book-info?id=${known}`)).body;
    const poor = await upload(known, withoutDetails(page));
    expect(poor.status).toBeLessThan(300);
    const after = (await quire.get(`/book-info?id=${known}`)).body;
    expect(after).toEqual(rich);
    expect((await quire.get('/parser/health')).body.poorer.recent).toBe(1);
  });

  it('counts the fields that each layer gave', async () => {
    const health = (await quire.get('/parser/health')).body;
    expect(health.state).toBe('unknown');
    expect(health.pages.recent).toBeGreaterThanOrEqual(3);
    const title = health.fields.find((field: { field: string }) => field.field === 'title');
    expect(title).toMatchObject({ recent: 1, before: null, drifting: false });
    expect(['next-data', 'legacy']).toContain(title.layer);
  });
});

/** The same page, with fewer fields on it: the data of the current layout loses its description, the legacy one its details. */
function withoutDetails(page: Buffer): string {
  const text = page.toString('utf8');
  const poorer = text
    .replace(/"description":"(?:[^"\\]|\\.)*"/g, '"description":""')
    .replace(/"numPages":\d+/g, '"numPages":0')
    .replace(/<div id="(?:description|details)"/g, '<div id="gone"');
  if (poorer === text) throw new Error('the fixture has none of the fields that this test takes away');
  return poorer;
}
