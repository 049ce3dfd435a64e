import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bookReference, type BookId, type BookReference } from '../../../src/books/identity.ts';
import { readPage, type PageReading } from '../../../src/books/page.ts';
import { createCrawler, type Crawler } from '../../../src/crawl/crawl.ts';
import { createPageFetcher } from '../../../src/crawl/fetch-page.ts';
import { createLedger, type Ledger } from '../../../src/crawl/ledger.ts';
import { createRobots } from '../../../src/crawl/robots.ts';
import { createSource, SourceHeld, type Source } from '../../../src/crawl/source.ts';
import { QuireError } from '../../../src/errors.ts';
import { createEmbeddedStore } from '../../../src/storage/embedded/store.ts';
import { createRedisStore } from '../../../src/storage/redis/store.ts';
import type { Store } from '../../../src/storage/store.ts';
import { startGoodreads, type Goodreads } from '../../support/goodreads.ts';
import { createLogRecorder } from '../../support/memory-documents.ts';

interface Setting {
  ratePerSecond?: number;
  blockProbeMs?: number;
  timeoutMs?: number;
  now?: () => number;
}
interface Worker {
  crawler: Crawler<PageReading>;
  source: Source;
  ledger: Ledger;
  crawl(n?: number): Promise<PageReading>;
}

let goodreads: Goodreads;
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  goodreads = await startGoodreads();
});
afterAll(async () => goodreads.stop());
beforeEach(async () => {
  await goodreads.control({ mode: 'open' });
  goodreads.setRobots('User-agent: *\nDisallow: /search\n');
  await goodreads.resetStats();
});
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const book = (n = 1): BookReference => bookReference(String(1_000_000_000 + n) as BookId);

/** A crawler as one process has it. */
function work(store: Store, { ratePerSecond = 0, blockProbeMs = 60_000, timeoutMs = 5000, now = Date.now }: Setting = {}): Worker {
  const { origin } = goodreads;
  const { documents, signals, tallies } = store;
  const log = createLogRecorder();
  const userAgent = 'Quire/test (+https://example.org)';
  const fetcher = createPageFetcher({ origin, userAgent, timeoutMs, connections: 4 });
  const ledger = createLedger({ tallies, log, now });
  const robots = createRobots({ documents, fetcher, ledger, origin, userAgent, log, held: () => source.current().hold !== null, now });
  const source = createSource({ documents, signals, settings: { origin, ratePerSecond, blockProbeMs, timeoutMs, quietHours: null }, log, ledger, robots, now });
  const crawler = createCrawler({ fetcher, source, robots, ledger, classify: readPage, now });
  stops.push(async () => {
    await source.close();
    await fetcher.close();
    await robots.close();
    await ledger.close();
  });
  return { crawler, source, ledger, crawl: async (n) => (await crawler.crawl(book(n))).reading };
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error('it did not reject'),
    (reason: unknown) => reason,
  );
}

const stores: [string, () => Promise<Store>][] = [
  ['redis', async () => createRedisStore({ url: process.env['TEST_REDIS_URL'] ?? '', settings: settingsOf() })],
  [
    'embedded',
    async () => {
      const dataDir = await mkdtemp(join(tmpdir(), 'quire-crawl-'));
      stops.push(async () => rm(dataDir, { recursive: true, force: true }));
      return createEmbeddedStore({ dataDir, settings: settingsOf() });
    },
  ],
];

function settingsOf(): { prefix: string; batchTtlMs: number; maxFinishedJobs: number; maxFailedJobs: number } {
  return { prefix: `crawl_${process.pid}_${Math.random().toString(36).slice(2, 10)}`, batchTtlMs: 60_000, maxFinishedJobs: 10, maxFailedJobs: 10 };
}

describe.each(stores)('on %s', (_name, makeStore) => {
  let store: Store;
  beforeEach(async () => {
    store = await makeStore();
    stops.push(async () => store.stop());
    await store.start();
  });

  test('a book is fetched, read and counted', async () => {
    const worker = work(store);
    const { reading, answer } = await worker.crawler.crawl(book(7));
    expect(reading).toMatchObject({ kind: 'book', book: { id: book(7).jobId.slice('book-'.length) } });
    expect(answer).toMatchObject({ status: 200, requests: 1 });
    expect(await worker.source.view()).toMatchObject({
      state: 'open', since: null, reason: null, nextProbeAt: null, rate: null, requestsToday: 2,
      robots: { present: true, allowsBooks: true, rule: null, crawlDelaySeconds: null },
    });
    const { days } = await worker.ledger.read({ fromMs: Date.now(), toMs: Date.now() });
    expect(days).toEqual([expect.objectContaining({ requests: 2, outcomes: { ok: 1, robots: 1 } })]);
  });

  test('ten workers at rate 5 make five requests a second, evenly', async () => {
    const workers = Array.from({ length: 10 }, () => work(store, { ratePerSecond: 5 }));
    const until = Date.now() + 5000;
    let n = 0;
    await Promise.all(workers.map(async (worker) => {
      while (Date.now() < until) await worker.crawl(n++);
    }));
    const { atMs, perSecondPeak, requests } = await goodreads.stats();
    const inTime = atMs.filter((at) => at < until).length;
    expect(inTime).toBeGreaterThanOrEqual(20);
    expect(inTime).toBeLessThanOrEqual(26);
    expect(requests).toBe(n);
    expect(perSecondPeak).toBeLessThanOrEqual(6);
    const gaps = atMs.slice(1).map((at, index) => at - (atMs[index] ?? 0));
    // A busy machine delays single requests; bursts would show as many short gaps.
    expect(gaps.filter((gap) => gap < 120).length).toBeLessThanOrEqual(2);
  });

  test('a challenge in the middle: a handful of requests while it lasts, then on, and no wrong reading', async () => {
    const workers = Array.from({ length: 4 }, () => work(store, { blockProbeMs: 300 }));
    const waiting = Array.from({ length: 200 }, (_, n) => n);
    const done = new Set<number>();
    let whileBlocked = 0;
    let blockedForMs = 0;
    const run = async (worker: Worker): Promise<void> => {
      for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) {
        try {
          const reading = await worker.crawl(n);
          if (reading.kind === 'book') done.add(n);
          else {
            expect(reading.kind).toBe('blocked');
            waiting.push(n);
          }
          if (done.size === 60 && blockedForMs === 0) {
            blockedForMs = Date.now();
            await goodreads.control({ mode: 'challenge' });
            await goodreads.resetStats();
            setTimeout(() => {
              void goodreads.stats().then(async (stats) => {
                whileBlocked = stats.requests;
                await goodreads.control({ mode: 'open' });
              });
            }, 1500);
          }
        } catch (error) {
          if (!(error instanceof SourceHeld)) throw error;
          waiting.push(n);
          await opened(worker.source, error.untilMs);
        }
      }
    };
    await Promise.all(workers.map(run));
    expect(done.size).toBe(200);
    // Those that were under way when it began (one a worker), and the probes after 0.3, 0.6, … s.
    expect(whileBlocked).toBeGreaterThanOrEqual(1);
    expect(whileBlocked).toBeLessThanOrEqual(4 + 4);
  });

  test('the block is there after a restart', async () => {
    const worker = work(store);
    await worker.crawl(1);
    await goodreads.control({ mode: 'challenge' });
    expect(await worker.crawl(2)).toMatchObject({ kind: 'blocked' });
    const { requests } = await goodreads.stats();
    const restarted = work(store);
    expect(await rejection(restarted.crawl(3))).toMatchObject({ why: 'blocked' });
    expect(await restarted.source.view()).toMatchObject({ state: 'blocked' });
    expect((await goodreads.stats()).requests).toBe(requests);
  });
});

/** Waits as a worker does: until the hold ends, or the source opens before. */
async function opened(source: Source, untilMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(finish, Math.max(1, untilMs - Date.now()));
    const stop = source.onChange((state) => {
      if (state.hold === null) finish();
    });
  });
}

describe('with one worker', () => {
  let store: Store;
  beforeEach(async () => {
    store = createRedisStore({ url: process.env['TEST_REDIS_URL'] ?? '', settings: settingsOf() });
    stops.push(async () => store.stop());
    await store.start();
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
    const worker = work(store);
    await worker.crawl(1);
    await goodreads.resetStats();
    await goodreads.control({ mode, retryAfter: 7 });
    const { reading, retryAfterMs } = await worker.crawler.crawl(book(2));
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
    const worker = work(store, { timeoutMs: kind === 'timeout' ? 200 : 5000 });
    await worker.crawl(1);
    await goodreads.control({ mode });
    for (const state of ['open', 'open', 'slowed']) {
      expect(await rejection(worker.crawl(2))).toMatchObject({ code: 'crawl-failed', kind });
      expect(worker.source.current().mode).toBe(state);
    }
  });

  test('an offsite redirect fails the attempt, and its target is never asked', async () => {
    let connections = 0;
    const elsewhere = createServer((_request, response) => void response.end('secret')).on('connection', () => (connections += 1)).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    stops.push(async () => new Promise((resolve) => elsewhere.close(resolve)));
    await goodreads.control({ mode: 'offsite', location: `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/latest/meta-data/` });
    expect(await rejection(work(store).crawl(1))).toMatchObject({ code: 'crawl-failed', kind: 'redirect' });
    expect(connections).toBe(0);
  });

  test('a page given up says nothing about the source, and a probe given up lets the next one go', async () => {
    const worker = work(store, { blockProbeMs: 50 });
    await worker.crawl(1);
    await goodreads.control({ mode: 'challenge', times: 1 });
    await worker.crawl(2);
    await opened(worker.source, worker.source.current().hold?.untilMs ?? 0);
    await goodreads.control({ mode: 'hang' });
    const controller = new AbortController();
    const probing = rejection(worker.crawler.crawl(book(3), { signal: controller.signal }));
    setTimeout(() => controller.abort(new Error('shutdown')), 100);
    expect(await probing).toMatchObject({ message: 'shutdown' });
    await goodreads.control({ mode: 'open' });
    expect((await worker.crawl(3)).kind).toBe('book');
    expect(worker.source.current().mode).toBe('slowed');
  });

  describe('robots.txt', () => {
    test('disallows with the line that says so, without a request for the page', async () => {
      goodreads.setRobots('# hello\nUser-agent: other\nDisallow: /\n\nUser-agent: quire\nDisallow: /book/show/ # no\n');
      const worker = work(store);
      const error = await rejection(worker.crawl(1));
      expect(error).toBeInstanceOf(QuireError);
      expect(error).toMatchObject({ code: 'disallowed', message: expect.stringContaining('line 6: Disallow: /book/show/') });
      expect(await goodreads.stats()).toMatchObject({ requests: 0, robotsRequests: 1 });
      expect((await worker.source.view()).robots).toMatchObject({ allowsBooks: false, rule: 'line 6: Disallow: /book/show/ # no' });
    });

    test('is fetched once a day for all processes, and an old copy holds while a newer one cannot be had', async () => {
      let nowMs = Date.now();
      const now = (): number => nowMs;
      for (let n = 0; n < 3; n++) await work(store, { now }).crawl(n);
      expect((await goodreads.stats()).robotsRequests).toBe(1);
      nowMs += 23 * 3_600_000;
      const worker = work(store, { now });
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

    test('with Crawl-delay bounds the rate', async () => {
      goodreads.setRobots('User-agent: *\nCrawl-delay: 0.3\n');
      const worker = work(store, { ratePerSecond: 100 });
      for (let n = 0; n < 4; n++) await worker.crawl(n);
      const { atMs } = await goodreads.stats();
      expect((atMs[3] ?? 0) - (atMs[0] ?? 0)).toBeGreaterThanOrEqual(880);
      expect(await worker.source.view()).toMatchObject({ fullRate: 1 / 0.3, robots: { crawlDelaySeconds: 0.3 } });
    });

    test.each([404, 401, 410])('that is not there (%i) allows everything', async (status) => {
      goodreads.setRobots(status);
      expect((await work(store).crawl(1)).kind).toBe('book');
    });

    test('that cannot be had at the first start fails the attempt in passing, and the next one tries again', async () => {
      goodreads.setRobots(503);
      const worker = work(store);
      expect(await rejection(worker.crawl(1))).toMatchObject({ code: 'crawl-failed', message: expect.stringContaining('503') });
      expect((await goodreads.stats()).requests).toBe(0);
      goodreads.setRobots('');
      expect((await worker.crawl(1)).kind).toBe('book');
    });

    test('that is itself answered with a challenge blocks the source, and is its probe', async () => {
      goodreads.setRobots(202);
      const worker = work(store, { blockProbeMs: 50 });
      expect(await rejection(worker.crawl(1))).toBeInstanceOf(SourceHeld);
      expect(worker.source.current().mode).toBe('blocked');
      goodreads.setRobots('');
      await opened(worker.source, worker.source.current().hold?.untilMs ?? 0);
      expect((await worker.crawl(1)).kind).toBe('book');
    });
  });
});
