import { bookReference, crawlPath, type BookId } from '../../src/domain/identity.ts';
import { readPage, type PageReading } from '../../src/parser/read-page.ts';
import type { Crawler, PageRequest } from '../../src/crawl/crawl.ts';
import { createCrawling } from '../../src/crawl/crawling.ts';
import type { Ledger } from '../../src/crawl/ledger.ts';
import type { Source } from '../../src/crawl/source/source.ts';
import type { Store } from '../../src/storage/store.ts';
import { createLogRecorder } from './memory-documents.ts';
import { embeddedStore, postgresStore, redisStore } from './stores.ts';
import { waitUntil } from './wait-until.ts';
import { testMeters } from './meters.ts';

export interface CrawlSettings {
  ratePerSecond?: number;
  blockProbeMs?: number;
  timeoutMs?: number;
  now?: () => number;
}

/** A crawler as one process has it. */
export interface CrawlWorker {
  crawler: Crawler;
  source: Source;
  ledger: Ledger;
  /** Crawls the made-up book number `n`. */
  crawl(n: number): Promise<PageReading>;
}

/** Makes crawlers on real stores, and stops them all. */
export interface CrawlBench {
  store(kind: Store['kind']): Promise<Store>;
  worker(store: Store, origin: string, settings?: CrawlSettings): CrawlWorker;
  stopAll(): Promise<void>;
}

/** The request for the page of the made-up book number `n`. */
export function madeUpBook(n: number): PageRequest<PageReading> {
  const reference = bookReference(String(1_000_000_000 + n) as BookId);
  return { path: crawlPath(reference), classify: (answer) => readPage(answer, reference) };
}

const STORES = { embedded: embeddedStore, redis: redisStore, postgres: postgresStore };

/** A bench without anything on it. Call `stopAll` after each test. */
export function createCrawlBench(): CrawlBench {
  const stops: (() => Promise<unknown>)[] = [];
  return {
    async store(kind) {
      const { store, cleanup } = await STORES[kind].make();
      stops.push(cleanup);
      return store;
    },
    worker(store, origin, { ratePerSecond = 0, blockProbeMs = 60_000, timeoutMs = 5000, now = Date.now } = {}) {
      const crawling = createCrawling({
        store,
        config: {
          goodreadsOrigin: origin,
          httpsProxy: null,
          noProxy: '',
          crawlRate: ratePerSecond,
          crawlConcurrency: 4,
          crawlTimeoutMs: timeoutMs,
          crawlContact: null,
          blockProbeMs,
          quietHours: null,
        },
        version: 'test',
        log: createLogRecorder(),
        meters: testMeters(),
        now,
      });
      stops.push(async () => crawling.close());
      return { ...crawling, crawl: async (n) => (await crawling.crawler.crawl(madeUpBook(n))).reading };
    },
    async stopAll() {
      for (const stop of stops.splice(0).toReversed()) await stop();
    },
  };
}

/** Waits as a worker does: until `untilMs`, or until the source is held by nothing any more. */
export async function untilOpen(source: Source, untilMs: number): Promise<void> {
  await waitUntil('the source to open', () => Date.now() >= untilMs || source.current().closed === null, { timeoutMs: 30_000, everyMs: 5 });
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error('it did not reject'),
    (reason: unknown) => reason,
  );
}
