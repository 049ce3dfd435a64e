/** A fault of ours, such as a parser that throws, ends in a failed job that says so, not in one that waits for the reconciler. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { referenceOfJob, type JobId } from '../../../src/domain/identity.ts';
import { readConfig } from '../../../src/config/config.ts';
import { createCrawling } from '../../../src/crawl/crawling.ts';
import { newRun } from '../../../src/domain/run-id.ts';
import { createProducer } from '../../../src/queue/producer.ts';
import { openQueue } from '../../../src/queue/parse-book-queue.ts';
import { createJobWorker } from '../../../src/queue/parse-book-worker.ts';
import { startGoodreads } from '../../support/goodreads.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { testMeters } from '../../support/meters.ts';

describe.each(inThisRun(eachStore))('a job that fails with an unexpected error, on the $name store', ({ make }) => {
  it('is retried as often as others, logged each time, and fails as an internal error', async () => {
    const { store, cleanup } = await make();
    const goodreads = await startGoodreads();
    const config = readConfig({ GOODREADS_ORIGIN: goodreads.origin, CRAWL_RATE: '0' });
    const errors: object[] = [];
    const log = { trace() {}, debug() {}, info() {}, warn() {}, error: (fields: object) => void errors.push(fields) };
    const queue = openQueue(store, () => undefined);
    const classify = (): never => {
      throw new TypeError('cannot read properties of undefined');
    };
    const crawling = createCrawling({ store, config, version: '0', log: pino({ level: 'silent' }), meters: testMeters() });
    const worker = createJobWorker({
      store,
      queue,
      crawler: { crawl: async (request, options) => crawling.crawler.crawl({ ...request, classify }, options) },
      source: crawling.source,
      settings: {
        attempts: 2,
        bookTtlMs: 1e9,
        bookRetentionMs: 1e9,
        notFoundTtlMs: 1e9,
        notFoundRecheckMs: 10,
        concurrency: 1,
        backoffBaseMs: 5,
        drainSeconds: 1,
      },
      onFault: () => undefined,
      meters: testMeters(),
      log,
      watch: { observe: () => undefined },
      announce: async () => undefined,
      announceFailure: async () => undefined,
      endBatch: async () => null,
      now: Date.now,
      random: Math.random,
    });
    try {
      const jobId = 'book-1800000002' as JobId;
      const [nowMs, run] = [Date.now(), newRun(Date.now())];
      const item = { index: 0, input: referenceOfJob(jobId)?.url ?? '', jobId, bookId: null, duplicates: 0, reason: null };
      await store.batches.submit({ batch: null, nowMs, run, priority: 'normal', maxAgeMs: null, items: [item] });
      await createProducer(store, queue).enqueue([{ jobId, run }], 'normal');
      await worker.start();
      const record = await waitUntil('the job to end', async () => {
        const job = await store.jobs.get(jobId);
        return job && job.state !== 'live' ? job : undefined;
      });
      expect(record).toMatchObject({ state: 'failed', attempts: 2, error: { code: 'internal-error' } });
      // What the error says is for the log alone.
      expect(record.error?.detail).not.toContain('undefined');
      expect(errors).toMatchObject([
        { jobId, err: { name: 'TypeError' } },
        { jobId, err: { name: 'TypeError' } },
      ]);
    } finally {
      await worker.stop();
      await crawling.close();
      await queue.close();
      await goodreads.stop();
      await cleanup();
    }
  });
});
