import { describe, expect, it, onTestFinished } from 'vitest';
import { keepWarnings } from '../../support/process-warnings.ts';
import { startQuire, STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';

const MANY = 50;
const ID = 1_740_000_001;

describe.each(inThisRun(STORES))('many callers who wait at once, on the %s store', (store) => {
  it('give Node no reason to warn of a leak', async () => {
    const { warnings, stop } = keepWarnings();
    onTestFinished(stop);
    const quire = await startQuire(store, { settings: { CRAWL_TIMEOUT: '60s', DRAIN_SECONDS: '0' } });
    onTestFinished(quire.stop);
    await quire.goodreads.control({ mode: 'hang' });
    const link = `https://www.goodreads.com/book/show/${ID}`;
    const { batchId } = await quire.submit([link]);
    const each = <T>(work: () => T): T[] => Array.from({ length: MANY }, work);
    const headers = { 'content-type': 'application/json', prefer: 'wait=30' };

    const streams = each(() => fetch(`${quire.origin}/batches/${batchId}/events`));
    for (const stream of await Promise.all(streams)) onTestFinished(() => stream.body?.cancel());
    const submitted = each(() => quire.post('/parse-links', [link], { body: JSON.stringify([link]), headers }));
    await waitUntil('all to wait', async () => (await quire.get(`/jobs/book-${ID}`)).body.waiters === MANY + 1);
    const read = each(() => quire.get(`/book-info?id=${ID}`, { headers: { prefer: 'wait=2' } }));
    expect((await Promise.all(read)).map(({ status }) => status)).toEqual(each(() => 202));
    await quire.delete(`/jobs/book-${ID}`);
    expect((await Promise.all(submitted)).map(({ status }) => status)).toEqual(each(() => 200));
    expect(warnings).toEqual([]);
  });
});
