/** Batches that look for books, on the rules of the store. */
import { describe, expect, it } from 'vitest';
import type { BookId } from '../../../src/domain/identity.ts';
import { jobOf, KEEP_UNTIL_MS, NOW_MS } from '../../contract/samples.ts';
import { booksOf, Crash, openCollection } from './collection-scene.ts';
import { bookOf, linksOf, ODD, openBatches as open } from './batch-scene.ts';

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

it('lets other work pass between two books that a pattern is tried on', async () => {
  const scene = open();
  const ids = Array.from({ length: 20 }, (_, n) => n + 1);
  await scene.keep(...ids);
  let turns = 0;
  let submitting = true;
  const turn = (): void => {
    turns += 1;
    if (submitting) setImmediate(turn);
  };
  setImmediate(turn);
  await scene.submit(linksOf(...ids), { until: { field: 'title', matches: 'none', count: 1 } });
  submitting = false;
  expect(turns).toBeGreaterThanOrEqual(20);
});
