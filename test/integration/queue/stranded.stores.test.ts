/** Links that are recorded and not in the queue, as after a process that died in between: they do not wait for the reconciler's round. */
import { expect, it, onTestFinished, describe } from 'vitest';
import type { BatchId } from '../../../src/domain/batch.ts';
import { bookReference, type BookId } from '../../../src/domain/identity.ts';
import { createProducer } from '../../../src/queue/producer.ts';
import { openQueue, openWorker } from '../../../src/queue/parse-book-queue.ts';
import { createReconciler } from '../../../src/app/reconcile.ts';
import { createPostgresStore } from '../../../src/storage/postgres/store.ts';
import { runIdOf } from '../../../src/domain/run-id.ts';
import type { Store } from '../../../src/storage/store.ts';
import { startPostgres } from '../../support/postgres-server.ts';
import { recordUntil } from '../../support/record-until.ts';
import { startQuire, STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore, TEST_SETTINGS } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { noCollections, silentLog } from '../../support/quiet.ts';
import { createBookJobs } from '../../../src/queue/book-jobs.ts';

/** Records links without giving them to the queue; `null` records a job that no batch waits for. */
async function record(store: Store, batchId: BatchId | null, id: string) {
  const { jobId, url } = bookReference(id as BookId);
  const options = { priority: 'normal', maxAgeMs: null } as const;
  const items = [{ index: 0, input: url, jobId, bookId: id as BookId, duplicates: 0, reason: null }];
  const batch = batchId && { batchId, options: { ...options, webhook: null }, total: 1, last: true };
  await store.batches.submit({ batch, nowMs: Date.now(), run: 'stranded', items, ...options });
  return jobId;
}

describe.each(inThisRun(STORES))('a link that never reached the queue, on the %s store', (store) => {
  it('is queued within seconds while no job waits', async () => {
    const quire = await startQuire(store);
    onTestFinished(quire.stop);
    const [first = '', second = ''] = quire.goodreads.ids;
    const startedMs = performance.now();
    const batchId = 'stranded0000000000ab' as BatchId;
    await record(quire.service.store, batchId, first);
    const solo = await record(quire.service.store, null, second);
    expect((await quire.ended(batchId, 50_000)).counts).toMatchObject({ parsed: 1 });
    await waitUntil('the job without a batch', async () => (await quire.get(`/jobs/${solo}`)).body.state === 'parsed', {
      timeoutMs: 50_000,
    });
    // The round looks at what has stood still for 30 s, and at nothing younger.
    expect(performance.now() - startedMs).toBeLessThan(29_000);
  });
});

describe.each(inThisRun(eachStore))('the quick look, on the $name store', ({ make }) => {
  it('does nothing while jobs wait, and requeues lost jobs while none does', async () => {
    const { store, cleanup } = await make();
    onTestFinished(cleanup);
    const queue = openQueue(store, () => undefined);
    onTestFinished(() => queue.close());
    let waiting = 1;
    const reconciler = createReconciler({
      announceFailure: async () => undefined,
      collections: noCollections,
      store,
      queue: { ...createBookJobs(store, queue), waiting: () => Promise.resolve(waiting) },
      log: silentLog,
      batchTtlMs: 1e9,
      now: () => Date.now() + 5_000,
    });
    const jobId = await record(store, 'stranded0000000000cd' as BatchId, '1');
    expect(await reconciler.look()).toBe(0);
    waiting = 0;
    expect(await reconciler.look()).toBe(1);
    expect(await queue.getJob(runIdOf(jobId, 'stranded'))).toBeDefined();
    expect(await reconciler.look()).toBe(0);
  });
});

it.each(inThisRun(eachStore))('a job that BullMQ finished without the use case is settled as failed: $name', async ({ make }) => {
  const { store, cleanup } = await make();
  onTestFinished(cleanup);
  const queue = openQueue(store, () => undefined);
  onTestFinished(() => queue.close());
  const producer = createProducer(store, queue);
  const batchId = 'stranded0000000000ij' as BatchId;
  const jobId = await record(store, batchId, '1');
  await producer.enqueue([{ jobId, run: 'stranded' }], 'normal');
  // It ends in BullMQ while our record is still live, as after a crash between the two.
  const options = { concurrency: 1, backoffMs: () => 1, onError: () => undefined };
  const forgetful = openWorker(store, async () => ({ outcome: 'parsed' }), options);
  const ended = recordUntil(forgetful, ['completed'], () => true);
  await forgetful.waitUntilReady();
  forgetful.run().catch(() => undefined);
  await ended;
  await forgetful.close();
  expect(await store.jobs.get(jobId)).toMatchObject({ state: 'live' });

  const announced: string[] = [];
  const reconciler = createReconciler({
    announceFailure: async ({ jobId: failed, state }) => void announced.push(`${failed} ${state}`),
    collections: noCollections,
    store,
    queue: { ...createBookJobs(store, queue), waiting: () => Promise.resolve(0) },
    log: silentLog,
    batchTtlMs: 1e9,
    now: () => Date.now() + 60_000,
  });
  expect(await reconciler.round()).toBe(0);
  expect(announced).toEqual([`${jobId} failed`]);
  expect(await store.jobs.get(jobId)).toMatchObject({
    state: 'failed',
    error: { code: 'poison', detail: 'Its worker ended before it could record the outcome of the job.' },
  });
  expect(await store.batches.get(batchId)).toMatchObject({ counts: { failed: 1, queued: 0 }, endedAtMs: expect.any(Number) });
});

it('a job that the queue does not take is queued once the queue is back', async () => {
  const first = await startPostgres();
  onTestFinished(() => first.stop());
  const store = createPostgresStore({ url: first.url, settings: TEST_SETTINGS });
  onTestFinished(() => store.stop());
  await store.start();
  const queue = openQueue(store, () => undefined);
  onTestFinished(() => queue.close());
  const producer = createProducer(store, queue);
  onTestFinished(() => producer.close());
  const kept = await record(store, 'stranded0000000000ef' as BatchId, '1');
  const cancelled = await record(store, 'stranded0000000000gh' as BatchId, '2');
  await store.jobs.cancel(cancelled, Date.now());
  await first.kill9();
  const jobs = [kept, cancelled].map((jobId) => ({ jobId, run: 'stranded' }));
  await expect(producer.enqueue(jobs, 'bulk')).rejects.toMatchObject({ code: 'store-unavailable' });
  const again = await startPostgres({ dir: first.dir, port: first.port });
  onTestFinished(() => again.stop());
  const job = await waitUntil('the job', async () => (await queue.getJob(runIdOf(kept, 'stranded')).catch(() => undefined)) ?? false, {
    timeoutMs: 20_000,
  });
  expect(job.opts.priority).toBe(2);
  expect(await queue.getJob(runIdOf(cancelled, 'stranded'))).toBeUndefined();
});
