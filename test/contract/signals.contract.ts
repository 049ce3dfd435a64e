import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Signal } from '../../src/storage/store.ts';
import type { Records } from '../specification/records.ts';
import type { RecordsKind, StoreKind } from '../support/stores.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  itemsOf,
  jobOf,
  KEEP_UNTIL_MS,
  newBatchId,
  newBookId,
  newRun,
  NOW_MS,
  sampleBook,
  settlement,
  settleParsed,
  submit,
} from './samples.ts';

export function signalsContract({ make }: RecordsKind): void {
  describe('signals', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeAll(async () => {
      made = await make();
      store = made.store;
    });
    afterAll(() => made.cleanup());

    /** What was heard while `act` ran and until a mark sent after it arrived. */
    const heardDuring = async (act: () => Promise<unknown>): Promise<Signal[]> => {
      const heard: Signal[] = [];
      const mark: Signal = { kind: 'cancel', jobId: jobOf(newBookId()), run: newRun() };
      const unsubscribe = store.signals.subscribe((signal) => heard.push(signal));
      await act();
      await store.signals.publish(mark);
      await waitUntil('the mark', () => heard.some((signal) => signal.kind === 'cancel' && signal.run === mark.run));
      unsubscribe();
      return heard.slice(0, -1);
    };

    it('reach every listener, as they were sent', async () => {
      const signals: Signal[] = [
        { kind: 'batch', batchId: newBatchId() },
        { kind: 'book', bookId: newBookId() },
        { kind: 'cancel', jobId: jobOf(newBookId()), run: newRun() },
        { kind: 'look-up', id: 'find-0' },
        { kind: 'keys' },
        { kind: 'source' },
      ];
      const other: Signal[] = [];
      const unsubscribe = store.signals.subscribe((signal) => other.push(signal));
      const heard = await heardDuring(async () => {
        for (const signal of signals) await store.signals.publish(signal);
      });
      unsubscribe();
      expect(heard).toStrictEqual(signals);
      expect(other.slice(0, signals.length)).toStrictEqual(signals);
    });

    it('reach nobody who has unsubscribed', async () => {
      const heard: Signal[] = [];
      const unsubscribe = store.signals.subscribe((signal) => heard.push(signal));
      unsubscribe();
      await heardDuring(() => store.signals.publish({ kind: 'source' }));
      expect(heard).toStrictEqual([]);
    });

    it('name every batch whose items settle', async () => {
      const [jobId, other] = [jobOf(newBookId()), jobOf(newBookId())];
      const [first, second] = [newBatchId(), newBatchId()];
      await submit(store, first, itemsOf([jobId]));
      await submit(store, second, itemsOf([jobId, other]));
      const settled = await heardDuring(() => settleParsed(store, jobId));
      expect(settled).toContainEqual({ kind: 'batch', batchId: first });
      expect(settled).toContainEqual({ kind: 'batch', batchId: second });
      expect(await heardDuring(() => store.batches.cancel(second, NOW_MS))).toContainEqual({ kind: 'batch', batchId: second });
    });

    it('name a batch that its last submission ends', async () => {
      const batchId = newBatchId();
      expect(await heardDuring(() => submit(store, batchId, []))).toStrictEqual([{ kind: 'batch', batchId }]);
    });

    it('name a book that is merged into another, and one that is not found', async () => {
      const [merged, kept, missing] = [newBookId(), newBookId(), newBookId()];
      await store.books.put(sampleBook(merged), [], KEEP_UNTIL_MS);
      const heard = await heardDuring(() => store.books.put(sampleBook(kept), [jobOf(merged)], KEEP_UNTIL_MS));
      expect(heard).toContainEqual({ kind: 'book', bookId: merged });
      await submit(store, null, itemsOf([jobOf(missing)]));
      const told = await heardDuring(() => store.jobs.settle(settlement(jobOf(missing), { outcome: 'not-found' })));
      expect(told).toContainEqual({ kind: 'book', bookId: missing });
    });

    it('name a book whenever its copy changes, and never when a refusal changes nothing', async () => {
      const bookId = newBookId();
      const told = { kind: 'book', bookId };
      expect(await heardDuring(() => store.books.put(sampleBook(bookId), [], KEEP_UNTIL_MS))).toStrictEqual([told]);
      expect(await heardDuring(() => store.books.put(sampleBook(bookId, { fetchedAtMs: 1 }), [], KEEP_UNTIL_MS))).toStrictEqual([]);
      await submit(store, null, itemsOf([jobOf(bookId)]), { maxAgeMs: 0 });
      expect(
        await heardDuring(() => store.jobs.settle(settlement(jobOf(bookId), { book: sampleBook(bookId, { label: 'c' }) }))),
      ).toStrictEqual([told]);
      expect(await heardDuring(() => store.books.delete(bookId))).toStrictEqual([told]);
      expect(await heardDuring(() => store.books.delete(bookId))).toStrictEqual([]);
    });
  });
}

/** What a store is beside its records. */
export function startAndStopContract({ make, name }: StoreKind): void {
  describe('the store itself', () => {
    it(`names its kind, answers a ping, and starts and stops more than once`, async () => {
      const { store, cleanup } = await make();
      expect(store.kind).toBe(name);
      expect(store.description).toMatch(/\w/);
      await Promise.all([store.start(), store.start()]);
      await store.ping();
      for (const warning of await store.warnings()) expect(warning).toMatch(/\.$/);
      await Promise.all([store.stop(), store.stop()]);
      await cleanup();
      await expect(store.ping()).rejects.toMatchObject({ code: 'store-unavailable' });
      await expect(store.books.find(jobOf(newBookId()), NOW_MS)).rejects.toMatchObject({ code: 'store-unavailable' });
    });
  });
}
