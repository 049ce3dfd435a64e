/** Rolling restarts of apis and workers while callers with kept-alive connections go on submitting: no accepted request is lost, and no job. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BatchView } from '../../src/batches/views.ts';
import type { QuireEnd, QuireProcess } from '../../scripts/quire-process.ts';
import { LINKS, startLoad, watch, type Backend } from '../support/steady-load.ts';
import { ask, itemsOf, openScene, settled } from './scene.ts';

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
  it(`loses no request that was accepted and no job, ${rounds === 1 ? 'once' : 'twice'} round`, { timeout: 180_000 }, async () => {
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
