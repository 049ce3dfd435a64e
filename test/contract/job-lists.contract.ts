import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/identity.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { Records } from '../specification/records.ts';
import type { RecordsKind } from '../support/stores.ts';
import { itemsOf, jobOf, newBatchId, newBookId, newRun, NOW_MS, settlement, settleParsed, submit } from './samples.ts';

export function jobListsContract({ make }: RecordsKind): void {
  describe('lists of jobs', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeAll(async () => {
      made = await make({ maxSettledJobs: 3, maxFailedJobs: 5 });
      store = made.store;
    });
    afterAll(() => made.cleanup());

    const fail = async (code: ErrorCode, nowMs: number): Promise<JobId> => {
      const jobId = jobOf(newBookId());
      await submit(store, null, itemsOf([jobId]));
      await store.jobs.settle(settlement(jobId, { outcome: 'failed', error: { code, detail: 'why' }, nowMs }));
      return jobId;
    };
    const pages = async (reason: ErrorCode | null, limit: number): Promise<JobId[][]> => {
      const seen: JobId[][] = [];
      let cursor: string | null = null;
      do {
        const page: { jobs: { jobId: JobId }[]; cursor: string | null } = await store.jobs.listFailed({ reason, cursor, limit });
        if (page.jobs.length > 0) seen.push(page.jobs.map((job) => job.jobId));
        ({ cursor } = page);
      } while (cursor !== null && seen.length < 10);
      return seen;
    };

    it('go on where they were when jobs fail between two pages', async () => {
      const older = [await fail('poison', NOW_MS - 20), await fail('poison', NOW_MS - 19), await fail('poison', NOW_MS - 18)];
      const first = await store.jobs.listFailed({ reason: null, cursor: null, limit: 1 });
      expect(first.jobs.map(({ jobId }) => jobId)).toStrictEqual([older[2]]);
      await fail('poison', NOW_MS - 17);
      const second = await store.jobs.listFailed({ reason: null, cursor: first.cursor, limit: 1 });
      expect(second.jobs.map(({ jobId }) => jobId)).toStrictEqual([older[1]]);
      // The job that the cursor names is gone from the list.
      await submit(store, null, itemsOf([older[1]!]));
      await settleParsed(store, older[1]!);
      const third = await store.jobs.listFailed({ reason: null, cursor: second.cursor, limit: 1 });
      expect(third.jobs.map(({ jobId }) => jobId)).toStrictEqual([older[0]]);
    });

    it('are in the order in which jobs were settled, whatever the clocks said', async () => {
      const inTurn: JobId[] = [];
      for (const offsetMs of [0, 0, 90_000, -90_000, 0]) inTurn.push(await fail('poison', NOW_MS + offsetMs));
      expect((await pages(null, 2)).flat().slice(0, 5)).toStrictEqual(inTurn.toReversed());
    });

    it.each(['nonsense', '1e3', '-1', '5-book-x', ' '])('refuse the cursor %j, which is none of theirs', async (cursor) => {
      await expect(store.jobs.listFailed({ reason: null, cursor, limit: 1 })).rejects.toMatchObject({ code: 'invalid-request' });
    });

    it('keep the newest failed and the newest other records, each to its cap', async () => {
      const failed: JobId[] = [];
      for (let n = 0; n < 7; n++) failed.push(await fail(n % 2 === 0 ? 'crawl-failed' : 'poison', NOW_MS + n));
      const parsed: JobId[] = [];
      for (let n = 0; n < 5; n++) {
        const jobId = jobOf(newBookId());
        parsed.push(jobId);
        await submit(store, null, itemsOf([jobId]));
        await settleParsed(store, jobId, { nowMs: NOW_MS + n });
      }
      const newestFirst = failed.slice(2).toReversed();
      expect((await pages(null, 2)).flat()).toStrictEqual(newestFirst);
      expect((await pages(null, 2)).map((page) => page.length)).toStrictEqual([2, 2, 1]);
      expect((await pages(null, 100)).flat()).toStrictEqual(newestFirst);
      expect((await pages('poison', 1)).flat()).toStrictEqual([failed[5], failed[3]]);
      expect(await store.jobs.get(failed[1]!)).toBeNull();
      expect(await store.jobs.get(failed[2]!)).toMatchObject({ state: 'failed', error: { code: 'crawl-failed', detail: 'why' } });
      expect(await store.jobs.get(parsed[1]!)).toBeNull();
      expect((await store.jobs.get(parsed[2]!))?.state).toBe('parsed');

      // A job that is tried again is not failed any more.
      await submit(store, null, itemsOf([failed[6]!]));
      expect((await pages(null, 100)).flat()).toStrictEqual(newestFirst.slice(1));
      await store.jobs.cancel(failed[6]!, NOW_MS);
    });

    it('leave out a live job that a batch waits for too, and go by the age of the job', async () => {
      const [both, old, young] = [jobOf(newBookId()), jobOf(newBookId()), jobOf(newBookId())];
      const batchId = newBatchId();
      await submit(store, batchId, itemsOf([both, old]), { nowMs: NOW_MS - 9 });
      await submit(store, null, itemsOf([young]), { nowMs: NOW_MS - 5 });
      await submit(store, null, itemsOf([both, old]), { nowMs: NOW_MS });
      expect((await store.jobs.listSolo(1)).map((job) => job.jobId)).toStrictEqual([young]);
      await store.batches.cancel(batchId, NOW_MS);
      expect(
        (await store.jobs.listSolo(10))
          .map((job) => job.jobId)
          .slice(0, 2)
          .toSorted(),
      ).toStrictEqual([both, old].toSorted());
      for (const jobId of [both, old, young]) await store.jobs.cancel(jobId, NOW_MS);
    });

    it('name live jobs that no batch waits for, oldest first', async () => {
      const [first, second, batched] = [jobOf(newBookId()), jobOf(newBookId()), jobOf(newBookId())];
      const run = newRun();
      await submit(store, null, itemsOf([second]), { nowMs: NOW_MS + 2, priority: 'bulk' });
      await submit(store, null, itemsOf([first]), { nowMs: NOW_MS + 1, run });
      await submit(store, newBatchId(), itemsOf([batched]));
      expect(await store.jobs.listSolo(10)).toStrictEqual([
        { jobId: first, run, priority: 'normal', createdAtMs: NOW_MS + 1 },
        { jobId: second, run: expect.any(String), priority: 'bulk', createdAtMs: NOW_MS + 2 },
      ]);
      expect(await store.jobs.listSolo(1)).toHaveLength(1);
      await settleParsed(store, first);
      expect((await store.jobs.listSolo(10)).map((job) => job.jobId)).toStrictEqual([second]);
    });
  });
}
