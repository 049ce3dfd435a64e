/** Runs of a job on the rules of the store, with answers of a source that are given. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { createProcessBook, type BookTask, type TaskResult } from '../../../src/app/process-book.ts';
import type { CrawlResult } from '../../../src/crawl/crawl.ts';
import { FetchFault } from '../../../src/crawl/fetch/fetch-fault.ts';
import type { SourceState } from '../../../src/crawl/source/source-state.ts';
import type { ParsedBook } from '../../../src/domain/book.ts';
import { bookReference, type BookId } from '../../../src/domain/identity.ts';
import { MAX_FREE_STARTS } from '../../../src/domain/outcome.ts';
import { QuireError } from '../../../src/errors.ts';
import type { PageReading } from '../../../src/parser/read-page.ts';
import type { Store } from '../../../src/storage/store.ts';
import { createSpecification } from '../../specification/store.ts';
import { openSource, silentLog } from '../../support/quiet.ts';
import { TEST_SETTINGS } from '../../support/stores.ts';
import { HOUR_MS, itemsOf, NOW_MS, submit } from '../../contract/samples.ts';

const ID = '2767052' as BookId;
const REFERENCE = bookReference(ID);
const { jobId } = REFERENCE;
const RUN = 'run1';
const settings = { attempts: 3, bookTtlMs: HOUR_MS, bookRetentionMs: 10 * HOUR_MS, notFoundTtlMs: 2 * HOUR_MS, notFoundRecheckMs: 60_000 };
const PARSED: ParsedBook = {
  title: 'The Hunger Games',
  author: 'Suzanne Collins',
  rating: 4.35,
  description: null,
  id: ID,
  url: REFERENCE.url,
  workId: null,
  originalTitle: null,
  authors: [],
  series: [],
  ratingsCount: null,
  reviewsCount: null,
  ratingsDistribution: [],
  format: null,
  pages: null,
  publisher: null,
  publishedDate: null,
  originalPublishedYear: null,
  language: null,
  isbn10: null,
  isbn13: null,
  asin: null,
  genres: [],
  coverUrl: null,
  awards: [],
  layout: 'next',
  sources: { title: 'next-data' },
};
const BOOK: PageReading = { kind: 'book', book: PARSED, askedId: ID };
const MISSING: PageReading = { kind: 'missing', reason: 'Goodreads has no such book.' };
/** When the page was asked for: before the worker had it. */
const ASKED_AT_MS = NOW_MS - 5_000;

/** A live job and the use case. `source` gives the reading of a page, or throws. */
async function openJob(
  source: () => PageReading,
  more: { retryAfterMs?: number; page?: string; type?: string; current?: () => SourceState } = {},
) {
  const store = createSpecification(TEST_SETTINGS, () => NOW_MS) as unknown as Store;
  await submit(store, null, itemsOf([jobId]), { run: RUN });
  const announce = vi.fn<(parsed: { book: object | null }) => Promise<void>>(() => Promise.resolve());
  const crawl = vi.fn<() => Promise<unknown>>(async (): Promise<unknown> => {
    const answer = {
      headers: { 'content-type': more.type ?? 'text/html' },
      body: Buffer.from(more.page ?? '<html></html>'),
    } as unknown as CrawlResult<PageReading>['answer'];
    return { reading: source(), answer, askedAtMs: ASKED_AT_MS, retryAfterMs: more.retryAfterMs ?? null };
  });
  const process = createProcessBook({
    store,
    crawler: { crawl: crawl as never },
    source: { current: more.current ?? (() => openSource) },
    settings,
    log: silentLog,
    watch: { observe: () => undefined },
    announce,
    announceFailure: () => Promise.resolve(),
    endBatch: () => Promise.resolve(null),
    now: () => NOW_MS,
    random: () => 0.5,
  });
  const run = (task: Partial<BookTask> = {}): Promise<TaskResult> =>
    process({
      jobId,
      run: RUN,
      reference: REFERENCE,
      attempt: 1,
      starts: 1,
      missingAtMs: null,
      signal: new AbortController().signal,
      ...task,
    });
  return { store, announce, crawl, run };
}

describe('a run that gives a book', () => {
  it('stores the copy with the time of the request, and announces the book once', async () => {
    const { store, announce, run } = await openJob(() => BOOK);
    expect(await run()).toEqual({ next: 'done', outcome: 'parsed' });
    const found = await store.books.find(jobId, NOW_MS);
    expect(found).toMatchObject({ kind: 'book', book: { fetchedAtMs: ASKED_AT_MS, freshUntilMs: ASKED_AT_MS + HOUR_MS } });
    expect(announce.mock.calls).toMatchObject([[{ jobId, run: RUN, settledAtMs: NOW_MS, book: { bookId: ID } }]]);
  });

  it('is announced again by the next start of the run, which crawls nothing', async () => {
    const { announce, crawl, run } = await openJob(() => BOOK);
    await run();
    expect(await run({ starts: 2 })).toEqual({ next: 'done', outcome: 'settled before' });
    expect(crawl).toHaveBeenCalledTimes(1);
    expect(announce.mock.calls.at(-1)).toMatchObject([{ jobId, run: RUN, settledAtMs: NOW_MS, book: null }]);
    expect(announce).toHaveBeenCalledTimes(2);
  });

  it('announces nothing when another run is the live one', async () => {
    const { store, announce, run } = await openJob(() => BOOK);
    expect(await run({ run: 'late' })).toEqual({ next: 'done', outcome: 'parsed' });
    expect(announce).not.toHaveBeenCalled();
    expect(await store.jobs.isLive(jobId)).toBe(true);
    expect((await store.books.find(jobId, NOW_MS))?.kind).toBe('book');
  });
});

describe('a run without a book', () => {
  it('looks again after the first "not found", and remembers the second one', async () => {
    const { store, run } = await openJob(() => MISSING);
    const atMs = NOW_MS + settings.notFoundRecheckMs;
    expect(await run()).toEqual({ next: 'later', atMs, missingAtMs: NOW_MS });
    expect(await store.books.find(jobId, NOW_MS)).toBeNull();
    expect(await run({ starts: 2, missingAtMs: NOW_MS - 60_000 })).toEqual({ next: 'done', outcome: 'not-found' });
    expect(await store.books.find(jobId, NOW_MS)).toMatchObject({ untilMs: NOW_MS + settings.notFoundTtlMs });
    const { error } = (await store.jobs.get(jobId))!;
    expect(error?.detail).toContain(new Date(NOW_MS - 60_000).toISOString());
  });

  it('passes on how long Goodreads asked to wait', async () => {
    const { run } = await openJob(() => ({ kind: 'overloaded', reason: 'Goodreads answered 429.' }), { retryAfterMs: 7_000 });
    expect(await run()).toMatchObject({ next: 'retry', code: 'crawl-failed', retryAfterMs: 7_000 });
  });

  it('keeps a page that is not recognised, and fails at once', async () => {
    const { store, run } = await openJob(() => ({ kind: 'unrecognised', reason: 'The page is none that Quire knows.' }));
    expect(await run()).toMatchObject({ next: 'settle', code: 'page-not-recognised' });
    const page = await store.pages.get(jobId, NOW_MS);
    expect(gunzipSync(page!.bytes).toString()).toBe('<html></html>');
  });

  it('asks again for a page that was cut off, and then ends as a page that is not recognised', async () => {
    const { store, run } = await openJob(() => ({ kind: 'unrecognised', reason: 'The page is cut off.' }), { page: '<html><body>' });
    expect(await run()).toMatchObject({ next: 'retry', code: 'page-not-recognised' });
    expect(await store.jobs.isLive(jobId)).toBe(true);
    expect(await run({ attempt: 3, starts: 3 })).toMatchObject({ next: 'settle', code: 'page-not-recognised' });
    // Suggestions are JSON.
    const json = await openJob(() => ({ kind: 'unrecognised', reason: 'It is no list.' }), { page: '{}', type: 'application/json' });
    expect(await json.run()).toMatchObject({ next: 'settle', code: 'page-not-recognised' });
    const { error, timeline } = (await store.jobs.get(jobId))!;
    expect(error).toEqual({ code: 'page-not-recognised', detail: 'The page is cut off (after 3 attempts).' });
    expect(timeline.map(({ event }) => event)).toContain('attempt-failed');
  });

  it('waits without end for a source that cannot be reached, and pays only when other requests get through', async () => {
    const untilMs = NOW_MS + 5_000;
    let closed: SourceState['closed'] = { untilMs, why: 'unreachable' };
    const fail = (): never => {
      throw new FetchFault('unreachable', 'No connection to Goodreads came about (ENOTFOUND).');
    };
    const { store, run } = await openJob(fail, { current: () => ({ ...openSource, closed }) });
    expect(await run({ attempt: 3, starts: 1_000 })).toEqual({ next: 'wait-for-source', untilMs });
    closed = null;
    expect(await run({ attempt: 3, starts: MAX_FREE_STARTS })).toMatchObject({ next: 'wait-for-source' });
    expect((await store.jobs.get(jobId))?.timeline).toEqual([]);
    expect(await run({ attempt: 2, starts: MAX_FREE_STARTS + 1 })).toMatchObject({ next: 'retry', code: 'crawl-failed' });
    expect(await run({ attempt: 3, starts: MAX_FREE_STARTS + 2 })).toMatchObject({ next: 'settle', code: 'crawl-failed' });
  });

  it('gives the job back when the worker stops, and settles nothing when the job was cancelled', async () => {
    const { store, run } = await openJob(() => {
      throw new Error('aborted');
    });
    expect(await run({ signal: AbortSignal.abort('shutdown') })).toEqual({ next: 'requeue' });
    expect(await run({ signal: AbortSignal.abort('cancelled') })).toEqual({ next: 'done', outcome: 'cancelled' });
    expect(await store.jobs.isLive(jobId)).toBe(true);
  });

  it('costs no attempt while the store is away, until the job was started too often', async () => {
    const { run } = await openJob(() => {
      throw new QuireError('store-unavailable', 'The store does not answer.');
    });
    expect(await run({ starts: 2 })).toEqual({ next: 'later', atMs: NOW_MS + 500, missingAtMs: null });
    await expect(run({ starts: 11 })).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});
