/** Joining, overtaking, cancelling, redriving, losing and finding jobs: on every store, with real queues. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { createReconciler } from '../../../src/app/reconcile.ts';
import { createBookJobs } from '../../../src/queue/book-jobs.ts';
import { openQueue, PARSE_BOOK } from '../../../src/queue/parse-book-queue.ts';
import { noCollections, silentLog } from '../../support/quiet.ts';
import { runIdOf } from '../../../src/domain/run-id.ts';
import type { BatchId } from '../../../src/domain/batch.ts';
import type { JobId } from '../../../src/domain/identity.ts';
import { startQuire, STORES, type TestQuire } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { startStopwatch } from '../../support/stopwatch.ts';
import { waitUntil } from '../../support/wait-until.ts';

const link = (id: number | string): string => `https://www.goodreads.com/book/show/${id}`;

describe.each(inThisRun(STORES))('jobs on the %s store', (store) => {
  let quire: TestQuire;
  let nextId = 1_700_000_000;
  const newIds = (count: number): number[] => Array.from({ length: count }, () => nextId++);

  beforeAll(async () => {
    quire = await startQuire(store, { settings: { CRAWL_CONCURRENCY: '2', CRAWL_TIMEOUT: '20s', CRAWL_ATTEMPTS: '2' } });
  });
  afterAll(() => quire.stop());
  beforeEach(async () => {
    await quire.goodreads.control({ mode: 'open' });
    await quire.goodreads.resetStats();
  });

  const requested = async (id: number): Promise<number> => (await quire.goodreads.stats()).byId[id] ?? 0;
  const runOf = async (id: number): Promise<string> =>
    runIdOf(`book-${id}` as JobId, (await quire.service.store.jobs.get(`book-${id}` as JobId))?.run ?? '');
  /** Keeps both workers' hands full until the stand-in is told otherwise. */
  const occupy = async (): Promise<string> => {
    const ids = newIds(2);
    await quire.goodreads.control({ mode: 'hang', ids });
    const { batchId } = await quire.submit(ids.map(link));
    await waitUntil('both places to be taken', async () => (await quire.get(`/batches/${batchId}`)).body.counts.active === 2);
    return batchId;
  };

  it('a book that is being fetched is joined by any number of batches, and fetched once', async () => {
    const [id = 0] = newIds(1);
    const busy = await occupy();
    const first = await quire.submit([link(id)]);
    const others = await Promise.all(
      Array.from({ length: 5 }, () => quire.submit([link(`${id}-a-slug`), `https://m.goodreads.com/book/show/${id}`])),
    );
    for (const other of others)
      expect(other).toMatchObject({ counts: { total: 1, joined: 1 }, items: [{ status: 'joined', jobId: `book-${id}`, duplicates: 1 }] });
    await quire.delete(`/batches/${busy}`);
    for (const { batchId } of [first, ...others]) expect((await quire.ended(batchId)).counts).toMatchObject({ parsed: 1 });
    expect(await requested(id)).toBe(1);
    expect((await quire.get(`/jobs/book-${id}`)).body).toMatchObject({ state: 'parsed', waiters: 6 });
  });

  it('maxAge=0 crawls again; without it a fresh copy comes from the store', async () => {
    const [id = 0] = newIds(1);
    await quire.ended((await quire.submit([link(id)])).batchId);
    const before = (await quire.get(`/book-info?id=${id}`)).body.fetchedAt;
    expect(await quire.submit([link(id)])).toMatchObject({ counts: { cached: 1 } });
    const again = await quire.submit([link(id)], '?maxAge=0');
    expect(again).toMatchObject({ counts: { queued: 1 } });
    expect((await quire.ended(again.batchId)).counts).toMatchObject({ parsed: 1 });
    expect(await requested(id)).toBe(2);
    expect((await quire.get(`/book-info?id=${id}`)).body.fetchedAt > before).toBe(true);
  });

  it('interactive jobs overtake normal ones, normal ones overtake bulk', async () => {
    const busy = await occupy();
    const [bulk, normal, interactive, raised] = [newIds(3), newIds(3), newIds(3), newIds(1)] as [number[], number[], number[], number[]];
    const batches = [
      await quire.submit([...bulk, ...raised].map(link), '?priority=bulk'),
      await quire.submit(normal.map(link)),
      await quire.submit(interactive.map(link), '?priority=interactive'),
    ];
    // A job that waits as bulk is wanted urgently now: it moves up.
    batches.push(await quire.submit(raised.map(link), '?priority=interactive'));
    await quire.delete(`/batches/${busy}`);
    for (const { batchId } of batches) await quire.ended(batchId);
    const order = Object.keys((await quire.goodreads.stats()).byId).map(Number);
    const at = async (ids: number[]): Promise<number[]> =>
      Promise.all(ids.map(async (id) => Date.parse((await quire.get(`/jobs/book-${id}`)).body.settledAt)));
    const mean = (times: number[]): number => times.reduce((a, b) => a + b, 0) / times.length;
    expect(order).toEqual(expect.arrayContaining([...bulk, ...normal, ...interactive, ...raised]));
    const [iAt, nAt, bAt, rAt] = [mean(await at(interactive)), mean(await at(normal)), mean(await at(bulk)), mean(await at(raised))] as [
      number,
      number,
      number,
      number,
    ];
    expect(iAt).toBeLessThanOrEqual(nAt);
    expect(nAt).toBeLessThanOrEqual(bAt);
    expect(rAt).toBeLessThanOrEqual(nAt);
  });

  it('a cancelled batch keeps jobs with other waiters, removes the rest from the queue, and stops running ones within a second', async () => {
    const [running = 0, waiting = 0, shared = 0] = newIds(3);
    const busyIds = newIds(1);
    await quire.goodreads.control({ mode: 'hang', ids: [running, ...busyIds] });
    const mine = await quire.submit([running, ...busyIds, waiting, shared].map(link));
    const theirs = await quire.submit([link(shared)]);
    await waitUntil('both to run', async () => (await quire.get(`/batches/${mine.batchId}`)).body.counts.active === 2);
    const watch = startStopwatch();
    onTestFinished(watch.stop);
    const answer = await quire.delete(`/batches/${mine.batchId}`);
    expect(answer.status).toBeLessThan(300);
    expect(await quire.ended(mine.batchId)).toMatchObject({ state: 'cancelled', counts: { cancelled: 4, queued: 0 } });
    expect((await quire.ended(theirs.batchId)).counts).toMatchObject({ parsed: 1 });
    // The places of the two that hung were free within the second: the shared book got one.
    expect(watch.elapsedMs()).toBeLessThan(1_500);
    expect(await requested(waiting)).toBe(0);
    expect((await quire.get(`/jobs/book-${running}`)).body).toMatchObject({ state: 'cancelled' });
  });

  it('a job can be cancelled for all its waiters, and submitted again', async () => {
    const [id = 0] = newIds(1);
    const busy = await occupy();
    const { batchId } = await quire.submit([link(id)]);
    expect((await quire.delete(`/jobs/book-${id}`)).status).toBeLessThan(300);
    expect((await quire.ended(batchId)).counts).toMatchObject({ cancelled: 1 });
    const again = await quire.submit([link(id)]);
    expect(again.counts).toMatchObject({ queued: 1 });
    await quire.delete(`/batches/${busy}`);
    expect((await quire.ended(again.batchId)).counts).toMatchObject({ parsed: 1 });
  });

  it('the estimate of a batch counts the backlog before it; that of an interactive batch does not', async () => {
    const slow = await startQuire(store, { settings: { CRAWL_RATE: '0.1', CRAWL_CONCURRENCY: '1' } });
    try {
      const [before, after, urgent] = [newIds(30), newIds(5), newIds(5)] as [number[], number[], number[]];
      await slow.submit(before.map(link));
      const late = await slow.submit(after.map(link));
      const first = await slow.submit(urgent.map(link), '?priority=interactive');
      const etaOf = async ({ batchId }: { batchId: string }): Promise<number> => (await slow.get(`/batches/${batchId}`)).body.etaSeconds;
      // One page in ten seconds: forty or so wait in all, five of them before everybody. A count that took long is used for some time.
      await waitUntil('an estimate with the backlog in it', async () => (await etaOf(late)) >= 350);
      expect(await etaOf(first)).toBeLessThanOrEqual(60);
    } finally {
      await slow.stop();
    }
  });

  it('failed jobs are listed by reason, retried one by one or redriven together', async () => {
    const ids = newIds(3);
    await quire.goodreads.control({ mode: 'truncated', ids });
    await quire.ended((await quire.submit(ids.map(link))).batchId);
    const listed = await quire.get('/jobs?state=failed&reason=page-not-recognised');
    expect(listed.body.jobs.map((job: { jobId: string }) => job.jobId)).toEqual(expect.arrayContaining(ids.map((id) => `book-${id}`)));
    expect((await quire.get('/jobs?state=failed&reason=poison')).body.jobs).toEqual([]);
    await quire.goodreads.control({ mode: 'open' });
    const [first = 0, ...others] = ids;
    expect((await quire.post(`/jobs/book-${first}/retry`)).status).toBe(202);
    await waitUntil('the retried job', async () => (await quire.get(`/jobs/book-${first}`)).body.state === 'parsed');
    expect((await quire.post('/failures/redrive', { reason: 'page-not-recognised' })).body).toMatchObject({ queued: others.length });
    for (const id of others) await waitUntil('the redriven job', async () => (await quire.get(`/jobs/book-${id}`)).body.state === 'parsed');
  });

  it('a job that BullMQ lost is found and requeued', async () => {
    const { store: records } = quire.service;
    const queue = openQueue(records, () => undefined);
    onTestFinished(() => queue.close());
    const busy = await occupy();
    const [lost = 0, kept = 0] = newIds(2);
    const { batchId } = await quire.submit([lost, kept].map(link));
    const [lostRun, keptRun] = [await runOf(lost), await runOf(kept)];
    await queue.remove(lostRun);
    const reconciler = createReconciler({
      announceFailure: async () => undefined,
      collections: noCollections,
      store: records,
      queue: { ...createBookJobs(records, queue), waiting: () => Promise.resolve(0) },
      log: silentLog,
      batchTtlMs: 1e9,
      idleMs: -1_000,
    });
    expect(await reconciler.round()).toBeGreaterThanOrEqual(1);
    expect(await records.queueBackend.has(PARSE_BOOK, [lostRun, keptRun])).toEqual([true, true]);
    const eventsOf = async (id: number): Promise<string[]> =>
      (await quire.get(`/jobs/book-${id}`)).body.timeline.map((entry: { event: string }) => entry.event);
    expect(await eventsOf(lost)).toContain('retried');
    expect(await eventsOf(kept)).not.toContain('retried');
    await quire.delete(`/batches/${busy}`);
    expect((await quire.ended(batchId)).counts).toMatchObject({ parsed: 2 });
  });

  it('a batch whose submission died half-way is cancelled, because no caller knows it', async () => {
    const { store: records } = quire.service;
    const queue = openQueue(records, () => undefined);
    const [late = 0, early = 0] = newIds(2);
    const run = `r${Date.now().toString(36)}`;
    /** Records the first item of five, by a clock that is `aheadMs` ahead. */
    const begin = async (id: number, aheadMs: number): Promise<BatchId> => {
      const batchId = `orphan${Date.now().toString(36)}${id}${store}`.slice(0, 20) as BatchId;
      await records.batches.submit({
        batch: { batchId, options: { priority: 'normal', maxAgeMs: null, webhook: null }, total: 5, last: false },
        nowMs: Date.now() + aheadMs,
        run,
        priority: 'normal',
        maxAgeMs: null,
        items: [{ index: 0, input: link(id), jobId: `book-${id}` as JobId, bookId: null, duplicates: 0, reason: null }],
      });
      return batchId;
    };
    const [old, young] = [await begin(late, -120_000), await begin(early, 3_600_000)];
    await createReconciler({
      announceFailure: async () => undefined,
      collections: noCollections,
      store: records,
      queue: createBookJobs(records, queue),
      log: silentLog,
      batchTtlMs: 1e9,
    }).round();
    expect(await records.batches.get(old)).toMatchObject({ counts: { cancelled: 5, queued: 0 }, total: 5 });
    // One that a clock gone wrong put into the future may still be under way: it stays, and no job of it runs.
    expect(await records.batches.get(young)).toMatchObject({ counts: { queued: 5 }, endedAtMs: null });
    const runIds = [late, early].map((id) => runIdOf(`book-${id}` as JobId, run));
    expect(await records.queueBackend.has(PARSE_BOOK, runIds)).toEqual([false, false]);
    await records.batches.cancel(young, Date.now());
    await queue.close();
  });

  it('a stopping worker requeues its jobs, and an interrupted job keeps its attempts', async () => {
    const other = await startQuire(store, { settings: { DRAIN_SECONDS: '0', CRAWL_CONCURRENCY: '2', CRAWL_TIMEOUT: '30s' } });
    const [id = 0] = newIds(1);
    await other.goodreads.control({ mode: 'hang', ids: [id] });
    await other.submit([link(id)]);
    await waitUntil('the job to run', async () => (await other.get(`/jobs/book-${id}`)).body.state === 'active');
    const stopped = performance.now();
    await other.service.stop();
    // Not as long as the page hangs: 30 s.
    expect(performance.now() - stopped).toBeLessThan(15_000);
    await other.goodreads.control({ mode: 'open' });
    const { goodreads, env } = other;
    const next = await startQuire(store, { env, goodreads });
    await waitUntil('the job to be parsed', async () => (await next.get(`/jobs/book-${id}`)).body.state === 'parsed');
    expect((await next.get(`/jobs/book-${id}`)).body).toMatchObject({ attempts: 1, timeline: [{ event: 'queued' }, { event: 'parsed' }] });
    await next.stop();
    await other.stop();
  });
});
