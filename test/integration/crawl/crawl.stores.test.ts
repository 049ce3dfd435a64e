import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SourceClosed } from '../../../src/crawl/source/turn.ts';
import type { Store } from '../../../src/storage/store.ts';
import { createCrawlBench, madeUpBook, rejection, untilOpen, type CrawlSettings, type CrawlWorker } from '../../support/crawling.ts';
import { startGoodreads, type Goodreads } from '../../support/goodreads.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';

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
  await goodreads.resetStats();
});
afterEach(async () => bench.stopAll());

describe.each(inThisRun(['redis', 'embedded', 'postgres'] as const))('on %s', (kind) => {
  beforeEach(async () => {
    store = await bench.store(kind);
  });

  test('a book is fetched, read and counted', async () => {
    const worker = work();
    const { reading, answer } = await worker.crawler.crawl(madeUpBook(7));
    expect(reading).toMatchObject({ kind: 'book', book: { id: '1000000007' } });
    expect(answer).toMatchObject({ status: 200, requests: 1 });
    expect(await worker.source.view()).toMatchObject({
      state: 'open',
      since: null,
      reason: null,
      nextProbeAt: null,
      rate: null,
      requestsToday: 2,
      robots: { present: true, allowsBooks: true, rule: null, crawlDelaySeconds: null },
    });
    const { days } = await worker.ledger.read({ days: 1 });
    expect(days).toEqual([expect.objectContaining({ requests: 2, outcomes: { ok: 1, robots: 1 } })]);
  });

  test('ten workers at rate 20 make twenty evenly spaced requests a second', async () => {
    const workers = Array.from({ length: 10 }, () => work({ ratePerSecond: 20 }));
    const from = Date.now();
    const until = from + 1500;
    let n = 0;
    await Promise.all(
      workers.map(async (worker) => {
        while (Date.now() < until) await worker.crawl(n++);
      }),
    );
    const { atMs, requests } = await goodreads.stats();
    expect(requests).toBe(n);
    // However busy the machine is, no request comes before its turn, and most come in time. That of a robots.txt is among them.
    const early = atMs.filter((at, nth) => at < from + (nth - 1) * 50);
    expect(early).toEqual([]);
    expect(atMs.filter((at) => at < until).length).toBeGreaterThanOrEqual(10);
  });

  test('a challenge leaves only a few probes; after it the crawl goes on, and no reading is wrong', async () => {
    const workers = Array.from({ length: 4 }, () => work({ blockProbeMs: 300 }));
    const waiting = Array.from({ length: 200 }, (_, n) => n);
    const done = new Set<number>();
    const kinds = new Set<string>();
    let challenged: Promise<number> | undefined;
    const challenge = async (): Promise<number> => {
      await goodreads.resetStats();
      await goodreads.control({ mode: 'challenge' });
      const untilMs = Date.now() + 1500;
      await waitUntil('the challenge to last', () => Date.now() >= untilMs);
      await goodreads.control({ mode: 'open' });
      return (await goodreads.stats()).requests;
    };
    const run = async (worker: CrawlWorker): Promise<void> => {
      for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) {
        try {
          const reading = await worker.crawl(n);
          kinds.add(reading.kind);
          if (reading.kind === 'book') done.add(n);
          else waiting.push(n);
          if (done.size >= 60) challenged ??= challenge();
        } catch (error) {
          if (!(error instanceof SourceClosed)) throw error;
          waiting.push(n);
          await untilOpen(worker.source, error.untilMs);
        }
      }
    };
    await Promise.all(workers.map(run));
    expect({ done: done.size, kinds: [...kinds] }).toEqual({ done: 200, kinds: ['book', 'blocked'] });
    const whileBlocked = (await challenged) ?? 0;
    // Those that were under way when it began (one a worker), and the probes after 0.3, 0.6, … s.
    expect(whileBlocked).toBeGreaterThanOrEqual(1);
    expect(whileBlocked).toBeLessThanOrEqual(4 + 4);
  });

  test('a block survives a restart', async () => {
    const worker = work();
    await worker.crawl(1);
    await goodreads.control({ mode: 'challenge' });
    expect(await worker.crawl(2)).toMatchObject({ kind: 'blocked' });
    const { requests } = await goodreads.stats();
    const restarted = work();
    expect(await rejection(restarted.crawl(3))).toMatchObject({ why: 'blocked' });
    expect(await restarted.source.view()).toMatchObject({ state: 'blocked' });
    expect((await goodreads.stats()).requests).toBe(requests);
  });
});

describe('with one worker', () => {
  beforeEach(async () => {
    store = await bench.store('redis');
  });

  test.each([
    ['put right', 3_600_000, 2],
    ['slewed a little', 50_000, 1],
  ])('a clock that is %s while a page is under way: the page is dated by one clock', async (_what, putMs, requests) => {
    let aheadMs = -3_600_000;
    const worker = work({ now: () => Date.now() + aheadMs });
    await worker.crawl(1);
    await goodreads.resetStats();
    await goodreads.control({ delayMs: 300 });
    const crawled = worker.crawler.crawl(madeUpBook(2));
    await waitUntil('the page to be asked for', async () => (await goodreads.stats()).requests > 0);
    const rightFromMs = Date.now();
    aheadMs += putMs;
    const { askedAtMs } = await crawled;
    await goodreads.control({ delayMs: 0 });
    expect((await goodreads.stats()).requests).toBe(requests);
    expect(askedAtMs >= rightFromMs).toBe(requests === 2);
  });

  test.each([
    ['challenge', 'blocked', 'blocked'],
    ['captcha', 'blocked', 'blocked'],
    ['forbidden', 'blocked', 'blocked'],
    ['signin', 'sign-in', 'blocked'],
    ['empty', 'blocked', 'blocked'],
    ['limited', 'overloaded', 'slowed'],
    ['down', 'overloaded', 'slowed'],
    ['truncated', 'unrecognised', 'open'],
  ] as const)('%s is read as %s and makes the source %s, with one request', async (mode, kind, state) => {
    const worker = work();
    await worker.crawl(1);
    await goodreads.resetStats();
    await goodreads.control({ mode, retryAfter: 7 });
    const { reading, retryAfterMs } = await worker.crawler.crawl(madeUpBook(2));
    expect(reading.kind).toBe(kind);
    expect(worker.source.current().mode).toBe(state);
    expect(retryAfterMs).toBe(state === 'slowed' ? 7000 : null);
    expect((await goodreads.stats()).requests).toBe(1);
  });

  test.each([
    ['reset', 'reset'],
    ['hang', 'timeout'],
    ['huge', 'too-large'],
    ['bomb', 'too-large'],
  ] as const)('%s fails the attempt (%s), leaves the source open, and three in a row slow it', async (mode, kind) => {
    const worker = work({ timeoutMs: kind === 'timeout' ? 200 : 5000 });
    await worker.crawl(1);
    await goodreads.control({ mode });
    for (const state of ['open', 'open', 'slowed']) {
      expect(await rejection(worker.crawl(2))).toMatchObject({ code: 'crawl-failed', kind });
      expect(worker.source.current().mode).toBe(state);
    }
    // They left, so they count: robots.txt, the first page and these three.
    expect((await worker.source.view()).requestsToday).toBe(5);
  });

  test('an offsite redirect fails the attempt, and its target is never asked', async () => {
    let connections = 0;
    const elsewhere = createServer((_request, response) => void response.end('secret'))
      .on('connection', () => (connections += 1))
      .listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    await goodreads.control({
      mode: 'offsite',
      location: `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/latest/meta-data/`,
    });
    expect(await rejection(work().crawl(1))).toMatchObject({ code: 'crawl-failed', kind: 'redirect' });
    elsewhere.close();
    expect(connections).toBe(0);
  });

  test('an aborted page proves nothing about the source, and an aborted probe lets the next one go', async () => {
    const worker = work({ blockProbeMs: 50 });
    await worker.crawl(1);
    await goodreads.control({ mode: 'challenge', times: 1 });
    await worker.crawl(2);
    await untilOpen(worker.source, worker.source.current().closed?.untilMs ?? 0);
    await goodreads.control({ mode: 'hang' });
    const controller = new AbortController();
    const probing = rejection(worker.crawler.crawl(madeUpBook(3), { signal: controller.signal }));
    await waitUntil('the probe to be sent', async () => (await goodreads.stats()).requests === 3);
    controller.abort(new Error('shutdown'));
    expect(await probing).toMatchObject({ message: 'shutdown' });
    await goodreads.control({ mode: 'open' });
    expect((await worker.crawl(3)).kind).toBe('book');
    expect(worker.source.current().mode).toBe('slowed');
  });
});
