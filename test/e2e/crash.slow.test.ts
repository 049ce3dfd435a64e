/** What was accepted is finished, whatever becomes of the process that accepted it. */
import { describe, expect, it } from 'vitest';
import { waitUntil } from '../support/wait-until.ts';
import { bookInfo, itemsOf, linkTo, manyLinks, openScene, settled, STORES, submitted } from './scene.ts';

const COUNT = 20;

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
