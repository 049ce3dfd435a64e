import type { Job } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BookId, JobId } from '../../../src/domain/identity.ts';
import { createParseBook, type ParseBookDeps } from '../../../src/app/process-book.ts';
import { runIdOf } from '../../../src/domain/run-id.ts';
import { eachStore, type MadeStore } from '../../support/stores.ts';
import { createParts } from './rig.ts';

const settings = { attempts: 5, bookTtlMs: 60_000, bookRetentionMs: 600_000, notFoundTtlMs: 60_000, notFoundRecheckMs: 10 };

describe.each(eachStore)('a worker that dies between settling and announcing, on the $name store', (kind) => {
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
      error: null,
      book,
      keepUntilMs: nowMs + 600_000,
      missingUntilMs: 0,
    });

    const unused = (): never => {
      throw new Error('nothing is crawled again');
    };
    const deps: ParseBookDeps = {
      store,
      crawler: { crawl: unused, close: unused } as unknown as ParseBookDeps['crawler'],
      heldUntilMs: () => 0,
      settings,
      log: { debug: unused, warn: unused },
      hold: unused,
      observe: unused,
      announce: announcer.announceBook,
    };
    const job = { id: runIdOf(jobId, run), name: 'parse-book', opts: {}, attemptsStarted: 2, attemptsMade: 0, data: {} } as unknown as Job;
    expect(await createParseBook(deps)(job, 'token', new AbortController().signal)).toEqual({ outcome: 'settled before' });
    expect((await webhooks.deliveries(id, { cursor: null, limit: 10 })).deliveries).toMatchObject([
      { type: 'book.parsed', state: 'pending' },
    ]);
    expect(queue).toHaveLength(1);
    await createParseBook(deps)(job, 'token', new AbortController().signal);
    expect((await webhooks.deliveries(id, { cursor: null, limit: 10 })).deliveries).toHaveLength(1);
  });
});
