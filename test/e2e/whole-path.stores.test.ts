/** What a caller of Quire sees, over HTTP, from the first link to the stored book, on every store. */
import { describe, expect, it } from 'vitest';
import { inThisRun } from '../support/sizes.ts';
import { waitUntil } from '../support/wait-until.ts';
import { ask, bookInfo, itemsOf, linkTo, openScene, settled, STORES, submit, submitted } from './scene.ts';

const MISSING = '999';

describe.each(inThisRun(STORES))('the whole path on the $store store', ({ store }) => {
  it('takes links, crawls each book once and serves it from the store', async () => {
    const { site, start } = await openScene(store, { NOT_FOUND_RECHECK: '1ms' });
    const quire = await start();
    const [first = '', second = ''] = site.ids;
    // The pages take so long that a book can be asked for before it is there.
    await site.control({ delayMs: 500 });

    const accepted = await submit(quire, [
      linkTo(first),
      `http://goodreads.com/en/book/show/${first}-some-slug?from_search=true`,
      linkTo(second),
      'nonsense',
      linkTo(MISSING),
    ]);
    expect(accepted.status).toBe(202);
    const { batchId, counts, items } = accepted.body;
    expect(accepted.headers.get('location')).toBe(`/batches/${batchId}`);
    expect(counts).toEqual({ total: 4, queued: 3, joined: 0, cached: 0, invalid: 1 });
    expect(items.map(({ status, bookId, duplicates }) => ({ status, bookId, duplicates }))).toEqual([
      { status: 'queued', bookId: first, duplicates: 1 },
      { status: 'queued', bookId: second, duplicates: undefined },
      { status: 'invalid', bookId: undefined, duplicates: undefined },
      { status: 'queued', bookId: MISSING, duplicates: undefined },
    ]);

    const early = await bookInfo(quire, first);
    expect(early.status).toBe(202);
    expect(early.body).toMatchObject({ jobId: `book-${first}` });
    expect(early.headers.get('location')).toBe(`/jobs/book-${first}`);
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);

    const late = await waitUntil('the book', async () => {
      const answer = await bookInfo(quire, first);
      return answer.status === 200 && answer;
    });
    expect(late.body).toMatchObject({
      id: first,
      title: expect.any(String),
      author: expect.any(String),
      rating: expect.any(Number),
      description: expect.any(String),
    });

    const batch = await settled(quire, batchId, 20_000);
    expect(batch).toMatchObject({ state: 'completed', total: 4, counts: { parsed: 2, 'not-found': 1, invalid: 1, queued: 0 } });
    expect((await itemsOf(quire, batchId)).map((item) => item.state)).toEqual(['parsed', 'parsed', 'invalid', 'not-found']);

    const missing = await bookInfo(quire, MISSING);
    expect(missing.status).toBe(404);
    expect(missing.body['type']).toMatch(/book-not-found$/);
    const { byId } = await site.stats();
    // "Not found" is believed at the second look only.
    expect(byId).toEqual({ [first]: 1, [second]: 1, [MISSING]: 2 });
  });

  it('answers an unchanged book with 304, and names what it does not know', async () => {
    const { site, start } = await openScene(store);
    const quire = await start();
    const [known = ''] = site.ids;
    await settled(quire, await submitted(quire, [linkTo(known)]), 20_000);

    const { headers } = await bookInfo(quire, known);
    const again = await ask(quire, `/book-info?id=${known}`, { headers: { 'if-none-match': headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
    const unknown = await bookInfo(quire, 12_345);
    expect([unknown.status, unknown.headers.get('content-type'), unknown.body['type']]).toEqual([
      404,
      expect.stringMatching(/^application\/problem\+json/),
      expect.stringMatching(/book-unknown$/),
    ]);
    const wrong = await ask<Record<string, unknown>>(quire, '/book-info?url=https://www.goodreads.com.evil.example/book/show/1');
    expect([wrong.status, wrong.body['type']]).toEqual([400, expect.stringMatching(/invalid-book-url$/)]);
    const none = await submit(quire, ['nonsense', 7]);
    expect([none.status, (none.body as unknown as { errors: unknown[] }).errors.length]).toEqual([400, 2]);
  });

  it('crawls a book again with maxAge=0, and only then', async () => {
    const { site, start } = await openScene(store);
    const quire = await start();
    const [bookId = ''] = site.ids;
    const timesCrawled = async (): Promise<number | undefined> => (await site.stats()).byId[bookId];
    await settled(quire, await submitted(quire, [linkTo(bookId)]), 20_000);
    expect(await timesCrawled()).toBe(1);

    const cached = await submit(quire, [linkTo(bookId)]);
    expect([cached.status, cached.body.counts.cached]).toEqual([200, 1]);
    expect(await timesCrawled()).toBe(1);

    for (const times of [2, 3]) {
      const forced = await submit(quire, [linkTo(bookId)], '?maxAge=0');
      expect([forced.status, forced.body.items[0]?.status]).toEqual([202, 'queued']);
      expect(await settled(quire, forced.body.batchId, 20_000)).toMatchObject({ counts: { parsed: 1 } });
      expect(await timesCrawled()).toBe(times);
    }
  });

  it('tries a passing failure again and tells a lasting one apart', async () => {
    const { site, start } = await openScene(store, { CRAWL_BACKOFF: '10ms', CRAWL_ATTEMPTS: '3', CRAWL_TIMEOUT: '2s' });
    const quire = await start();
    const [passing = '', lasting = ''] = site.ids;
    await site.control({ mode: 'reset', times: 1, ids: [passing] });
    expect(await settled(quire, await submitted(quire, [linkTo(passing)]), 30_000)).toMatchObject({ counts: { parsed: 1 } });

    await site.control({ mode: 'unknown', ids: [lasting] });
    expect(await settled(quire, await submitted(quire, [linkTo(lasting)]), 30_000)).toMatchObject({ counts: { failed: 1 } });
    const failed = await bookInfo(quire, lasting);
    expect([failed.status, failed.body['type'], failed.body['jobId']]).toEqual([
      502,
      expect.stringMatching(/page-not-recognised$/),
      `book-${lasting}`,
    ]);
    const { byId } = await site.stats();
    expect(byId).toEqual({ [passing]: 2, [lasting]: 1 });
  });
});
