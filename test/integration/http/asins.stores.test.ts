/** ASINs: one question proposes a book, and the page of the book decides. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readFile } from 'node:fs/promises';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo, openScene, type HttpScene, type Loose } from './scene.ts';

/** Of the fixtures: a book of each layout that names its ASIN, and one of which no test of this file asks for the ASIN. */
const [NEXT, LEGACY, OTHER] = [
  { asin: 'B0MADEUP02', bookId: '7100002' },
  { asin: 'B0MADEUP13', bookId: '7200003' },
  { asin: 'B0MADEUP03', bookId: '7100003' },
];

describe.each(inThisRun(STORES))('an ASIN, on the %s store', (store) => {
  let scene: HttpScene;
  beforeAll(async () => {
    scene = await openScene(store, { BLOCK_PROBE: '50ms' });
  });
  beforeEach(() => scene.goodreads.control({}));
  afterAll(() => scene.stop());

  const info = (asin: string, more = '', headers = {}) => scene.ask(`/book-info?url=${asin}${more}`, { headers });
  const itemsOf = async (batchId: string): Promise<Loose[]> => (await scene.ask(`/batches/${batchId}/items`)).body['items'];
  const requests = async (): Promise<number> => (await scene.goodreads.stats()).requests;
  const asked = async (asin: string): Promise<number> => (await scene.goodreads.stats()).byPage[`autocomplete/${asin}`] ?? 0;
  const submit = async (asin: string): Promise<Loose> => (await scene.ask('/parse-links', { method: 'POST', body: [asin] })).body;

  it.each([NEXT, LEGACY])('leads to the book whose page names it, by two requests: $asin', async ({ asin, bookId }) => {
    const before = await requests();
    const { batchId, items } = await submit(asin);
    expect(items).toMatchObject([{ input: asin, kind: 'asin', status: 'queued', jobId: `asin-${asin}` }]);
    await scene.quire.ended(batchId as string);
    expect(await itemsOf(batchId as string)).toMatchObject([{ state: 'parsed', jobId: `asin-${asin}`, bookId, url: linkTo(bookId) }]);
    expect(await requests()).toBe(before + 2);
    expect((await info(asin)).body).toMatchObject({ id: bookId, asin });
    // The second time it is cached, under either name, and nothing is asked.
    expect((await submit(asin))['items']).toMatchObject([{ kind: 'asin', status: 'cached', bookId, url: linkTo(bookId) }]);
    expect((await submit(linkTo(bookId)))['items']).toMatchObject([{ status: 'cached', bookId }]);
    expect((await scene.ask(`/find?q=${asin}`)).body['items']).toMatchObject([{ bookId, stored: true, verified: true }]);
    expect(await requests()).toBe(before + 2);
  });

  it('is read with submit=true, and its job can be looked at', async () => {
    expect((await info(OTHER.asin)).status).toBe(404);
    const { status, body } = await info(OTHER.asin, '&submit=true', { prefer: 'wait=20' });
    expect({ status, id: body['id'] }).toEqual({ status: 200, id: OTHER.bookId });
    expect((await scene.ask(`/jobs/asin-${OTHER.asin}`)).body).toMatchObject({ state: 'parsed', bookId: OTHER.bookId });
  });

  it('is not found when Goodreads proposes nothing', async () => {
    const { batchId } = await submit('B0NOTHING1');
    await scene.quire.ended(batchId as string);
    expect(await itemsOf(batchId as string)).toMatchObject([{ state: 'not-found', bookId: null, reason: null }]);
    const job = (await scene.ask('/jobs/asin-B0NOTHING1')).body;
    expect(job).toMatchObject({
      state: 'not-found',
      lastError: { code: 'book-not-found', detail: expect.stringContaining('proposes no book') },
    });
    expect((await info('B0NOTHING1')).body).toMatchObject({ code: 'book-not-found' });
    expect((await submit('B0NOTHING1'))['items']).toMatchObject([{ status: 'cached', state: 'not-found' }]);
    expect(await asked('B0NOTHING1')).toBe(1);
  });

  it.each([
    ['of a book with another ASIN', 'B0WRONG001', '7100003'],
    ['of a book without one', 'B0WRONG002', '7100001'],
  ])('is not found when the page is that %s', async (_, asin, bookId) => {
    scene.goodreads.setCollections({ suggestions: { [asin]: [bookId] } });
    const { batchId } = await submit(asin);
    await scene.quire.ended(batchId as string);
    expect(await itemsOf(batchId as string)).toMatchObject([{ state: 'not-found', bookId: null }]);
    const { lastError } = (await scene.ask(`/jobs/asin-${asin}`)).body;
    expect(lastError).toMatchObject({ code: 'book-not-found', detail: expect.stringContaining(`book ${bookId} for the ASIN ${asin}`) });
    expect((await info(asin)).status).toBe(404);
  });

  it('looks twice when the proposed book is missing', async () => {
    scene.goodreads.setCollections({ suggestions: { B0MISSING1: ['999'] } });
    const { batchId } = await submit('B0MISSING1');
    await scene.quire.ended(batchId as string);
    expect(await itemsOf(batchId as string)).toMatchObject([{ state: 'not-found' }]);
    expect(await asked('B0MISSING1')).toBe(2);
  });

  it('uses the rows that /find has asked for', async () => {
    scene.goodreads.setCollections({ suggestions: { B0SHARED01: ['7100001'] } });
    expect((await scene.ask('/find?q=B0SHARED01&source=goodreads')).body).toMatchObject({
      source: 'asked',
      items: [{ bookId: '7100001', verified: false }],
    });
    const { batchId } = await submit('B0SHARED01');
    await scene.quire.ended(batchId as string);
    expect(await asked('B0SHARED01')).toBe(1);
  });

  it('waits while the source is blocked, and loses no attempt', async () => {
    const asin = 'B0BLOCKED1';
    await scene.goodreads.control({ modes: { [`autocomplete/${asin}`]: 'challenge' } });
    const { batchId } = await submit(asin);
    await waitUntil('the block', async () => (await scene.ask('/source')).body['state'] === 'blocked');
    expect(await itemsOf(batchId as string)).toMatchObject([{ state: expect.stringMatching(/blocked|active/) }]);
    await scene.goodreads.control({});
    await scene.quire.ended(batchId as string);
    expect((await scene.ask(`/jobs/asin-${asin}`)).body).toMatchObject({ state: 'not-found', attempts: 1 });
  });

  it.each(['limited', 'down', 'cut', 'not-gzip'] as const)('is tried again after a passing failure of the question: %s', async (mode) => {
    const asin = `B0FAILED${{ limited: 'AA', down: 'BB', cut: 'CC', 'not-gzip': 'DD' }[mode]}`;
    scene.goodreads.setCollections({ suggestions: { [asin]: ['7100001'] } });
    await scene.goodreads.control({ modes: { [`autocomplete/${asin}`]: mode }, times: 1, retryAfter: 0, suggestions: { [asin]: [] } });
    const { batchId } = await submit(asin);
    await scene.quire.ended(batchId as string);
    expect(await itemsOf(batchId as string)).toMatchObject([{ state: 'not-found' }]);
    expect(await asked(asin)).toBeGreaterThan(1);
  });

  it('is settled by a saved page that names it, while its job waits', async () => {
    const other = await openScene(store, { BLOCK_PROBE: '1h' });
    try {
      await other.goodreads.control({ mode: 'challenge' });
      const { batchId } = (await other.ask('/parse-links', { method: 'POST', body: [NEXT.asin] })).body;
      await waitUntil('the block', async () => (await other.ask('/source')).body['state'] === 'blocked');
      const form = new FormData();
      form.append('page', new Blob([await readFile(`test/fixtures/pages/next/${NEXT.bookId}.html`)], { type: 'text/html' }), 'saved.html');
      const answer = await fetch(`${other.quire.origin}/pages`, { method: 'POST', body: form });
      expect(answer.status).toBe(200);
      await other.quire.ended(batchId as string);
      expect((await other.ask(`/batches/${batchId}/items`)).body['items']).toMatchObject([{ state: 'parsed', bookId: NEXT.bookId }]);
    } finally {
      await other.stop();
    }
  }, 30_000);

  it.each(['b0madeup02', 'B0MADEUP2', 'A0MADEUP02', 'asin-B0MADEUP02'])('is nothing else: %s', async (text) => {
    expect((await submit(text))['code']).toBe('no-valid-links');
  });
});
