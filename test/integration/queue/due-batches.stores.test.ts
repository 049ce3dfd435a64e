/** What the reconciler ends: batches that had found enough when their process died, and open ones that everybody has left. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { createReconciler } from '../../../src/app/reconcile.ts';
import type { BatchId } from '../../../src/domain/batch.ts';
import type { BookId } from '../../../src/domain/identity.ts';
import { runIdOf } from '../../../src/domain/run-id.ts';
import { createBookJobs } from '../../../src/queue/book-jobs.ts';
import { openQueue } from '../../../src/queue/parse-book-queue.ts';
import { HOUR_MS, itemsOf, jobOf, KEEP_UNTIL_MS, newBatchId, newBookId, NOW_MS, OPTIONS, sampleBook } from '../../contract/samples.ts';
import { noCollections, silentLog } from '../../support/quiet.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore } from '../../support/stores.ts';

const RUN = 'due';

describe.each(inThisRun(eachStore))('the reconciler, on the $name store', ({ make }) => {
  const open = async () => {
    const { store, cleanup } = await make();
    onTestFinished(cleanup);
    const queue = openQueue(store, () => undefined);
    onTestFinished(() => queue.close());
    const jobs = createBookJobs(store, queue);
    onTestFinished(() => jobs.close());
    const round = (afterMs: number) =>
      createReconciler({
        announceFailure: async () => undefined,
        store,
        queue: jobs,
        collections: noCollections,
        log: silentLog,
        batchTtlMs: 1e12,
        now: () => NOW_MS + afterMs,
      }).round();
    /** A batch of these books, whose jobs are in the queue. */
    const begin = async (books: BookId[], more: { until?: object; open?: boolean }): Promise<BatchId> => {
      const batchId = newBatchId();
      const options = { ...OPTIONS, ...(more.until && { until: { field: 'title', contains: 'a', count: 1 } }) };
      const batch = { batchId, options, total: books.length, last: true, open: more.open ?? false };
      const items = itemsOf(books.map(jobOf));
      await store.batches.submit({ batch, nowMs: NOW_MS, run: RUN, priority: 'normal', maxAgeMs: null, items });
      await jobs.enqueue(
        books.map((id) => ({ jobId: jobOf(id), run: RUN })),
        'normal',
      );
      return batchId;
    };
    return { store, jobs, round, begin, has: (id: BookId) => queue.getJob(runIdOf(jobOf(id), RUN)) };
  };

  it('ends a batch whose process died between its last book and its end, and removes the jobs that nobody else wants', async () => {
    const { store, round, begin, has } = await open();
    const [found, left, shared] = [newBookId(), newBookId(), newBookId()];
    const batchId = await begin([found, left, shared], { until: {} });
    const other = await begin([shared], {});
    const settlement = {
      jobId: jobOf(found),
      run: RUN,
      nowMs: NOW_MS,
      attempts: 1,
      outcome: 'parsed',
      keepUntilMs: KEEP_UNTIL_MS,
    } as const;
    const judged = new Map([[batchId, true]]);
    expect((await store.jobs.settle({ ...settlement, book: sampleBook(found), judged })).stopped).toEqual([batchId]);
    expect(await store.batches.get(batchId)).toMatchObject({ found: [found], endedAtMs: null });

    // It made progress just now: it is no idle batch.
    await round(1_000);
    expect(await store.batches.get(batchId)).toMatchObject({ endedAtMs: NOW_MS + 1_000, counts: { parsed: 1, skipped: 2 } });
    expect(await store.batches.get(other)).toMatchObject({ endedAtMs: null, counts: { queued: 1 } });
    expect([await has(left), (await has(shared)) !== undefined]).toEqual([undefined, true]);
  });

  it('closes an open batch a day after the last addition, and no sooner', async () => {
    const { store, round, begin } = await open();
    const batchId = await begin([newBookId()], { open: true });
    await store.jobs.cancel(
      jobOf((await store.batches.items(batchId, { fromIndex: 0, limit: 1, state: null }))!.items[0]!.bookId!),
      NOW_MS,
    );
    const addition = { batchId, run: RUN, priority: 'normal', maxAgeMs: null, from: null } as const;
    const item = { input: 'x', jobId: null, bookId: null, duplicates: 0, reason: 'That is no link.' };
    await store.batches.add({ ...addition, nowMs: NOW_MS + 10 * HOUR_MS, items: [item] });
    await round(33 * HOUR_MS);
    expect(await store.batches.get(batchId)).toMatchObject({ open: true, endedAtMs: null, total: 2 });
    await round(35 * HOUR_MS);
    expect(await store.batches.get(batchId)).toMatchObject({ open: false, endedAtMs: NOW_MS + 35 * HOUR_MS });
  });

  it('does not let batches that wait for links hide one whose jobs are lost', async () => {
    const { store, jobs, begin } = await open();
    for (let n = 0; n < 60; n += 1) {
      const waiting = await begin([newBookId()], { open: true });
      const [item] = (await store.batches.items(waiting, { fromIndex: 0, limit: 1, state: null }))!.items;
      await jobs.cancel([{ jobId: item!.jobId!, run: (await store.jobs.get(item!.jobId!))!.run }]);
      await store.jobs.cancel(item!.jobId!, NOW_MS);
    }
    const lost = newBookId();
    await begin([lost], {});
    await jobs.cancel([{ jobId: jobOf(lost), run: RUN }]);
    const queue = { ...jobs, waiting: () => Promise.resolve(0) };
    const reconciler = createReconciler({
      announceFailure: async () => undefined,
      store,
      queue,
      collections: noCollections,
      log: silentLog,
      batchTtlMs: 1e12,
      now: () => NOW_MS + 5_000,
    });
    expect((await reconciler.look()) + (await reconciler.look())).toBe(1);
  });
});
