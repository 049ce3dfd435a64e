/** Collections on the rules of the store: failures, a full queue, and processes that die. */
import { describe, expect, it, vi } from 'vitest';
import { Disallowed } from '../../../src/crawl/crawl.ts';
import { FetchFault } from '../../../src/crawl/fetch/fetch-fault.ts';
import { SourceClosed } from '../../../src/crawl/source/turn.ts';
import { createExpandCollection } from '../../../src/app/collections/expand-collection.ts';
import { disallowedRecord } from '../../../src/app/collections/progress.ts';
import { requeueBatch } from '../../../src/app/requeue-lost.ts';
import { QuireError } from '../../../src/errors.ts';
import type { ListingReading } from '../../../src/parser/listing/listing.ts';
import { NOW_MS, newBatchId, submit } from '../../contract/samples.ts';
import { noCollections, silentLog } from '../../support/quiet.ts';
import { booksOf, Crash, openCollection } from './collection-scene.ts';

describe('failures', () => {
  it('costs no attempt while the source is closed', async () => {
    let closed = true;
    const scene = await openCollection({ total: 120, answer: () => (closed ? new SourceClosed(NOW_MS + 5_000, 'blocked') : undefined) });
    for (let n = 0; n < 5; n += 1) expect(await scene.run()).toEqual({ next: 'wait', untilMs: NOW_MS + 5_000 });
    expect(await scene.item()).toMatchObject({ state: 'expanding' });
    expect((await scene.progress()).attempts).toBe(0);
    closed = false;
    expect(await scene.run()).toEqual({ next: 'done' });
    expect(await scene.found()).toHaveLength(120);
  });

  it('notes a block in the timeline, and waits', async () => {
    const blocked: ListingReading = { kind: 'blocked', reason: 'Goodreads answered with a challenge.' };
    const scene = await openCollection({ total: 250, answer: (page) => (page === 2 ? blocked : undefined) });
    expect(await scene.run()).toMatchObject({ next: 'wait' });
    expect((await scene.progress()).timeline).toMatchObject([{ event: 'blocked', detail: expect.stringContaining('Page 2') }]);
    expect((await scene.progress()).attempts).toBe(0);
    expect(await scene.found()).toHaveLength(100);
  });

  it('tries a page CRAWL_ATTEMPTS times, and starts again with each page', async () => {
    const overloaded: ListingReading = { kind: 'overloaded', reason: 'Goodreads answered 503.' };
    const failing = await openCollection({ total: 120, answer: () => overloaded });
    expect(await failing.run()).toEqual({ next: 'later', atMs: NOW_MS + 500 });
    expect(await failing.run()).toEqual({ next: 'later', atMs: NOW_MS + 1_000 });
    expect(await failing.run()).toEqual({ next: 'done' });
    expect(await failing.item()).toMatchObject({ state: 'failed', reason: 'Page 1: Goodreads answered 503.' });
    expect((await failing.progress()).timeline).toHaveLength(2);

    const flaky = await openCollection({ total: 500, answer: (_page, time) => (time % 3 === 0 ? undefined : overloaded) });
    let result = await flaky.run();
    for (let n = 0; n < 20 && result.next === 'later'; n += 1) result = await flaky.run();
    expect(result).toEqual({ next: 'done' });
    expect(await flaky.item()).toMatchObject({ state: 'expanded', reason: null });
    expect(await flaky.found()).toHaveLength(500);
  });

  it('waits at no cost while the network leads nowhere, and pays after many starts when others get through', async () => {
    const nowhere = (): Error => new FetchFault('unreachable', 'no name service');
    const scene = await openCollection({ answer: nowhere });
    expect(await scene.run()).toMatchObject({ next: 'wait' });
    expect((await scene.progress()).attempts).toBe(0);
    expect(await scene.run({ starts: 11 })).toMatchObject({ next: 'later' });
    expect((await scene.progress()).attempts).toBe(1);
  });

  it('looks twice before a collection is not found', async () => {
    const missing: ListingReading = { kind: 'missing', reason: 'Goodreads has no such list.' };
    const scene = await openCollection({ answer: () => missing });
    expect(await scene.run()).toEqual({ next: 'later', atMs: NOW_MS + 60_000 });
    expect(await scene.run()).toEqual({ next: 'done' });
    expect(await scene.item()).toMatchObject({ state: 'not-found', reason: 'Goodreads has no such list.' });
  });

  it('keeps the books of the pages before one that is missing', async () => {
    const missing: ListingReading = { kind: 'missing', reason: 'Goodreads has no such list.' };
    const scene = await openCollection({ total: 250, answer: (page) => (page === 3 ? missing : undefined) });
    expect(await scene.run()).toMatchObject({ next: 'later' });
    await scene.run();
    expect(await scene.item()).toMatchObject({ state: 'expanded', reason: 'Goodreads has no page 3 of it.' });
    expect(await scene.found()).toHaveLength(200);
  });

  it('is disallowed by robots.txt, with the rule and the way that is open', async () => {
    const scene = await openCollection({ answer: () => new Disallowed('/list/show/7', 'line 4: Disallow: /list') });
    expect(await scene.run()).toEqual({ next: 'done' });
    const { state, reason } = await scene.item();
    expect(state).toBe('disallowed');
    expect(reason).toMatch(/line 4: Disallow: \/list\..*review\/import/);
  });

  it('goes back to the queue when the worker stops, and ends when it is cancelled', async () => {
    const stopping = new AbortController();
    const scene = await openCollection({
      total: 250,
      answer: (page) => (page === 2 ? (stopping.abort('shutdown'), new Error('aborted')) : undefined),
    });
    expect(await scene.run({ signal: stopping.signal })).toEqual({ next: 'requeue' });
    expect((await scene.progress()).attempts).toBe(0);

    const cancelled = new AbortController();
    const other = await openCollection({
      total: 250,
      answer: (page) => (page === 2 ? (cancelled.abort('cancelled'), new Error('aborted')) : undefined),
    });
    expect(await other.run({ signal: cancelled.signal })).toEqual({ next: 'done' });
  });

  it('ends without a request when its batch was cancelled, also in the middle of a page', async () => {
    const scene = await openCollection({
      total: 250,
      answer: (page) => (page === 2 ? (void scene.store.batches.cancel(scene.batchId, NOW_MS), undefined) : undefined),
    });
    expect(await scene.run()).toEqual({ next: 'done' });
    expect((await scene.item()).state).toBe('cancelled');
    expect(await scene.found()).toHaveLength(100);
    expect(await scene.run()).toEqual({ next: 'done' });
    expect(scene.pages).toEqual([1, 2]);
  });

  it('ends a page that robots.txt forbids without a request', async () => {
    const scene = await openCollection();
    const batchId = newBatchId();
    const item = { index: 0, input: 'x', jobId: null, bookId: null, duplicates: 0, reason: null };
    await submit(scene.store, batchId, [{ ...item, collection: disallowedRecord('It is forbidden.') }]);
    const expand = createExpandCollection(scene.deps);
    expect(await expand({ batchId, index: 0, starts: 1, draining: () => false, signal: new AbortController().signal })).toEqual({
      next: 'done',
    });
    const [ended] = (await scene.store.batches.items(batchId, { fromIndex: 0, limit: 1, state: null }))!.items;
    expect(ended).toMatchObject({ state: 'disallowed', reason: 'It is forbidden.' });
    expect(scene.pages).toEqual([]);
  });

  it('comes again when the store is away, and costs no attempt', async () => {
    const scene = await openCollection({ total: 120 });
    const add = vi.spyOn(scene.store.batches, 'add').mockRejectedValueOnce(new QuireError('store-unavailable', 'away'));
    expect(await scene.run()).toEqual({ next: 'later', atMs: NOW_MS + 250 });
    add.mockRestore();
    await scene.run();
    expect(await scene.found()).toHaveLength(120);
  });
});

describe('a deadline that passes while no worker comes', () => {
  const limits = { deadlineMs: NOW_MS + 1_000 };
  it('ends the collection at a round of the reconciler, and not before', async () => {
    const blocked: ListingReading = { kind: 'blocked', reason: 'Goodreads answered with a challenge.' };
    const scene = await openCollection({ total: 250, limits, answer: (page) => (page === 2 ? blocked : undefined) });
    expect(await scene.run()).toMatchObject({ next: 'wait' });
    const queue = { ...noCollections, has: async () => [true] };
    await requeueBatch({ ...scene.deps, collections: queue }, scene.batchId);
    expect((await scene.item()).state).toBe('expanding');
    scene.wait(2_000);
    await requeueBatch({ ...scene.deps, collections: queue }, scene.batchId);
    expect(await scene.item()).toMatchObject({ state: 'expanded', reason: expect.stringMatching(/^The deadline/) });
    expect(await scene.progress()).toMatchObject({ found: 100, taken: 100, pages: 1 });
    expect(await scene.run()).toEqual({ next: 'done' });
  });

  it('leaves one whose books wait for room, until they are in the batch', async () => {
    const scene = await openCollection({ total: 120, limits, maxWaitingJobs: 80 });
    expect(await scene.run()).toMatchObject({ next: 'wait' });
    scene.wait(2_000);
    await requeueBatch({ ...scene.deps, collections: { ...noCollections, has: async () => [true] } }, scene.batchId);
    expect((await scene.item()).state).toBe('expanding');
    scene.queued.clear();
    expect(await scene.run()).toEqual({ next: 'done' });
    expect(await scene.found()).toHaveLength(100);
    expect((await scene.item()).reason).toMatch(/^The deadline/);
  });
});

describe('a full queue', () => {
  it('makes it wait as expanding, reads no page twice, and drops nothing', async () => {
    const { run, queued, queue, found, item, pages } = await openCollection({ total: 250, maxWaitingJobs: 150 });
    let rounds = 0;
    for (let result = await run(); result.next !== 'done'; result = await run()) {
      expect(result.next).toBe('wait');
      expect(await item()).toMatchObject({ state: 'expanding' });
      expect(await queue.countWaiting()).toBeLessThanOrEqual(150);
      if (rounds++ % 3 === 2) queued.clear();
    }
    expect(rounds).toBeGreaterThan(2);
    expect(await found()).toHaveLength(250);
    expect(pages).toEqual([1, 2, 3]);
  });

  it('takes a page in parts when the queue is smaller than a page', async () => {
    const { run, queued, queue, found, pages } = await openCollection({ total: 250, maxWaitingJobs: 30 });
    for (let result = await run(); result.next !== 'done'; result = await run()) {
      expect(await queue.countWaiting()).toBeLessThanOrEqual(30);
      queued.clear();
    }
    expect(await found()).toHaveLength(250);
    expect(pages).toEqual([1, 2, 3]);
  });
});

describe('a process that dies', () => {
  /** Runs a collection in a process that dies at its n-th step. Before or after the step took effect. */
  const dieAt = async (step: number, when: 'before' | 'after') => {
    const scene = await openCollection({ total: 250 });
    let steps = 0;
    const dying =
      <A extends unknown[], R>(real: (...given: A) => Promise<R>) =>
      async (...given: A): Promise<R> => {
        const dies = ++steps === step;
        if (dies && when === 'before') throw new Crash('died');
        const result = await real(...given);
        if (dies) throw new Crash('died');
        return result;
      };
    const { deps } = scene;
    const expand = createExpandCollection({
      ...deps,
      store: { ...deps.store, batches: { ...deps.store.batches, add: dying(deps.store.batches.add) } },
      queue: {
        ...deps.queue,
        // A dying process does not go on after its queue fails.
        enqueue: dying(deps.queue.enqueue),
      },
      log: {
        ...silentLog,
        warn: () => {
          throw new Crash('died');
        },
      },
    });
    const task = { batchId: scene.batchId, index: 0, starts: 1, draining: () => false, signal: new AbortController().signal };
    const died = await expand(task).then(
      () => false,
      (error: unknown) => error instanceof Crash,
    );
    return { scene, died };
  };

  it('loses no book and doubles none, wherever it dies', async () => {
    let deaths = 0;
    for (const when of ['before', 'after'] as const) {
      for (let step = 1; step <= 12; step += 1) {
        const { scene, died } = await dieAt(step, when);
        deaths += died ? 1 : 0;
        const recorded = (await scene.item()).state === 'expanding' ? (await scene.progress()).pages : 3;
        const before = scene.pages.length;
        expect(await scene.run()).toEqual({ next: 'done' });
        await requeueBatch({ ...scene.deps, collections: noCollections }, scene.batchId);
        expect(scene.pages.slice(before)).toEqual([1, 2, 3].slice(recorded));
        expect((await scene.found()).map(({ bookId }) => bookId)).toEqual(booksOf('list', '7', 250));
        expect(await scene.progress()).toMatchObject({ found: 250, taken: 250, pages: 3 });
        const runs = [...scene.queued.values()].map(({ jobId }) => jobId);
        expect([when, step, runs.length, new Set(runs).size]).toEqual([when, step, 250, 250]);
      }
    }
    expect(deaths).toBe(14);
  });

  it('two processes that read the same collection bring each book once', async () => {
    const { run, found, progress, queued } = await openCollection({ total: 250 });
    const results = await Promise.all([run(), run(), run()]);
    expect(results).toEqual([{ next: 'done' }, { next: 'done' }, { next: 'done' }]);
    expect(await found()).toHaveLength(250);
    expect(await progress()).toMatchObject({ found: 250, taken: 250 });
    expect(queued.size).toBe(250);
  });
});
