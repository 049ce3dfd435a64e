/** 1,000 links, and a source that turns everybody away in the middle of it: nothing is lost, nothing is wrong, and it is left in peace. */
import { describe, expect, it } from 'vitest';
import { startGoodreads } from '../../support/goodreads.ts';
import { startQuire, storeEnvironment, type StoreName, type TestQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const LINKS = 1_000;
const FIRST_ID = 2_000_000_000;
/** An hour's block and its probes, scaled down: 60 s become 3 s, the first probe after 60 s becomes one after 300 ms. */
const BLOCKED_MS = 3_000;
const CONCURRENCY = 4;
const SETTINGS = { CRAWL_CONCURRENCY: String(CONCURRENCY), BLOCK_PROBE: '300ms' };

/** The embedded store belongs to one process, so there it is one worker; elsewhere four beside an api. */
async function startFleet(store: StoreName, workers: number) {
  const goodreads = await startGoodreads();
  const { env, cleanUp } = await storeEnvironment(store);
  const api = await startQuire(store, { env, goodreads, settings: SETTINGS, role: workers > 1 ? 'api' : 'all' });
  const others: TestQuire[] = [];
  const roles = Array.from({ length: workers > 1 ? workers : 0 }, () => 'worker' as const);
  for (const role of roles) others.push(await startQuire(store, { env, goodreads, settings: SETTINGS, role }));
  return {
    api,
    goodreads,
    async stop() {
      for (const quire of [...others, api]) await quire.stop();
      await goodreads.stop();
      await cleanUp();
    },
  };
}

describe.each([
  ['redis', 4],
  ['embedded', 1],
] as const)('a storm on the %s store with %i workers', (store, workers) => {
  it('is ridden out', async () => {
    const { api, goodreads, stop } = await startFleet(store, workers);
    try {
      const { batchId } = await api.submit(Array.from({ length: LINKS }, (_, n) => `https://www.goodreads.com/book/show/${FIRST_ID + n}`));
      const parsed = async (): Promise<number> => (await api.get(`/batches/${batchId}`)).body.counts.parsed;
      await waitUntil('300 books', async () => (await parsed()) >= 300, { timeoutMs: 60_000 });

      await goodreads.control({ mode: 'challenge' });
      await waitUntil('the source to be blocked', async () => (await api.get('/source')).body.state === 'blocked');
      // Answers under way when the first challenge came may still arrive; from here on only probes go out.
      await waitUntil('the fleet to hold still', async () => (await api.get('/stats')).body.backlog.active === 0);
      await goodreads.resetStats();
      const held = await parsed();
      const untilMs = Date.now() + BLOCKED_MS;
      await waitUntil('the block to pass', () => Date.now() >= untilMs, { timeoutMs: BLOCKED_MS * 2 });
      expect((await goodreads.stats()).requests).toBeLessThanOrEqual(6);
      // The books of a probe under way are active; all others are blocked.
      const { blocked, active, ...counts } = (await api.get(`/batches/${batchId}`)).body.counts;
      expect(counts).toMatchObject({ parsed: held, queued: 0, delayed: 0, failed: 0, 'not-found': 0 });
      expect(blocked + active).toBe(LINKS - held);
      expect(active).toBeLessThanOrEqual(workers * CONCURRENCY);

      await goodreads.control({ mode: 'open' });
      const batch = await api.ended(batchId, 120_000);
      expect(batch.counts).toMatchObject({ parsed: LINKS, failed: 0 });
      for (const id of [FIRST_ID, FIRST_ID + 299, FIRST_ID + 301, FIRST_ID + LINKS - 1]) {
        expect((await api.get(`/book-info?id=${id}`)).body).toMatchObject({ id: String(id) });
        expect((await api.get(`/jobs/book-${id}`)).body).toMatchObject({ attempts: 1 });
      }
      expect((await api.get('/source')).body.state).not.toBe('blocked');
    } finally {
      await stop();
    }
  });
});
