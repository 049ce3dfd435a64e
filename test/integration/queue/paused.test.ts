/** Goodreads itself without CRAWL_CONTACT: links are taken, and no request is sent. */
import { expect, it, onTestFinished } from 'vitest';
import { startQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** A name of Goodreads, and a port on which nobody answers: a fault here must not reach Goodreads. */
const GOODREADS_ORIGIN = 'http://www.goodreads.com:1';

it('without CRAWL_CONTACT the source is paused and says so, links are taken, and their jobs wait as `blocked`', async () => {
  const lines: string[] = [];
  const quire = await startQuire('embedded', { settings: { GOODREADS_ORIGIN }, log: 'debug', onLog: (line) => lines.push(line) });
  onTestFinished(() => quire.stop());
  const sentence = /^CRAWL_CONTACT is not set.*: set CRAWL_CONTACT to .*, or to `none`, and start again\.$/;
  const { batchId } = await quire.submit(['https://www.goodreads.com/book/show/1700000001']);
  await waitUntil('the worker to have tried the job', () => lines.join('').includes('the source is closed until'));
  const job = await waitUntil('the job to wait', async () => {
    const { body } = await quire.get('/jobs/book-1700000001');
    return body.state === 'blocked' ? body : undefined;
  });
  expect(job).toMatchObject({ attempts: 0, etaSeconds: null, lastError: null });
  expect(job.timeline.at(-1)).toMatchObject({ event: 'blocked', detail: expect.stringContaining('set CRAWL_CONTACT to') });
  expect((await quire.get('/source')).body).toMatchObject({
    state: 'paused',
    since: null,
    reason: expect.stringMatching(sentence),
    nextProbeAt: null,
    rate: 0,
    requestsToday: 0,
  });
  expect((await quire.get('/source/ledger?days=1')).body).toEqual({ hours: [], days: [] });
  expect((await quire.get(`/batches/${batchId}`)).body.counts).toMatchObject({ blocked: 1, queued: 0, failed: 0 });
  expect((await quire.get('/find?q=anything&source=goodreads')).body).toMatchObject({
    source: 'unknown',
    reason: expect.stringMatching(/^Quire sends no request\. CRAWL_CONTACT is not set.*start again\.$/),
  });
  expect((await quire.get('/metrics')).body).toContain('quire_source_state{state="paused"} 1');
  expect(lines.join('')).toContain('the source is paused: CRAWL_CONTACT is not set');
});
