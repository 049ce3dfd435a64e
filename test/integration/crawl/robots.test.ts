import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SourceClosed } from '../../../src/crawl/source/turn.ts';
import { QuireError } from '../../../src/errors.ts';
import type { Store } from '../../../src/storage/store.ts';
import { createCrawlBench, rejection, untilOpen, type CrawlSettings, type CrawlWorker } from '../../support/crawling.ts';
import { startGoodreads, type Goodreads } from '../../support/goodreads.ts';

let goodreads: Goodreads;
let store: Store;
const bench = createCrawlBench();
const work = (settings?: CrawlSettings): CrawlWorker => bench.worker(store, goodreads.origin, settings);

beforeAll(async () => {
  goodreads = await startGoodreads();
});
afterAll(async () => goodreads.stop());
beforeEach(async () => {
  await goodreads.control({ mode: 'open' });
  goodreads.setRobots('User-agent: *\nDisallow: /search\n');
  store = await bench.store('redis');
  await goodreads.resetStats();
});
afterEach(async () => bench.stopAll());

describe('robots.txt', () => {
  test('disallows a page with its line, and the page is not requested', async () => {
    goodreads.setRobots('# hello\nUser-agent: other\nDisallow: /\n\nUser-agent: quire\nDisallow: /book/show/ # no\n');
    const worker = work();
    const error = await rejection(worker.crawl(1));
    expect(error).toBeInstanceOf(QuireError);
    expect(error).toMatchObject({ code: 'disallowed', message: expect.stringContaining('line 6: Disallow: /book/show/') });
    expect(error).toMatchObject({ rule: 'line 6: Disallow: /book/show/ # no' });
    expect(await goodreads.stats()).toMatchObject({ requests: 0, robotsRequests: 1 });
    expect((await worker.source.view()).robots).toMatchObject({ allowsBooks: false, rule: 'line 6: Disallow: /book/show/ # no' });
  });

  test('is fetched once a day for all processes, and an old copy counts while a newer one cannot be fetched', async () => {
    let nowMs = Date.now();
    const now = (): number => nowMs;
    for (let n = 0; n < 3; n++) await work({ now }).crawl(n);
    expect((await goodreads.stats()).robotsRequests).toBe(1);
    nowMs += 23 * 3_600_000;
    const worker = work({ now });
    await worker.crawl(1);
    expect((await goodreads.stats()).robotsRequests).toBe(1);
    nowMs += 2 * 3_600_000;
    goodreads.setRobots(503);
    await worker.crawl(1);
    await expect.poll(async () => (await goodreads.stats()).robotsRequests).toBe(2);
    nowMs += 30 * 86_400_000;
    goodreads.setRobots('User-agent: *\nDisallow: /book/\n');
    expect((await worker.crawl(1)).kind).toBe('book');
    await expect.poll(async () => rejection(worker.crawl(1)), { timeout: 5000 }).toMatchObject({ code: 'disallowed' });
  });

  test('limits the rate with Crawl-delay', async () => {
    goodreads.setRobots('User-agent: *\nCrawl-delay: 0.3\n');
    const worker = work({ ratePerSecond: 100 });
    for (let n = 0; n < 4; n++) await worker.crawl(n);
    const { atMs } = await goodreads.stats();
    expect((atMs[3] ?? 0) - (atMs[0] ?? 0)).toBeGreaterThanOrEqual(880);
    expect(await worker.source.view()).toMatchObject({ fullRate: 1 / 0.3, robots: { crawlDelaySeconds: 0.3 } });
  });

  test.each([404, 401, 410])('that is not there (%i) allows everything', async (status) => {
    goodreads.setRobots(status);
    expect((await work().crawl(1)).kind).toBe('book');
  });

  test('fails an attempt when the first fetch fails, and the next attempt fetches it again', async () => {
    goodreads.setRobots(503);
    const worker = work();
    expect(await rejection(worker.crawl(1))).toMatchObject({ code: 'crawl-failed', message: expect.stringContaining('503') });
    expect((await goodreads.stats()).requests).toBe(0);
    goodreads.setRobots('');
    expect((await worker.crawl(1)).kind).toBe('book');
  });

  test('blocks the source when it is answered with a challenge, and is then the probe', async () => {
    goodreads.setRobots(202);
    const worker = work({ blockProbeMs: 50 });
    expect(await rejection(worker.crawl(1))).toBeInstanceOf(SourceClosed);
    expect(worker.source.current().mode).toBe('blocked');
    goodreads.setRobots('');
    await untilOpen(worker.source, worker.source.current().closed?.untilMs ?? 0);
    expect((await worker.crawl(1)).kind).toBe('book');
  });
});
