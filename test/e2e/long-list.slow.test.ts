/** The longest list that is usual. The other stores crawl as many books in collections.slow.test.ts. */
import { describe, expect, it } from 'vitest';
import { bookInfo, manyLinks, openScene, settled, submit } from './scene.ts';

describe('a long list on the redis-cluster store', () => {
  it('settles every link of a list of 10,000, each crawled once', async () => {
    const { site, start } = await openScene('redis-cluster', { CRAWL_CONCURRENCY: '16' });
    const quire = await start();
    const links = manyLinks(10_000);
    const accepted = await submit(quire, links);
    expect([accepted.status, accepted.body.counts, accepted.body.items.length]).toEqual([
      202,
      { total: 10_000, queued: 10_000, joined: 0, cached: 0, invalid: 0 },
      10_000,
    ]);

    const batch = await settled(quire, accepted.body.batchId, 200_000);
    expect(batch.counts).toMatchObject({ parsed: 10_000, queued: 0, failed: 0 });
    const { requests, byId } = await site.stats();
    expect([requests, Object.keys(byId).length]).toEqual([10_000, 10_000]);
    expect((await bookInfo(quire, 1_000_009_999)).status).toBe(200);
  });
});
