import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchId } from '../../src/domain/batch.ts';
import type { BookId, JobId } from '../../src/domain/identity.ts';
import type { JobRecord } from '../../src/domain/job.ts';
import type { Records } from '../specification/records.ts';
import { testOn, type MadeStore, type RecordsKind } from '../support/stores.ts';
import {
  answered,
  batchOf,
  itemsOf,
  jobOf,
  newBatchId,
  newBookId,
  newRun,
  NOW_MS,
  sampleBook,
  settlement,
  settleParsed,
  submit,
} from './samples.ts';

/** What a step of a settlement takes at most. */
const A_STEP = 1_000;
const AT_ONCE = 8;
const SLOW = { timeout: 600_000 };

/** Calls `work` for each, some at once. */
async function forEach<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < all.length; from += AT_ONCE) await Promise.all(all.slice(from, from + AT_ONCE).map(work));
}

/** Crowds take long to gather: `npm test` has one of them, the slow tests all. */
export function crowdsContract({ make, name }: RecordsKind, sizes: 'one' | 'all'): void {
  describe('a job that a crowd waits for', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    let jobId: JobId;
    let run: string;
    beforeEach(async () => {
      made = await make();
      store = made.store;
      jobId = jobOf(newBookId());
      run = newRun();
    });
    afterEach(() => made.cleanup());

    /** So many batches of one item each. */
    const gather = async (crowd: number): Promise<BatchId[]> => {
      const batchIds = Array.from({ length: crowd }, newBatchId);
      await forEach(batchIds, (batchId) => submit(store, batchId, itemsOf([jobId]), { run }));
      return batchIds;
    };

    /** How often each state is that of a batch; each must have ended, with one item settled, once. */
    const endsOf = async (batchIds: readonly BatchId[]): Promise<Record<string, number>> => {
      const ends: Record<string, number> = {};
      await forEach(batchIds, async (batchId) => {
        const { counts, endedAtMs } = await batchOf(store, batchId);
        const log = await store.batches.settledSince(batchId, 0, 10);
        expect(log).toHaveLength(1);
        expect(log[0]).toMatchObject({ seq: 1, index: 0 });
        expect(counts[log[0]!.state]).toBe(1);
        expect(endedAtMs).toBe(log[0]!.atMs);
        ends[log[0]!.state] = (ends[log[0]!.state] ?? 0) + 1;
      });
      return ends;
    };

    it.each(sizes === 'one' ? [A_STEP + 1] : [A_STEP - 1, A_STEP])('counts %i waiters', SLOW, async (crowd) => {
      const batchIds = await gather(crowd);
      expect(await store.jobs.cancel(jobId, NOW_MS)).toBe(run);
      expect(await store.jobs.get(jobId)).toMatchObject({ state: 'cancelled', waiters: crowd });
      expect(await endsOf(batchIds)).toStrictEqual({ cancelled: crowd });
    });
    if (sizes === 'one') return;

    // The specification takes its steps too fast for anybody to join in between.
    testOn(name !== 'specification')(
      'ends in steps; whoever joins in between is settled too',
      async () => {
        const crowd = 3 * A_STEP + 500;
        const batchIds = await gather(crowd);
        expect(await store.jobs.get(jobId)).toMatchObject({ state: 'live', waiters: crowd });

        const settling = { over: false };
        const ended = settleParsed(store, jobId, { run, nowMs: NOW_MS + 5 }).finally(() => (settling.over = true));
        const between: (JobRecord & { copy: string | undefined })[] = [];
        const joined: BatchId[] = [];
        while (!settling.over) {
          const late = newBatchId();
          // A submission that asks for a copy newer than any joins the job although the copy is there already.
          const [outcome] = await submit(store, late, itemsOf([jobId]), { maxAgeMs: 0 });
          if (outcome?.status !== 'joined') break;
          joined.push(late);
          const record = await store.jobs.get(jobId);
          if (record?.state === 'live' && record.waiters < crowd)
            between.push({ ...record, copy: (await store.books.find(jobId, NOW_MS))?.kind });
        }
        expect(await ended).toStrictEqual(answered(true, 'stored'));
        expect(joined.length).toBeGreaterThan(0);
        expect(between.length).toBeGreaterThan(0);
        for (const seen of between) expect(seen).toMatchObject({ run, copy: 'book' });
        expect(await endsOf([...batchIds, ...joined])).toStrictEqual({ parsed: crowd + joined.length });
        const record = await store.jobs.get(jobId);
        // A submission that found it ended has made a new run.
        expect(record).toMatchObject(
          record?.run === run
            ? { state: 'parsed', waiters: crowd + joined.length, settledAtMs: NOW_MS + 5 }
            : { state: 'live', waiters: 1 },
        );
      },
      SLOW.timeout,
    );

    testOn(name !== 'specification')(
      'is live when its process ends between two steps, and the next settlement ends the rest',
      async () => {
        const { store: stopping, reopen } = made as MadeStore;
        const crowd = 4 * A_STEP;
        const batchIds = await gather(crowd);
        const settling = settleParsed(store, jobId, { run }).catch((error: unknown) => error);
        await stopping.stop();
        expect(await settling).toMatchObject({ code: 'store-unavailable' });

        store = await reopen();
        const { state, waiters, run: liveRun } = (await store.jobs.get(jobId))!;
        expect({ state, liveRun }).toStrictEqual({ state: 'live', liveRun: run });
        expect([A_STEP, 2 * A_STEP, 3 * A_STEP]).toContain(waiters);
        // No item is parsed without a book.
        expect(await store.books.find(jobId, NOW_MS)).toMatchObject({ kind: 'book' });

        // Whoever joins now is one more, and takes nothing from the count of those who are settled.
        const late = newBatchId();
        expect(await submit(store, late, itemsOf([jobId]), { maxAgeMs: 0 })).toMatchObject([{ status: 'joined' }]);
        const error = { code: 'crawl-failed' as const, detail: 'Reset.' };
        expect(await store.jobs.settle(settlement(jobId, { run, outcome: 'failed', error, nowMs: NOW_MS + 9 }))).toMatchObject({
          settled: true,
        });
        expect(await endsOf([...batchIds, late])).toStrictEqual({ parsed: crowd - waiters, failed: waiters + 1 });
        expect(await store.jobs.get(jobId)).toMatchObject({ state: 'failed', error, waiters: crowd + 1 });
        expect(await store.jobs.settle(settlement(jobId, { run, outcome: 'failed', error }))).toMatchObject({ settled: false });
      },
      SLOW.timeout,
    );

    it('is settled once when it is cancelled at the same time; a batch that is cancelled in between is not counted', SLOW, async () => {
      const crowd = 2 * A_STEP + 500;
      const batchIds = await gather(crowd);
      const book = sampleBook(jobId.slice(5) as BookId);
      const [settled, cancelledRun, cancelled] = await Promise.all([
        store.jobs.settle(settlement(jobId, { run, book })),
        store.jobs.cancel(jobId, NOW_MS),
        store.batches.cancel(batchIds.at(-1)!, NOW_MS),
      ]);
      expect([settled.settled, cancelledRun === run].filter(Boolean)).toHaveLength(1);
      const { parsed = 0, cancelled: gone = 0 } = await endsOf(batchIds);
      expect(parsed + gone).toBe(crowd);
      const record = await store.jobs.get(jobId);
      expect(record).toMatchObject({ state: settled.settled ? 'parsed' : 'cancelled', run });
      expect(record?.waiters).toBe(crowd - (cancelled?.cancelled ?? 0));
      expect(await store.jobs.isLive(jobId)).toBe(false);
    });
  });
}
