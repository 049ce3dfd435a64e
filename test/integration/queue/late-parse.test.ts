/** A worker that hung between the page and the store, and woke when another had crawled the book again. */
import { expect, it } from 'vitest';
import { bookReference, type BookId } from '../../../src/domain/identity.ts';
import { readPage, type PageReading } from '../../../src/parser/read-page.ts';
import type { Crawler, CrawlResult } from '../../../src/crawl/crawl.ts';
import { createProcessBook, type ProcessBookDeps } from '../../../src/app/process-book.ts';
import { loadPages } from '../../../scripts/goodreads-pages.ts';
import { openSource, silentLog } from '../../support/quiet.ts';
import { redisStore } from '../../support/stores.ts';

const ID = '1900000001' as BookId;
const reference = bookReference(ID);

it('does not replace the newer page with its older one', async () => {
  const { store, cleanup } = await redisStore.make();
  const pages = loadPages();
  const startMs = Date.now();
  /** What a crawl that asked at `askedAtMs` was given: pages of later times have more reviews. */
  const crawled = (askedAtMs: number, reviews: number): CrawlResult<PageReading> => {
    const answer = {
      status: 200,
      headers: {},
      body: pages.page(ID, reviews) ?? Buffer.alloc(0),
      url: reference.url,
      elapsedMs: 1,
      wireBytes: 1,
      requests: 1,
    };
    return { reading: readPage(answer, reference), answer, askedAtMs, retryAfterMs: null };
  };
  try {
    const run = async (runName: string, result: () => Promise<CrawlResult<PageReading>>): Promise<unknown> => {
      const deps: ProcessBookDeps = {
        store,
        crawler: { crawl: result as Crawler['crawl'] },
        source: { current: () => openSource },
        settings: { attempts: 1, bookTtlMs: 60_000, bookRetentionMs: 600_000, notFoundTtlMs: 1_000, notFoundRecheckMs: 1 },
        log: silentLog,
        watch: { observe: () => undefined },
        announce: async () => undefined,
        announceFailure: async () => undefined,
        endBatch: async () => null,
        now: Date.now,
        random: Math.random,
      };
      const { signal } = new AbortController();
      return createProcessBook(deps)({
        jobId: reference.jobId,
        run: runName,
        reference,
        attempt: 1,
        starts: 1,
        missingAtMs: null,
        signal,
      });
    };
    const item = { index: 0, input: reference.url, jobId: reference.jobId, bookId: ID, duplicates: 0, reason: null };
    await store.batches.submit({ batch: null, nowMs: startMs, run: 'once', priority: 'normal', maxAgeMs: 0, items: [item] });
    let wake = (): void => undefined;
    const hung = new Promise<void>((resolve) => (wake = resolve));
    const late = run('once', () => hung.then(() => crawled(startMs + 1, 1_000_000_001)));
    expect(await run('once', async () => crawled(startMs + 5, 1_000_000_002))).toEqual({ next: 'done', outcome: 'parsed' });
    wake();
    await late;
    const found = await store.books.find(reference.jobId, startMs + 10);
    const copy = found?.kind === 'book' ? found.book : null;
    expect(copy?.fetchedAtMs).toBe(startMs + 5);
    expect(JSON.parse(copy?.body.toString() ?? '{}')).toMatchObject({
      reviewsCount: 1_000_000_002,
      fetchedAt: new Date(startMs + 5).toISOString(),
    });
  } finally {
    await cleanup();
  }
});
