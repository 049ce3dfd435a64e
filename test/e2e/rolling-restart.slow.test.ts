/** Rolling restarts of apis and workers: no accepted request is lost, and no job, whether workers finish what runs or have to hand it back. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BatchView } from '../../src/app/batches/batch-view.ts';
import type { QuireEnd, QuireProcess } from '../../scripts/quire-process.ts';
import { LINKS, startLoad, watch, type Backend } from '../support/steady-load.ts';
import type { JobView } from '../../src/app/jobs/job-view.ts';
import { waitUntil } from '../support/wait-until.ts';
import { ask, itemsOf, manyLinks, openScene, settled, STORES, submitted } from './scene.ts';

const DRAIN_SECONDS = 5;
/** What a process may take to end beyond the drain, on a machine that is busy with tests. */
const MARGIN_MS = 6_000;

/** How often each item settled, from the batch's own log of events. */
async function settlements(api: QuireProcess, batchId: string): Promise<number[]> {
  const answer = await fetch(`${api.address}/batches/${batchId}/events`, { signal: AbortSignal.timeout(20_000) });
  const events = (await answer.text()).split('\n\n').filter((event) => event.includes('event: item'));
  return events.map((event) => (JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '{}') as { index: number }).index);
}

const KINDS = [
  { store: 'redis', rounds: 2 },
  { store: 'postgres', rounds: 1 },
] as const;

describe.each(KINDS)('a rolling restart on the $store store', ({ store, rounds }) => {
  it(`loses no request that was accepted and no job, ${rounds === 1 ? 'once' : 'twice'} round`, async () => {
    const { site, start } = await openScene(store, { DRAIN_SECONDS: String(DRAIN_SECONDS), CRAWL_CONCURRENCY: '40' });
    // Slow enough that every worker is in the middle of something when it is told to end.
    await site.control({ delayMs: 100 });
    const apis: Backend[] = await Promise.all([0, 1].map(async () => ({ quire: await start({ role: 'api' }), ready: true })));
    const workers: QuireProcess[] = await Promise.all([start({ role: 'worker' }), start({ role: 'worker' })]);
    const stopWatching = watch(() => apis);
    onTestFinished(stopWatching);
    const load = startLoad(() => apis);
    onTestFinished(load.stop);

    const ends: (QuireEnd & { tookMs: number })[] = [];
    const end = async (quire: QuireProcess): Promise<void> => {
      const before = performance.now();
      const { code, signal, errors } = await quire.stop(60_000);
      ends.push({ code, signal, errors, tookMs: performance.now() - before });
    };
    for (let round = 0; round < rounds; round++) {
      for (const at of [0, 1]) {
        await end((apis[at] as Backend).quire);
        apis[at] = { quire: await start({ role: 'api' }), ready: false };
        await end(workers[at] as QuireProcess);
        workers[at] = await start({ role: 'worker' });
      }
    }
    await load.stop();
    await site.control({});

    expect(load.broken).toEqual([]);
    expect(ends.map(({ code, signal, errors }) => ({ code, signal, errors }))).toEqual(
      ends.map(() => ({ code: 0, signal: null, errors: '' })),
    );
    expect(Math.max(...ends.map(({ tookMs }) => tookMs))).toBeLessThan(DRAIN_SECONDS * 1000 + MARGIN_MS);

    const api = (apis[0] as Backend).quire;
    expect(load.accepted.length).toBeGreaterThan(50);
    const audit = async (batchId: string): Promise<void> => {
      const batch: BatchView = await settled(api, batchId, 60_000);
      expect(batch).toMatchObject({ state: 'completed', total: LINKS, counts: { parsed: LINKS } });
      expect((await settlements(api, batchId)).toSorted((a, b) => a - b)).toEqual(Array.from({ length: LINKS }, (_, n) => n));
      // Each book needed one attempt, whatever happened to the worker that had it.
      for (const { jobId } of await itemsOf(api, batchId)) {
        const { body } = await ask(api, `/jobs/${jobId}`);
        expect(body).toMatchObject({ state: 'parsed', attempts: 1, lastError: null });
      }
    };
    const left = [...load.accepted];
    const auditor = async (): Promise<void> => {
      for (let batchId = left.pop(); batchId !== undefined; batchId = left.pop()) await audit(batchId);
    };
    await Promise.all([auditor(), auditor(), auditor(), auditor()]);
  });
});

/** Seconds for what runs, where every page takes longer. */
const SHORT_DRAIN_SECONDS = 1;
/** So long that none arrives before its worker ends. */
const SLOW_PAGE_MS = 40_000;
/** Pages that are under way at any time, over all workers. */
const PLACES = 8;

describe.each(STORES.filter(({ store }) => store !== 'embedded'))(
  'a rolling restart on the $store store, with pages that outlast the drain',
  ({ store }) => {
    it('hands running jobs to the next worker at no cost, loses none and settles none twice', async () => {
      const settings = { DRAIN_SECONDS: String(SHORT_DRAIN_SECONDS), CRAWL_CONCURRENCY: String(PLACES), CRAWL_TIMEOUT: '60s' };
      const { site, start } = await openScene(store, settings);
      await site.control({ delayMs: SLOW_PAGE_MS });
      const api = await start({ role: 'api' });
      const first = await start({ role: 'worker' });
      const batchIds = [await submitted(api, manyLinks(PLACES))];
      const requests = async (): Promise<number> => (await site.stats()).requests;
      await waitUntil('the first worker to have all places', async () => (await requests()) >= PLACES);
      // It takes what the first one hands back, and is in the middle of that when its own turn comes.
      const second = await start({ role: 'worker' });
      const ends: (QuireEnd & { tookMs: number })[] = [];
      const end = async (quire: QuireProcess): Promise<void> => {
        const before = performance.now();
        ends.push({ ...(await quire.stop(60_000)), tookMs: performance.now() - before });
      };
      const ending = end(first);
      batchIds.push(await submitted(api, manyLinks(PLACES, PLACES)));
      await ending;
      await waitUntil('the second worker to have all places', async () => (await requests()) >= 2 * PLACES);
      await start({ role: 'worker' });
      await site.control({});
      await end(second);

      for (const { code, signal, errors, tookMs } of ends) {
        expect({ code, signal, errors }).toEqual({ code: 0, signal: null, errors: '' });
        // Nothing could be finished in the drain, so it was used up.
        expect(tookMs).toBeGreaterThan(SHORT_DRAIN_SECONDS * 1000);
        expect(tookMs).toBeLessThan(SHORT_DRAIN_SECONDS * 1000 + MARGIN_MS);
      }
      for (const batchId of batchIds) {
        // Sooner than any lock would run out.
        expect(await settled(api, batchId, 15_000)).toMatchObject({ state: 'completed', total: PLACES, counts: { parsed: PLACES } });
        expect((await settlements(api, batchId)).toSorted((a, b) => a - b)).toEqual(Array.from({ length: PLACES }, (_, n) => n));
        for (const { jobId } of await itemsOf(api, batchId)) {
          const { body } = await ask<JobView>(api, `/jobs/${jobId}`);
          expect(body).toMatchObject({ state: 'parsed', attempts: 1, lastError: null });
          expect(body.timeline.map(({ event }) => event)).toEqual(['queued', 'parsed']);
        }
      }
      // Every place was handed back twice, and what was handed back was asked for again.
      const { byId } = await site.stats();
      expect(Object.keys(byId)).toHaveLength(2 * PLACES);
      expect(await requests()).toBe(4 * PLACES);
    });
  },
);
