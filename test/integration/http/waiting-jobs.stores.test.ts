/** What the page reads beside the rest: which books wait, and a batch's items with their books. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo, openScene, type HttpScene } from './scene.ts';

const FIRST = 1_860_000_000;

describe.each(inThisRun(STORES))('jobs that wait and items with their books, on the %s store', (store) => {
  let scene: HttpScene;
  beforeAll(async () => {
    scene = await openScene(store, { CRAWL_ATTEMPTS: '1', BLOCK_PROBE: '10m' });
  });
  afterAll(() => scene.stop());

  it('an item tells of its book in short, and whether the page that failed is kept', async () => {
    const [stored = '', strange] = [scene.ids[0], String(FIRST)];
    await scene.goodreads.control({ modes: { [strange]: 'unknown' } });
    const batchId = await scene.parsed([linkTo(stored), linkTo(strange), 'nonsense']);
    const plain = await scene.ask(`/batches/${batchId}/items`);
    expect(plain.body['items'].map((item: object) => 'book' in item || 'pageKept' in item)).toEqual([false, false, false]);
    const { body } = await scene.ask(`/batches/${batchId}/items?books=true`);
    const { title, rating } = (await scene.ask(`/books/${stored}`)).body;
    expect(body['items']).toMatchObject([
      { state: 'parsed', book: { id: stored, title, rating }, pageKept: false },
      { state: 'failed', book: null, pageKept: true },
      { state: 'invalid', book: null, pageKept: false },
    ]);
    expect((await scene.ask(`/jobs/book-${strange}/page`)).status).toBe(200);
  });

  it('while the source is blocked, the most wanted books come first', async () => {
    const [a, b, c] = [FIRST + 1, FIRST + 2, FIRST + 3].map(linkTo);
    await scene.goodreads.control({ mode: 'challenge' });
    const submit = (links: unknown[]): Promise<unknown> => scene.ask('/parse-links', { method: 'POST', body: links });
    await submit([linkTo(FIRST + 9)]);
    await waitUntil('the source to be blocked', async () => (await scene.ask('/source')).body['state'] === 'blocked');
    await submit([a, b]);
    await submit([b, c]);
    const listed = await waitUntil('the jobs to wait', async () => {
      const { body } = await scene.ask('/jobs/waiting');
      return body['jobs'].length === 4 ? (body['jobs'] as Record<string, unknown>[]) : undefined;
    });
    expect(listed[0]).toMatchObject({ jobId: `book-${FIRST + 2}`, bookId: String(FIRST + 2), url: b, priority: 'normal', waiters: 2 });
    expect(listed.slice(1).map(({ waiters }) => waiters)).toEqual([1, 1, 1]);
    const two = (await scene.ask('/jobs/waiting?limit=2')).body['jobs'] as { jobId: string }[];
    expect(two.map(({ jobId }) => jobId)).toEqual(listed.slice(0, 2).map(({ jobId }) => jobId));
    expect((await scene.ask('/jobs/waiting?limit=0')).body['errors'][0]['pointer']).toBe('/query/limit');
  });
});
