import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchId, ItemState } from '../../src/batches/batch.ts';
import type { BookId, JobId } from '../../src/books/identity.ts';
import type { JobOutcome } from '../../src/jobs/job.ts';
import type { MadeStore, StoreKind } from '../support/stores.ts';
import { batchOf, invalidItem, itemsOf, newBatchId, newBookId, newRun, NOW_MS, sampleBook, settlement, submit } from './samples.ts';

/** What may happen, with numbers that are taken modulo what there is. */
type Step =
  | { kind: 'submit'; links: number[]; invalid: boolean; maxAgeMs: number | null; parts: boolean }
  | { kind: 'solo'; link: number }
  | { kind: 'settle'; link: number; outcome: JobOutcome; stale: boolean }
  | { kind: 'cancel-batch'; batch: number }
  | { kind: 'cancel-job'; link: number };

const LINKS = 6;
const link = fc.nat({ max: LINKS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      links: fc.uniqueArray(link, { maxLength: LINKS }),
      invalid: fc.boolean(),
      maxAgeMs: fc.constantFrom(null, 0),
      parts: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('solo' as const), link }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      link,
      outcome: fc.constantFrom<JobOutcome>('parsed', 'not-found', 'failed', 'cancelled'),
      stale: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel-batch' as const), batch: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel-job' as const), link }) },
);

export function propertiesContract({ make }: StoreKind): void {
  describe('whatever happens', () => {
    let made: MadeStore;
    beforeAll(async () => {
      made = await make();
    });
    afterAll(() => made.cleanup());

    it('counts add up, what is settled stays so, and every batch ends', { timeout: 120_000 }, async () => {
      const { store } = made;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
          const books = Array.from({ length: LINKS }, newBookId);
          const jobAt = (at: number): JobId => `book-${books[at]}` as JobId;
          const batches: BatchId[] = [];
          const settledBefore = new Map<string, ItemState>();
          const staleRun = newRun();

          const take = async (one: Step): Promise<void> => {
            switch (one.kind) {
              case 'submit': {
                const items = [...itemsOf(one.links.map(jobAt)), ...(one.invalid ? [invalidItem(one.links.length)] : [])];
                if (items.length === 0) return;
                const batchId = newBatchId();
                batches.push(batchId);
                const half = one.parts ? Math.floor(items.length / 2) : 0;
                const more = { total: items.length, maxAgeMs: one.maxAgeMs };
                if (half > 0) await submit(store, batchId, items.slice(0, half), { ...more, last: false });
                await submit(store, batchId, items.slice(half), { ...more, last: true });
                return;
              }
              case 'solo':
                await submit(store, null, itemsOf([jobAt(one.link)]));
                return;
              case 'settle': {
                const bookId = books[one.link] as BookId;
                await store.jobs.settle(
                  settlement(jobAt(one.link), {
                    run: one.stale ? staleRun : null,
                    outcome: one.outcome,
                    book: one.outcome === 'parsed' ? sampleBook(bookId) : null,
                    error: one.outcome === 'failed' ? { code: 'crawl-failed', detail: 'x' } : null,
                  }),
                );
                return;
              }
              case 'cancel-batch': {
                const batchId = batches[one.batch % Math.max(1, batches.length)];
                if (batchId) await store.batches.cancel(batchId, NOW_MS);
                return;
              }
              case 'cancel-job':
                await store.jobs.cancel(jobAt(one.link), NOW_MS);
                return;
            }
          };

          const check = async (): Promise<void> => {
            for (const batchId of batches) {
              const batch = await batchOf(store, batchId);
              const page = await store.batches.items(batchId, { fromIndex: 0, limit: 100, state: null });
              const items = page?.items ?? [];
              for (const item of items) {
                const key = `${batchId} ${item.index}`;
                const before = settledBefore.get(key);
                expect(before ?? item.state).toBe(item.state);
                if (item.state !== 'queued') settledBefore.set(key, item.state);
                expect(batch.counts[item.state]).toBe(items.filter((other) => other.state === item.state).length);
              }
              expect(batch.finishedAtMs !== null).toBe(batch.counts.queued === 0);
              const log = await store.batches.settledSince(batchId, 0, 100);
              expect(log.map((entry) => entry.seq)).toStrictEqual(log.map((_, at) => at + 1));
              for (const entry of log) expect(entry.state).toBe(items[entry.index]?.state);
            }
            for (let at = 0; at < LINKS; at++) {
              const record = await store.jobs.get(jobAt(at));
              let waiting = 0;
              for (const batchId of batches) {
                const page = await store.batches.items(batchId, { fromIndex: 0, limit: 100, state: 'queued' });
                waiting += page?.items.filter((item) => item.jobId === jobAt(at)).length ?? 0;
              }
              // Nobody waits for a job that is not live.
              expect(record?.state === 'live' ? record.waiters : 0).toBe(waiting);
            }
          };

          for (const one of steps) {
            await take(one);
            await check();
          }
          for (let at = 0; at < LINKS; at++)
            await store.jobs.settle(settlement(jobAt(at), { outcome: 'failed', error: { code: 'crawl-failed', detail: 'end' } }));
          for (const batchId of batches) expect((await batchOf(store, batchId)).finishedAtMs).not.toBeNull();
        }),
        { numRuns: 25 },
      );
    });
  });
}
