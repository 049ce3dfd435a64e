/** Questions to Goodreads as jobs: they leave nothing behind, wait for no backlog, and outlive their worker. */
import { afterEach, describe, expect, it } from 'vitest';
import { findQuestion, idOfQuestion } from '../../../src/app/look-ups/question.ts';
import { openLookUpQueue } from '../../../src/queue/look-ups/look-up-queue.ts';
import { startGoodreads } from '../../support/goodreads.ts';
import { startQuire, storeEnvironment, STORES, type TestQuire } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { timed } from '../../support/stopwatch.ts';
import { waitUntil } from '../../support/wait-until.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const linkTo = (n: number): string => `https://www.goodreads.com/book/show/${1_000_000_000 + n}`;

describe.each(inThisRun(STORES))('a look-up, on the %s store', (store) => {
  const open = async (settings: Record<string, string> = {}) => {
    const goodreads = await startGoodreads();
    undo.push(() => goodreads.stop());
    const { env, cleanUp } = await storeEnvironment(store);
    undo.push(cleanUp);
    const start = async (): Promise<TestQuire> => {
      const quire = await startQuire(store, { env, goodreads, settings });
      undo.push(() => quire.stop());
      return quire;
    };
    return { goodreads, start };
  };
  const find = (quire: TestQuire, q: string) => quire.get(`/find?q=${encodeURIComponent(q)}&source=goodreads`);
  /** Jobs of the queue, whatever their state. */
  const jobsOf = async (quire: TestQuire): Promise<number> => {
    const queue = openLookUpQueue(quire.service.store, () => undefined);
    try {
      return Object.values(await queue.getJobCounts()).reduce((sum, n) => sum + n, 0);
    } finally {
      await queue.close();
    }
  };

  it('leaves no job behind, whether it is answered or fails', async () => {
    const { goodreads, start } = await open();
    const quire = await start();
    await goodreads.control({ modes: { 'autocomplete/cut off': 'cut' } });
    expect((await find(quire, 'whole')).body).toMatchObject({ source: 'asked' });
    expect((await find(quire, 'cut off')).body).toMatchObject({ source: 'unknown' });
    await waitUntil('an empty queue', async () => (await jobsOf(quire)) === 0);
    // What failed may be asked again as soon as its failure is forgotten.
    await goodreads.control({});
    await quire.service.store.documents.delete(`look-up/${idOfQuestion(findQuestion('cut off'))}`);
    expect((await find(quire, 'cut off')).body).toMatchObject({ source: 'asked' });
  });

  it('waits for no backlog of books', async () => {
    const { goodreads, start } = await open({ CRAWL_CONCURRENCY: '1' });
    const quire = await start();
    await goodreads.control({ delayMs: 60 });
    const { batchId } = await quire.submit(Array.from({ length: 60 }, (_, n) => linkTo(n)));
    expect((await find(quire, 'in a hurry')).body).toMatchObject({ source: 'asked' });
    const { counts } = (await quire.get(`/batches/${batchId}`)).body;
    expect(counts.queued).toBeGreaterThan(20);
  });

  it('goes back to the queue when its worker stops, and the next worker asks it', async () => {
    const { goodreads, start } = await open({ CRAWL_TIMEOUT: '60s', DRAIN_SECONDS: '1' });
    const first = await start();
    await goodreads.control({ modes: { 'autocomplete/interrupted': 'hang' } });
    const asked = find(first, 'interrupted').then(
      ({ body }) => body,
      () => ({ source: 'connection closed' }),
    );
    await waitUntil('the request', async () => (await goodreads.stats()).byPage['autocomplete/interrupted'] === 1);
    const { tookMs } = await timed(() => first.stop());
    expect(tookMs).toBeLessThan(6_000);
    expect(['unknown', 'connection closed']).toContain((await asked).source);
    await goodreads.control({});
    const second = await start();
    await waitUntil('the answer', async () => (await find(second, 'interrupted')).body.source === 'cached');
    expect((await goodreads.stats()).byPage['autocomplete/interrupted']).toBe(2);
  }, 40_000);

  it('is not made where robots.txt forbids it, and says by which rule', async () => {
    const { goodreads, start } = await open();
    goodreads.setRobots('User-agent: *\nDisallow: /book/auto_complete\n');
    const quire = await start();
    expect((await find(quire, 'forbidden words')).body).toMatchObject({
      source: 'unknown',
      reason: expect.stringContaining('Disallow: /book/auto_complete'),
    });
    const { batchId } = await quire.submit(['B01MYZKU6X']);
    await quire.ended(batchId);
    expect((await quire.get(`/batches/${batchId}/items`)).body.items).toMatchObject([{ state: 'failed' }]);
    expect((await quire.get('/jobs/asin-B01MYZKU6X')).body).toMatchObject({ lastError: { code: 'disallowed' } });
    expect((await goodreads.stats()).requests).toBe(0);
  });

  it('is counted, and its queue is on the dashboard', async () => {
    const { start } = await open();
    const quire = await start();
    await find(quire, 'counted');
    await find(quire, 'counted');
    const metrics = (await quire.get('/metrics')).body as string;
    expect(metrics).toContain('quire_look_ups_total{kind="find",result="asked"} 1');
    expect(metrics).toContain('quire_look_ups_total{kind="find",result="cached"} 1');
    const { queues } = (await quire.get('/dashboard/api/queues')).body;
    expect((queues as { name: string }[]).map(({ name }) => name)).toContainEqual(expect.stringContaining('look-up'));
  });
});
