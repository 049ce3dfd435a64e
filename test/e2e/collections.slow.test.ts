/** The longest list of Goodreads, from one link to 10,000 books, in bounded memory; and processes that die on the way. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { QuireProcess } from '../../scripts/quire-process.ts';
import { firstBook } from '../../scripts/goodreads-listings.ts';
import { waitUntil } from '../support/wait-until.ts';
import { ask, itemsOf, linkTo, openScene, settled, STORES, submit, submitted } from './scene.ts';

const LIST = 'https://www.goodreads.com/list/show/7';
const MEBIBYTE = 1024 * 1024;
const MOST_GROWTH = 50 * MEBIBYTE;

/** The heap that a process uses after a full collection, and what lies outside of it, in bytes: what its `/metrics` says. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

// The cluster runs the code of Redis, and crawls as many books in long-list.slow.test.ts.
describe.each(STORES.filter(({ store }) => store !== 'redis-cluster'))('a list of 10,000 books on the $store store', ({ store }) => {
  it('becomes 10,000 items with one link, and api and worker grow by less than 50 MiB', async () => {
    const { site, start } = await openScene(store, { CRAWL_CONCURRENCY: '16' });
    const roles = store === 'embedded' ? (['all'] as const) : (['api', 'worker'] as const);
    const processes: QuireProcess[] = [];
    for (const role of roles) processes.push(await start({ role }));
    const [quire] = processes as [QuireProcess];
    // Everything that a first batch makes a process load is loaded, and V8 has sized its young generation for the work.
    site.setCollections({ sizes: { 'list/6': 2_000, 'list/7': 10_000 } });
    await settled(
      quire,
      await submitted(quire, ['https://www.goodreads.com/list/show/6', linkTo(1_000_000_000)], '?maxBooks=2000'),
      120_000,
    );
    const before = await Promise.all(processes.map(({ pid }) => residentBytes(pid)));
    await site.resetStats();

    const accepted = await submit(quire, [LIST], '?maxBooks=10000');
    expect(accepted).toMatchObject({ status: 202, body: { counts: { total: 1, expanding: 1 } } });
    const most = [...before];
    const batch = await waitUntil(
      'the list to be read',
      async () => {
        for (const [at, { pid }] of processes.entries()) most[at] = Math.max(most[at] ?? 0, await residentBytes(pid));
        const { body } = await ask<{ state: string; total: number; counts: Record<string, number> }>(
          quire,
          `/batches/${accepted.body.batchId}`,
        );
        return body.state !== 'running' && body;
      },
      { timeoutMs: 280_000, everyMs: 500 },
    );
    expect(batch).toMatchObject({ state: 'completed', total: 10_001, counts: { expanded: 1, parsed: 10_000, failed: 0 } });
    const { byPage, byId } = await site.stats();
    expect(Object.values(byPage)).toEqual(Array.from({ length: 100 }, () => 1));
    expect(Object.values(byId)).toEqual(Array.from({ length: 10_000 }, () => 1));
    const growth = most.map((bytes, at) => bytes - (before[at] ?? 0));
    console.info(
      `growth of ${roles.join(' and ')} on ${store}: ${growth.map((bytes) => `${(bytes / MEBIBYTE).toFixed(1)} MiB`).join(', ')}`,
    );
    // PGlite keeps the pages of its database in the process, up to what one server takes.
    expect(Math.max(...growth)).toBeLessThan(store === 'embedded' ? 3 * MOST_GROWTH : MOST_GROWTH);

    // As many links in one request find every book there.
    const again = await submit(
      quire,
      Array.from({ length: 10_000 }, (_, n) => linkTo(firstBook('list', '7') + n)),
    );
    expect([again.status, again.body.counts, again.body.items.length]).toEqual([
      200,
      { total: 10_000, queued: 0, joined: 0, cached: 10_000, invalid: 0 },
      10_000,
    ]);
  }, 400_000);
});

// They wait for locks to run out most of the time, which they can do side by side.
describe.concurrent.each(STORES.filter(({ store }) => store !== 'redis-cluster'))(
  'kill -9 between the pages of a list, on the $store store',
  ({ store, takeoverMs }) => {
    it('loses no book and doubles none, and reads no recorded page twice', async ({ onTestFinished }) => {
      const { site, start } = await openScene(store, { CRAWL_CONCURRENCY: '8' }, onTestFinished);
      site.setCollections({ sizes: { 'list/7': 700 } });
      await site.control({ delayMs: 50 });
      let quire = await start();
      const batchId = await submitted(quire, [LIST]);
      for (const page of [2, 4]) {
        await waitUntil(`page ${page}`, async () => ((await site.stats()).byPage[`list/7?page=${page}`] ?? 0) > 0, {
          timeoutMs: takeoverMs,
        });
        await quire.kill9();
        quire = await start();
      }
      await site.control({});
      const batch = await settled(quire, batchId, takeoverMs + 60_000);
      expect(batch).toMatchObject({ total: 701, counts: { expanded: 1, parsed: 700 } });
      const items = await itemsOf(quire, batchId);
      expect(items.slice(1).map(({ bookId }) => Number(bookId))).toEqual(Array.from({ length: 700 }, (_, n) => firstBook('list', '7') + n));
      const { byPage } = await site.stats();
      const pages = Array.from({ length: 7 }, (_, n) => byPage[`list/7?page=${n + 1}`] ?? 0);
      // The page that was on its way when the process died may have been asked for again.
      expect(pages.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(9);
      expect(Math.min(...pages)).toBe(1);
    }, 200_000);
  },
);
