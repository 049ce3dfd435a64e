/** A job that ends every worker that takes it must not go round for ever. */
import { Worker, type BackendFactory } from 'bullmq';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createBatches } from '../../../src/app/batches/batches.ts';
import { readConfig } from '../../../src/config/config.ts';
import { createCrawling } from '../../../src/crawl/crawling.ts';
import { createBookJobs } from '../../../src/queue/book-jobs.ts';
import { createProcessor } from '../../../src/queue/parse-book-processor.ts';
import { MAX_INTERRUPTED, openQueue, PARSE_BOOK } from '../../../src/queue/parse-book-queue.ts';
import { createProcessBook } from '../../../src/app/process-book.ts';
import { createJobWorker } from '../../../src/queue/parse-book-worker.ts';
import { startGoodreads } from '../../support/goodreads.ts';
import { noCollections } from '../../support/quiet.ts';
import { recordUntil } from '../../support/record-until.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { testMeters } from '../../support/meters.ts';

describe.each(inThisRun(eachStore))('a poison job on the $name store', ({ make, name }) => {
  it('fails as poison with the name of its worker, and its batch ends', async () => {
    const { store, cleanup } = await make();
    const goodreads = await startGoodreads();
    const config = readConfig({ GOODREADS_ORIGIN: goodreads.origin, CRAWL_RATE: '0' });
    const log = pino({ level: 'silent' });
    const queue = openQueue(store, () => undefined);
    const crawling = createCrawling({ store, config, version: '0', log, meters: testMeters() });
    const jobs = createBookJobs(store, queue);
    const enter = () => Promise.resolve(() => undefined);
    const batches = createBatches({ collections: noCollections, store, queue: jobs, enter, source: crawling.source, log, now: Date.now });
    const { batchId } = await batches.submit({
      links: ['https://www.goodreads.com/book/show/1800000001'],
      priority: 'normal',
      maxAgeMs: null,
      webhook: null,
    });

    // On the embedded store a worker dies with its process, and the next start counts it; elsewhere BullMQ's stalled check does.
    const deaths = name === 'embedded' ? MAX_INTERRUPTED + 1 : 3;
    const settings = {
      attempts: 3,
      bookTtlMs: 1e9,
      bookRetentionMs: 1e9,
      notFoundTtlMs: 1e9,
      notFoundRecheckMs: 10,
    };
    // What a worker does with a page that never lets go of it.
    let asked = 0;
    const crawl = (): Promise<never> => {
      asked += 1;
      return new Promise(() => undefined);
    };
    const rest = {
      store,
      source: crawling.source,
      log,
      watch: { observe: () => undefined },
      announce: async () => undefined,
      announceFailure: async () => undefined,
      endBatch: async () => null,
    };
    const time = { now: Date.now, random: Math.random };
    const hangs = createProcessor({
      processBook: createProcessBook({ ...rest, ...time, crawler: { ...crawling.crawler, crawl }, settings }),
      attempts: settings.attempts,
      onClosed: () => undefined,
      meters: testMeters(),
    });
    // A worker that takes the job and dies: its lock runs out, and nobody finishes the job.
    for (let death = 1; death <= deaths; death++) {
      const { connection, prefix } = store.queueBackend.options('worker');
      const victim = new Worker(
        PARSE_BOOK,
        (job, token = '') => hangs(job, token, new AbortController().signal),
        { connection, prefix, name: `host-${death}:1`, lockDuration: 60, stalledInterval: 40, skipLockRenewal: true, maxStalledCount: 2 },
        store.queueBackend.factory as BackendFactory,
      );
      victim.on('error', () => undefined);
      // The last death is found by the worker under test.
      const found = death === deaths || name === 'embedded' ? undefined : recordUntil(victim, ['stalled'], () => true);
      await waitUntil('the page to be asked for', () => asked === death);
      await found;
      await victim.close(true);
      if (name === 'embedded' && death < deaths) await store.queueBackend.recover(PARSE_BOOK, MAX_INTERRUPTED);
    }

    const worker = createJobWorker({
      ...rest,
      ...time,
      onFault: () => undefined,
      meters: testMeters(),
      queue,
      crawler: crawling.crawler,
      settings: { ...settings, concurrency: 1, backoffBaseMs: 5, drainSeconds: 1 },
      lockMs: 1_000,
      stalledCheckMs: 40,
    });
    await worker.start();
    const record = await waitUntil('the job to end', async () => {
      const job = await store.jobs.get('book-1800000001' as never);
      return job && job.state !== 'live' ? job : undefined;
    });
    expect(record).toMatchObject({ state: 'failed', error: { code: 'poison' } });
    // The last that had it, not the one that found it without a worker.
    expect(record.error?.detail).toBe(`Its worker died or hung ${deaths} times while working on it; the last was host-${deaths}:1.`);
    expect(await batches.view(batchId)).toMatchObject({ counts: { failed: 1, queued: 0 }, state: 'completed' });

    await worker.stop();
    await crawling.close();
    await queue.close();
    await goodreads.stop();
    await cleanup();
  });
});
