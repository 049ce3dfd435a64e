import { describe, expect, it, onTestFinished } from 'vitest';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo, openScene, type HttpScene, type Answer } from './scene.ts';

const linksFrom = (first: number, count: number): string[] => Array.from({ length: count }, (_, n) => linkTo(first + n));

/** A Quire whose one worker hangs on its first job, so that all others wait. */
async function openFull(store: (typeof STORES)[number], limit: number): Promise<HttpScene & { post(body: unknown): Promise<Answer> }> {
  const scene = await openScene(store, {
    MAX_WAITING_JOBS: String(limit),
    CRAWL_CONCURRENCY: '1',
    CRAWL_TIMEOUT: '60s',
    DRAIN_SECONDS: '0',
  });
  onTestFinished(() => scene.stop());
  return { ...scene, post: (body) => scene.ask('/parse-links', { method: 'POST', body }) };
}

async function hang({ ask, goodreads, post }: Awaited<ReturnType<typeof openFull>>): Promise<void> {
  await goodreads.control({ mode: 'hang' });
  await post([linkTo(1_700_000_000)]);
  await waitUntil('the worker to hang', async () => (await ask('/stats')).body['backlog'].active === 1);
}

describe.each(inThisRun(STORES))('a full backlog, on the %s store', (store) => {
  it('refuses what does not fit at the first request, keeps nothing of it, and takes again once there is room', async () => {
    const scene = await openFull(store, 5);
    const [known = ''] = scene.ids;
    await scene.parsed([linkTo(known)]);
    await hang(scene);
    const { ask, post } = scene;
    const { body: taken } = await post(linksFrom(1_700_000_001, 4));
    expect(taken).toMatchObject({ counts: { queued: 4 } });

    const refused = await post(linksFrom(1_700_000_090, 2));
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate-limited' } });
    expect(refused.body['detail']).toMatch(
      /^4 jobs wait, this request may bring 2 more, and no more than 5 are taken \(MAX_WAITING_JOBS\)/,
    );
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(30);
    expect((await ask('/jobs/book-1700000090')).status).toBe(404);
    expect((await post(linksFrom(1_700_000_080, 1))).status).toBe(202);

    expect((await ask('/book-info?id=1700000098&submit=true')).status).toBe(429);
    expect((await ask('/books/1700000098?submit=true')).status).toBe(429);
    expect((await ask(`/books/${known}/refresh`, { method: 'POST' })).status).toBe(429);
    expect((await ask('/jobs/book-1700000098')).status).toBe(404);
    expect((await ask(`/book-info?id=${known}`)).status).toBe(200);

    await ask(`/batches/${taken['batchId']}`, { method: 'DELETE' });
    expect((await post(linksFrom(1_700_000_010, 4))).status).toBe(202);
  });

  it('lets parallel lists in as far as they fit together, and says of a longer one that it must be split', async () => {
    const scene = await openFull(store, 100);
    await hang(scene);
    const answers = await Promise.all(Array.from({ length: 6 }, (_, n) => scene.post(linksFrom(1_710_000_000 + n * 1_000, 40))));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 202, 429, 429, 429, 429]);
    await waitUntil('two lists to wait', async () => (await scene.ask('/stats')).body['backlog'].waiting === 80);
    const long = await scene.post(linksFrom(1_720_000_000, 101));
    expect(long).toMatchObject({ status: 413, body: { code: 'body-too-large', detail: expect.stringContaining('at most 100') } });
    expect(long.headers.get('retry-after')).toBeNull();
  });

  it('refuses retries, and redrives as many as fit', async () => {
    const scene = await openFull(store, 3);
    const { ask, post, goodreads } = scene;
    await goodreads.control({ mode: 'truncated' });
    const failed = ['1730000001', '1730000002', '1730000003'];
    await scene.parsed(failed.map(linkTo));
    expect((await ask('/jobs?state=failed')).body['jobs']).toHaveLength(3);
    await hang(scene);
    await post(linksFrom(1_730_000_100, 1));

    expect(await ask('/failures/redrive', { method: 'POST', body: {} })).toMatchObject({ status: 202, body: { queued: 2 } });
    expect(await ask('/failures/redrive', { method: 'POST', body: {} })).toMatchObject({ status: 429, body: { code: 'rate-limited' } });
    const left = (await ask('/jobs?state=failed')).body['jobs'];
    expect(left).toHaveLength(1);
    expect((await ask(`/jobs/${left[0].jobId}/retry`, { method: 'POST' })).status).toBe(429);
  });
});
