/** What was accepted is finished when the process that accepted it is told to end. */
import { describe, expect, it } from 'vitest';
import { inThisRun } from '../support/sizes.ts';
import { waitUntil } from '../support/wait-until.ts';
import { manyLinks, openScene, settled, STORES, submitted } from './scene.ts';

const COUNT = 20;

describe.each(inThisRun(STORES))('SIGTERM on the $store store', ({ store }) => {
  it('in the middle of a job lets it finish, exits 0 and loses nothing', async () => {
    const { site, start } = await openScene(store);
    const quire = await start();
    await site.control({ delayMs: 400 });
    const batchId = await submitted(quire, manyLinks(COUNT));
    await waitUntil('a page to be under way', async () => (await site.stats()).requests > 0);
    const { code } = await quire.stop();
    expect(code).toBe(0);
    const { requests } = await site.stats();
    expect(requests).toBeLessThan(COUNT);

    await site.control({});
    const next = await start();
    expect(await settled(next, batchId, 20_000)).toMatchObject({ state: 'completed', counts: { parsed: COUNT } });
    // The jobs that ran were finished before the end, so no page was asked for twice.
    expect((await site.stats()).requests).toBe(COUNT);
  });

  it('hands back a job that takes too long, without costing it its one attempt', async () => {
    const { site, start } = await openScene(store, { CRAWL_ATTEMPTS: '1', DRAIN_SECONDS: '1' });
    const quire = await start();
    await site.control({ mode: 'hang' });
    const batchId = await submitted(quire, manyLinks(COUNT));
    await waitUntil('pages to be under way', async () => (await site.stats()).requests >= 4);
    expect(await quire.stop(10_000)).toMatchObject({ code: 0, signal: null });

    await site.control({});
    const next = await start();
    // Handed back, not abandoned: no lock has to run out first.
    expect(await settled(next, batchId, 15_000)).toMatchObject({ counts: { parsed: COUNT } });
  });

  it('is followed by a second signal, which ends a drain at once', async () => {
    const { site, start } = await openScene(store);
    const quire = await start();
    await site.control({ mode: 'hang' });
    await submitted(quire, manyLinks(1));
    await waitUntil('a page to be under way', async () => (await site.stats()).requests > 0);
    process.kill(quire.pid, 'SIGTERM');
    await waitUntil('the first signal to be noticed', () => quire.log.some(({ msg }) => msg.startsWith('SIGTERM')));
    const { code, signal } = await quire.stop(5_000);
    expect([code, signal]).toEqual([1, null]);
  });
});
