/** What was accepted is finished, whatever becomes of the process that accepted it. */
import { describe, expect, it } from 'vitest';
import { waitUntil } from '../support/wait-until.ts';
import { bookInfo, itemsOf, linkTo, manyLinks, openScene, settled, STORES, submitted } from './scene.ts';

const COUNT = 20;

describe.each(STORES)('SIGTERM on the $store store', ({ store }) => {
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

const killed = ({ store, takeoverMs }: (typeof STORES)[number]): void => {
  it('in the middle of jobs and a restart: everything accepted is finished, each item once', async ({ onTestFinished }) => {
    const { site, start } = await openScene(store, {}, onTestFinished);
    const quire = await start();
    const [stored = ''] = site.ids;
    await settled(quire, await submitted(quire, [linkTo(stored)]), 20_000);
    await site.control({ mode: 'hang' });
    const batchIds = [await submitted(quire, manyLinks(COUNT)), await submitted(quire, manyLinks(COUNT, COUNT / 2))];
    await waitUntil('pages to be under way', async () => (await site.stats()).requests >= 5);
    await quire.kill9();

    await site.control({});
    const next = await start();
    expect((await bookInfo(next, stored)).status).toBe(200);
    for (const batchId of batchIds) {
      expect(await settled(next, batchId, takeoverMs)).toMatchObject({ state: 'completed', counts: { parsed: COUNT } });
      expect((await itemsOf(next, batchId)).filter((item) => item.state !== 'parsed')).toEqual([]);
    }
    expect((await bookInfo(next, 1_000_000_000 + COUNT)).status).toBe(200);
  });

  // Vitest runs five tests side by side; a sixth would have to wait for one that waits for a lock, and doubles the time of all.
  if (store === 'redis-cluster') return;
  it('the moment a submission was answered loses none of it', async ({ onTestFinished }) => {
    const { start } = await openScene(store, { CRAWL_CONCURRENCY: '8' }, onTestFinished);
    const quire = await start();
    const batchId = await submitted(quire, manyLinks(1_000));
    await quire.kill9();
    const next = await start();
    expect(await settled(next, batchId, takeoverMs + 20_000)).toMatchObject({ counts: { parsed: 1_000 } });
  });
};

describe.each(STORES.filter(({ store }) => store === 'embedded'))('kill -9 on the $store store', (kind) => {
  killed(kind);
});
// The others wait for locks to run out most of the time, which they can do side by side.
describe.concurrent.each(STORES.filter(({ store }) => store !== 'embedded'))('kill -9 on the $store store', (kind) => {
  killed(kind);
});
