/** What `GET /jobs/{id}` tells of a job that has not ended. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startQuire, STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';

const linkTo = (id: number): string => `https://www.goodreads.com/book/show/${id}`;

describe.each(inThisRun(STORES))('a live job, on the %s store', (store) => {
  it('shows the error of its last attempt while it waits for the next one', async () => {
    const quire = await startQuire(store, { settings: { CRAWL_ATTEMPTS: '5' } });
    onTestFinished(quire.stop);
    await quire.goodreads.control({ mode: 'down', retryAfter: 600 });
    await quire.submit([linkTo(1_600_000_001)]);
    const view = await waitUntil('the first attempt to fail', async () => {
      const { body } = await quire.get('/jobs/book-1600000001');
      return body.state === 'delayed' && body;
    });
    expect(view).toMatchObject({ attempts: 1, maxAttempts: 5, settledAt: null, lastError: { code: 'crawl-failed' } });
    expect(view.lastError.detail).toContain('503');
    expect(view.timeline.map(({ event }: { event: string }) => event)).toEqual(['queued', 'attempt-failed']);
  });

  it('shows since when the source is blocked and what happens next', async () => {
    const quire = await startQuire(store, { settings: { BLOCK_PROBE: '10m', CRAWL_CONCURRENCY: '1' } });
    onTestFinished(quire.stop);
    await quire.goodreads.control({ mode: 'challenge' });
    await quire.submit([linkTo(1_600_000_002)]);
    await waitUntil('the block', async () => (await quire.get('/source')).body.state === 'blocked');
    await quire.submit([linkTo(1_600_000_003)]);
    const view = await waitUntil('the job to be blocked', async () => {
      const { body } = await quire.get('/jobs/book-1600000003');
      return body.state === 'blocked' && body;
    });
    const { since, nextProbeAt } = (await quire.get('/source')).body;
    expect(view.lastError).toBeNull();
    expect(view.timeline).toMatchObject([{ event: 'queued' }, { at: view.createdAt, event: 'blocked' }]);
    expect(view.timeline[1].detail).toMatch(
      /^Goodreads turns us away since .* \(.+\)\. The job waits and loses no attempt\. The next single probe goes at /,
    );
    expect(view.timeline[1].detail).toContain(`since ${since}`);
    expect(view.timeline[1].detail).toContain(`goes at ${nextProbeAt}`);
  });
});
