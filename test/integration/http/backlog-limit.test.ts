import { describe, expect, it, onTestFinished } from 'vitest';
import { STORES } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo, openScene } from './scene.ts';

describe.each(STORES)('a full backlog, on the %s store', (store) => {
  it('refuses what is new with 429, keeps nothing of it, goes on serving, and takes again once there is room', async () => {
    const scene = await openScene(store, { MAX_WAITING_JOBS: '5', CRAWL_CONCURRENCY: '1' });
    onTestFinished(() => scene.stop());
    const [known = ''] = scene.ids;
    await scene.parsed([linkTo(known)]);
    // One job hangs, the others wait behind it.
    await scene.goodreads.control({ mode: 'hang' });
    const links = Array.from({ length: 8 }, (_, n) => linkTo(1_700_000_001 + n));
    const post = (body: unknown) => scene.ask('/parse-links', { method: 'POST', body });
    const { body: taken } = await post(links);
    expect(taken).toMatchObject({ counts: { queued: 8 } });

    const refused = await waitUntil('a refusal', async () => {
      const answer = await post([linkTo(1_700_000_099)]);
      return answer.status === 429 && answer;
    });
    expect(refused.body).toMatchObject({ code: 'rate-limited', detail: expect.stringContaining('MAX_WAITING_JOBS') });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(30);
    expect((await scene.ask('/book-info?id=1700000098&submit=true')).status).toBe(429);
    expect((await scene.ask(`/books/${known}/refresh`, { method: 'POST' })).status).toBe(429);
    expect((await scene.ask('/jobs/book-1700000098')).status).toBe(404);
    expect((await scene.ask(`/book-info?id=${known}`)).status).toBe(200);

    await scene.ask(`/batches/${taken['batchId']}`, { method: 'DELETE' });
    await scene.goodreads.control({ mode: 'open' });
    await waitUntil('links to be taken again', async () => (await post([linkTo(known)])).status !== 429);
  });
});
