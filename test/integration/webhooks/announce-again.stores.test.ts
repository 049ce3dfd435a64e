import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bookReference, type BookId, type JobId } from '../../../src/domain/identity.ts';
import { createProcessBook, type ProcessBookDeps } from '../../../src/app/process-book.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore, type MadeStore } from '../../support/stores.ts';
import type { Store } from '../../../src/storage/store.ts';
import { createParts } from './rig.ts';

const settings = { attempts: 5, bookTtlMs: 60_000, bookRetentionMs: 600_000, notFoundTtlMs: 60_000, notFoundRecheckMs: 10 };

/** What a run needs that crawls nothing. */
function depsOf(store: Store): ProcessBookDeps {
  const unused = (): never => {
    throw new Error('nothing is crawled again');
  };
  return {
    store,
    crawler: { crawl: unused, close: unused } as unknown as ProcessBookDeps['crawler'],
    source: { current: unused },
    settings,
    log: { trace: unused, debug: unused, info: unused, warn: unused, error: unused },
    watch: { observe: unused },
    announce: unused,
    announceFailure: unused,
    endBatch: async () => null,
    now: Date.now,
    random: Math.random,
  };
}

describe.each(inThisRun(eachStore))('a worker that dies between settling and announcing, on the $name store', (kind) => {
  let made: MadeStore;
  beforeAll(async () => {
    made = await kind.make();
  });
  afterAll(() => made.cleanup());

  it('leaves a job whose next run announces the book', async () => {
    const { store } = made;
    const { announcer, webhooks, queue } = createParts(store);
    const { id } = await webhooks.create({ url: 'http://127.0.0.1:1/', events: ['book.parsed'] });
    const jobId = 'book-4711' as JobId;
    const run = 'run1';
    const link = { index: 0, input: 'x', jobId, bookId: '4711' as BookId, duplicates: 0, reason: null };
    await store.batches.submit({ batch: null, nowMs: Date.now(), run, priority: 'normal', maxAgeMs: null, items: [link] });
    const nowMs = Date.now();
    const body = Buffer.from(JSON.stringify({ id: '4711', url: 'u', title: 'T', author: 'A', fetchedAt: 'f' }));
    const book = {
      bookId: '4711' as BookId,
      body,
      etag: 'abcdefghijklmnop',
      fetchedAtMs: nowMs,
      freshUntilMs: nowMs + 60_000,
      richness: 3,
    };
    await store.jobs.settle({
      jobId,
      run,
      nowMs,
      outcome: 'parsed',
      attempts: 1,
      book,
      keepUntilMs: nowMs + 600_000,
    });

    const deps = { ...depsOf(store), announce: announcer.announceBook };
    const { signal } = new AbortController();
    const task = { jobId, run, reference: bookReference('4711' as BookId), attempt: 1, starts: 2, missingAtMs: null, signal };
    expect(await createProcessBook(deps)(task)).toEqual({ next: 'done', outcome: 'settled before' });
    expect((await webhooks.deliveries(id, { cursor: null, limit: 10 })).deliveries).toMatchObject([
      { type: 'book.parsed', state: 'pending' },
    ]);
    expect(queue).toHaveLength(1);
    await createProcessBook(deps)(task);
    expect((await webhooks.deliveries(id, { cursor: null, limit: 10 })).deliveries).toHaveLength(1);
  });

  it('leaves a job whose next run announces that it failed', async () => {
    const { store } = made;
    const { announcer, webhooks } = createParts(store);
    const { id } = await webhooks.create({ url: 'http://127.0.0.1:1/', events: ['book.failed'] });
    const jobId = 'book-4712' as JobId;
    const link = { index: 0, input: 'x', jobId, bookId: '4712' as BookId, duplicates: 0, reason: null };
    await store.batches.submit({ batch: null, nowMs: Date.now(), run: 'run1', priority: 'bulk', maxAgeMs: null, items: [link] });
    const error = { code: 'crawl-failed', detail: 'No answer.' } as const;
    await store.jobs.settle({ jobId, run: 'run1', nowMs: Date.now(), outcome: 'failed', attempts: 5, error });
    const processBook = createProcessBook({ ...depsOf(store), announceFailure: announcer.announceFailure });
    const { signal } = new AbortController();
    const task = { jobId, run: 'run1', reference: bookReference('4712' as BookId), attempt: 1, starts: 2, missingAtMs: null, signal };
    for (let times = 0; times < 2; times++) expect(await processBook(task)).toEqual({ next: 'done', outcome: 'settled before' });
    const { deliveries } = await webhooks.deliveries(id, { cursor: null, limit: 10 });
    expect(deliveries).toMatchObject([{ type: 'book.failed', state: 'pending' }]);
    expect((await webhooks.delivery(deliveries[0]?.id ?? '')).payload).toMatchObject({
      data: { bookId: '4712', jobId, reason: 'crawl-failed', detail: 'No answer.', attempts: 5, priority: 'bulk' },
    });
  });
});
