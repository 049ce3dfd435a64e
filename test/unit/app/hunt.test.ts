/** Batches that look for books, on the rules of the store. */
import { describe, expect, it, vi } from 'vitest';
import { createCloseBatch } from '../../../src/app/batches/close-batch.ts';
import { createEndBatch } from '../../../src/app/batches/end-batch.ts';
import { createEndDue, OPEN_FOR_MS } from '../../../src/app/batches/end-due.ts';
import { settleParsed } from '../../../src/app/batches/hunt.ts';
import { createAddLinks } from '../../../src/app/batches/add-links.ts';
import type { AddAnswer, SubmitAnswer, SubmitRequest } from '../../../src/app/batches/batch-view.ts';
import { createSubmitLinks } from '../../../src/app/submit-links.ts';
import type { BatchId } from '../../../src/domain/batch.ts';
import type { BookId, JobId } from '../../../src/domain/identity.ts';
import type { JobRun } from '../../../src/domain/run-id.ts';
import type { UntilCondition } from '../../../src/domain/until.ts';
import type { StoredBook } from '../../../src/storage/store.ts';
import { HOUR_MS, jobOf, KEEP_UNTIL_MS, NOW_MS, sampleBook } from '../../contract/samples.ts';
import { createSpecification } from '../../specification/store.ts';
import { noCollections, silentLog } from '../../support/quiet.ts';
import { TEST_SETTINGS } from '../../support/stores.ts';
import { booksOf, Crash, openCollection } from './collection-scene.ts';

const ODD: UntilCondition = { field: 'title', equals: 'odd', count: 2 };

/** A book whose title says whether its number is odd. */
const bookOf = (id: number): StoredBook =>
  sampleBook(String(id) as BookId, { body: Buffer.from(JSON.stringify({ id: String(id), title: id % 2 === 1 ? 'Odd' : 'even' })) });
const linksOf = (...ids: number[]): string[] => ids.map(String);

/** A store, what the queue has, and the use cases. */
function open() {
  const store = createSpecification(TEST_SETTINGS, () => NOW_MS);
  const queued = new Map<JobId, string>();
  const cancelled: JobId[] = [];
  let nowMs = NOW_MS;
  const queue = {
    enqueue: vi.fn<(jobs: readonly JobRun[]) => Promise<void>>(async (jobs) => jobs.forEach(({ jobId, run }) => queued.set(jobId, run))),
    raisePriority: () => Promise.resolve(),
    cancel: async (jobs: readonly JobRun[]) => {
      for (const { jobId, run } of jobs) {
        if (queued.get(jobId) === run) queued.delete(jobId);
        cancelled.push(jobId);
      }
    },
  };
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (_fields: object, message: string) => void warnings.push(message) };
  const options = { store, queue, collections: noCollections, enter: () => Promise.resolve(() => undefined), log, now: () => nowMs };
  const submitLinks = createSubmitLinks(options);
  const addLinks = createAddLinks(options);
  const closeBatch = createCloseBatch(options);
  const hunt = { store, endBatch: createEndBatch({ store, queue, collections: noCollections, now: () => nowMs }), log };
  return {
    store,
    queue,
    queued,
    cancelled,
    warnings,
    endDue: createEndDue({ store, queue, collections: noCollections, log, now: () => nowMs }),
    sleep: (ms: number) => void (nowMs += ms),
    submit: (links: string[], more: Partial<SubmitRequest> = {}): Promise<SubmitAnswer> =>
      submitLinks({ links, priority: 'normal', maxAgeMs: null, webhook: null, ...more }),
    add: (batchId: BatchId, links: string[]): Promise<AddAnswer | null> => addLinks(batchId, links),
    close: closeBatch,
    keep: (...ids: number[]) => Promise.all(ids.map((id) => store.books.put(bookOf(id), [jobOf(String(id) as BookId)], KEEP_UNTIL_MS))),
    parse: (id: number) =>
      settleParsed(hunt, {
        jobId: jobOf(String(id) as BookId),
        run: queued.get(jobOf(String(id) as BookId)) ?? 'none',
        nowMs,
        attempts: 1,
        outcome: 'parsed',
        book: bookOf(id),
        keepUntilMs: KEEP_UNTIL_MS,
      }),
    batch: async (batchId: BatchId) => (await store.batches.get(batchId))!,
  };
}

describe('a batch that looks for books', () => {
  it('ends with the last book that it wants, skips what is queued, and cancels only jobs that nobody else wants', async () => {
    const scene = open();
    const { batchId } = await scene.submit(linksOf(1, 2, 3, 4, 5), { until: ODD });
    const other = await scene.submit(linksOf(5));
    expect(await scene.parse(1)).toEqual({ settled: true, stored: 'stored' });
    expect(await scene.parse(2)).toEqual({ settled: true, stored: 'stored' });
    expect(await scene.batch(batchId)).toMatchObject({ found: ['1'], endedAtMs: null });
    await scene.parse(3);
    expect(await scene.batch(batchId)).toMatchObject({
      found: ['1', '3'],
      endedAtMs: NOW_MS,
      cancelledAtMs: null,
      counts: { parsed: 3, skipped: 2, queued: 0 },
    });
    expect(scene.cancelled).toEqual(['book-4']);
    expect(await scene.batch(other.batchId)).toMatchObject({ endedAtMs: null, counts: { queued: 1 } });
  });

  it('never finds more than it wants, however many books arrive at once', async () => {
    const scene = open();
    const ids = Array.from({ length: 40 }, (_, n) => n + 1);
    const { batchId } = await scene.submit(linksOf(...ids), { until: { ...ODD, count: 7 } });
    await Promise.all(ids.map((id) => scene.parse(id)));
    const { found, counts, endedAtMs } = await scene.batch(batchId);
    expect([found.length, new Set(found).size, endedAtMs]).toEqual([7, 7, NOW_MS]);
    expect(found.every((id) => Number(id) % 2 === 1)).toBe(true);
    expect(counts.parsed + counts.skipped).toBe(40);
  });

  it('judges one book for each batch that waits for it', async () => {
    const scene = open();
    const first = await scene.submit(linksOf(1, 2), { until: { ...ODD, count: 1 } });
    const second = await scene.submit(linksOf(1, 2), { until: { field: 'title', matches: '^ev', count: 1 } });
    await scene.parse(1);
    expect(await scene.batch(first.batchId)).toMatchObject({ found: ['1'], endedAtMs: NOW_MS });
    expect(await scene.batch(second.batchId)).toMatchObject({ found: [], endedAtMs: null });
    await scene.parse(2);
    expect(await scene.batch(second.batchId)).toMatchObject({ found: ['2'], endedAtMs: NOW_MS });
  });

  it('finds fresh copies, and then queues nothing', async () => {
    const scene = open();
    await scene.keep(1, 2, 3);
    const { batchId, counts } = await scene.submit(linksOf(1, 2, 3, 4, 5), { until: ODD });
    expect(counts).toMatchObject({ cached: 3, queued: 2 });
    expect(await scene.batch(batchId)).toMatchObject({ found: ['1', '3'], endedAtMs: NOW_MS, counts: { cached: 3, skipped: 2 } });
    expect([...scene.queued.keys()]).toEqual([]);
  });

  it('is told of fresh copies before a batch of nothing else ends', async () => {
    const scene = open();
    await scene.keep(1, 2, 3, 5);
    const { batchId } = await scene.submit(linksOf(2, 1, 3, 5), { until: ODD });
    expect(await scene.batch(batchId)).toMatchObject({ found: ['1', '3'], endedAtMs: NOW_MS, counts: { cached: 4 } });
    const none = await scene.submit(linksOf(2), { until: ODD });
    expect(await scene.batch(none.batchId)).toMatchObject({ found: [], stoppedAtMs: null, endedAtMs: NOW_MS });
  });

  it('that has found enough in its first step skips the links of the next', async () => {
    const scene = open();
    await scene.keep(1, 3);
    const ids = Array.from({ length: 600 }, (_, n) => n + 1);
    const { batchId, items } = await scene.submit(linksOf(...ids), { until: ODD });
    expect(items.at(-1)).toMatchObject({ status: 'cached', state: 'skipped', bookId: '600' });
    expect(await scene.batch(batchId)).toMatchObject({ total: 600, endedAtMs: NOW_MS, counts: { cached: 2, skipped: 598 } });
    expect(scene.queued.size).toBe(0);
  });

  it('that a joined job ends while it is submitted leaves no job of its own in the queue', async () => {
    const scene = open();
    await scene.submit(linksOf(1, 7));
    const { submit } = scene.store.batches;
    let parsed = false;
    scene.store.batches.submit = async (submission) => {
      const outcomes = await submit(submission);
      if (!parsed && submission.batch?.options.until) {
        parsed = true;
        // Other batches want two of the jobs that this one has made: one joins it, and one comes when it is cancelled.
        await scene.submit(linksOf(4));
        await scene.parse(1);
        await scene.submit(linksOf(6));
      }
      return outcomes;
    };
    const { batchId } = await scene.submit(linksOf(1, 2, 4, 6), { until: { ...ODD, count: 1 } });
    expect(await scene.batch(batchId)).toMatchObject({ found: ['1'], endedAtMs: NOW_MS, counts: { parsed: 1, skipped: 3 } });
    expect([...scene.queued.keys()].toSorted()).toEqual(['book-1', 'book-4', 'book-6', 'book-7']);
  });

  it('is ended by the reconciler when its process died before it did', async () => {
    const scene = open();
    const { batchId } = await scene.submit(linksOf(1, 2, 4), { until: { ...ODD, count: 1 } });
    const { cancel } = scene.store.batches;
    scene.store.batches.cancel = () => Promise.reject(new Error('the store went away'));
    expect(await scene.parse(1)).toEqual({ settled: true, stored: 'stored' });
    expect(scene.warnings).toEqual([expect.stringContaining('the reconciler ends it')]);
    expect(await scene.batch(batchId)).toMatchObject({ endedAtMs: null, stoppedAtMs: NOW_MS });
    scene.store.batches.cancel = cancel;
    await scene.endDue();
    expect(await scene.batch(batchId)).toMatchObject({ found: ['1'], endedAtMs: NOW_MS, counts: { parsed: 1, skipped: 2 } });
    expect(scene.cancelled).toEqual(['book-2', 'book-4']);
  });

  it('harms no job when its condition cannot be read any more', async () => {
    const scene = open();
    const { batchId } = await scene.submit(linksOf(1), { until: { field: 'title', matches: '(', count: 1 } });
    expect(await scene.parse(1)).toEqual({ settled: true, stored: 'stored' });
    expect(await scene.batch(batchId)).toMatchObject({ found: [], endedAtMs: NOW_MS, counts: { parsed: 1 } });
  });
});

describe('a batch that looks for books in a collection', () => {
  const keepAll = async ({ store }: Awaited<ReturnType<typeof openCollection>>, ids: string[]): Promise<void> => {
    for (const id of ids) await store.books.put(bookOf(Number(id)), [jobOf(id as BookId)], KEEP_UNTIL_MS);
  };
  const wanted = booksOf('list', '7', 250).filter((id) => Number(id) % 2 === 1);

  it('is told of the fresh copies among its books, and reads no more pages than it needs', async () => {
    const scene = await openCollection({ family: 'list', id: '7', total: 250, until: ODD });
    await keepAll(scene, booksOf('list', '7', 250));
    expect(await scene.run()).toEqual({ next: 'done' });
    expect(scene.pages).toEqual([1]);
    const batch = await scene.store.batches.get(scene.batchId);
    expect(batch).toMatchObject({ found: wanted.slice(0, 2), endedAtMs: expect.any(Number), counts: { skipped: 1, cached: 100 } });
    expect(scene.queued.size).toBe(0);
  });

  it('is told of them at the end of the collection when a process died before it told', async () => {
    const scene = await openCollection({ family: 'list', id: '7', total: 30, until: { ...ODD, count: 1_000 } });
    await keepAll(scene, booksOf('list', '7', 30));
    const { report } = scene.store.batches;
    scene.store.batches.report = () => Promise.reject(new Crash('died'));
    await expect(scene.run()).rejects.toThrow('died');
    expect(await scene.store.batches.get(scene.batchId)).toMatchObject({ found: [], counts: { cached: 30, expanding: 1 } });
    scene.store.batches.report = report;
    expect(await scene.run({ starts: 2 })).toEqual({ next: 'done' });
    expect(scene.pages).toEqual([1]);
    const batch = await scene.store.batches.get(scene.batchId);
    expect(batch).toMatchObject({ found: wanted.slice(0, 15), endedAtMs: expect.any(Number), counts: { cached: 30, expanded: 1 } });
  });
});

describe('an open batch', () => {
  it('takes links until it is closed, each book once', async () => {
    const scene = open();
    await scene.keep(9);
    const { batchId } = await scene.submit(linksOf(1), { open: true });
    await scene.parse(1);
    expect(await scene.batch(batchId)).toMatchObject({ open: true, endedAtMs: null });
    const added = await scene.add(batchId, [...linksOf(1, 2, 2, 9), 'nonsense']);
    expect(added).toMatchObject({
      batchId,
      counts: { total: 4, queued: 1, joined: 0, cached: 1, invalid: 1, duplicate: 1 },
      items: [
        { index: 0, status: 'duplicate', bookId: '1' },
        { index: 1, status: 'queued', jobId: 'book-2', duplicates: 1 },
        { index: 2, status: 'cached', bookId: '9' },
        { index: 3, status: 'invalid' },
      ],
    });
    expect(scene.queued.has('book-2' as JobId)).toBe(true);
    expect(await scene.store.batches.close(batchId, NOW_MS)).toBe(true);
    expect(await scene.batch(batchId)).toMatchObject({ open: false, endedAtMs: null, total: 4 });
    await scene.parse(2);
    expect(await scene.batch(batchId)).toMatchObject({ endedAtMs: NOW_MS });
  });

  it('refuses links with the reason once it is closed, ended, cancelled, or has found enough', async () => {
    const scene = open();
    const closed = await scene.submit(linksOf(1), { open: true });
    await scene.store.batches.close(closed.batchId, NOW_MS);
    const cancelled = await scene.submit(linksOf(1), { open: true });
    await scene.store.batches.cancel(cancelled.batchId, NOW_MS);
    const hunt = await scene.submit(linksOf(1), { open: true, until: { ...ODD, count: 1 } });
    await scene.parse(1);
    const refused = async (batchId: BatchId) => scene.add(batchId, linksOf(2)).catch(({ code, message }) => [code, message]);
    expect(await refused(closed.batchId)).toEqual(['batch-closed', expect.stringContaining('The batch has ended')]);
    expect(await refused(cancelled.batchId)).toEqual(['batch-closed', expect.stringContaining('was cancelled')]);
    expect(await refused(hunt.batchId)).toEqual(['batch-closed', expect.stringContaining('has found what it looks for')]);
    const plain = await scene.submit(linksOf(4));
    expect(await refused(plain.batchId)).toEqual(['batch-closed', expect.stringContaining('is not open')]);
    expect(await scene.add('unknown0000000' as BatchId, linksOf(2))).toBeNull();
  });

  it('that is closed in the middle of an addition keeps what came before, with its jobs', async () => {
    const scene = open();
    const { batchId } = await scene.submit(linksOf(1), { open: true });
    const { add } = scene.store.batches;
    scene.store.batches.add = async (addition) => {
      const added = await add(addition);
      await scene.store.batches.close(batchId, NOW_MS);
      return added;
    };
    const ids = Array.from({ length: 300 }, (_, n) => n + 100);
    await expect(scene.add(batchId, linksOf(...ids))).rejects.toMatchObject({ code: 'batch-closed' });
    expect(await scene.batch(batchId)).toMatchObject({ total: 251, counts: { queued: 251 } });
    expect(scene.queued.size).toBe(251);
  });

  it('that looks for books is told of fresh copies among those that are added', async () => {
    const scene = open();
    await scene.keep(3, 5);
    const { batchId } = await scene.submit(linksOf(2), { open: true, until: ODD });
    await scene.add(batchId, linksOf(3, 4, 5, 6));
    expect(await scene.batch(batchId)).toMatchObject({
      found: ['3', '5'],
      open: false,
      endedAtMs: NOW_MS,
      counts: { cached: 2, skipped: 3 },
    });
    expect([...scene.queued.keys()]).toEqual([]);
  });

  it('that looks for books is told at its close of the copies that a process recorded and did not report before it died', async () => {
    const scene = open();
    await scene.keep(2, 3, 5, 7);
    const { batchId } = await scene.submit(linksOf(4), { open: true, until: ODD });
    const { report } = scene.store.batches;
    scene.store.batches.report = () => Promise.reject(new Error('the store went away'));
    await expect(scene.add(batchId, linksOf(2, 3, 5, 7))).rejects.toThrow('the store went away');
    scene.store.batches.report = report;
    expect(await scene.batch(batchId)).toMatchObject({ found: [], open: true, counts: { cached: 4, queued: 1 } });
    await scene.close(batchId);
    expect(await scene.batch(batchId)).toMatchObject({ found: ['3', '5'], endedAtMs: NOW_MS, counts: { cached: 4, skipped: 1 } });
    expect(await scene.close(batchId)).toBe(false);
    expect(await scene.close('unknown0000000' as BatchId)).toBeNull();
  });

  it('closes by itself a day after the last addition', async () => {
    const scene = open();
    await scene.keep(1, 2);
    const { batchId } = await scene.submit(linksOf(1), { open: true });
    scene.sleep(OPEN_FOR_MS - HOUR_MS);
    await scene.store.batches.add({ ...(await additionOf(scene, batchId)) });
    scene.sleep(2 * HOUR_MS);
    await scene.endDue();
    expect(await scene.batch(batchId)).toMatchObject({ open: true, endedAtMs: null });
    scene.sleep(OPEN_FOR_MS);
    await scene.endDue();
    expect(await scene.batch(batchId)).toMatchObject({ open: false, endedAtMs: NOW_MS + 2 * OPEN_FOR_MS + HOUR_MS });
  });
});

/** An invalid link, added at the time of the scene. */
async function additionOf(scene: ReturnType<typeof open>, batchId: BatchId): Promise<Parameters<typeof scene.store.batches.add>[0]> {
  const item = { input: 'x', jobId: null, bookId: null, duplicates: 0, reason: 'That is no link.' };
  return { batchId, nowMs: NOW_MS + OPEN_FOR_MS - HOUR_MS, run: 'run', priority: 'normal', maxAgeMs: null, items: [item], from: null };
}
