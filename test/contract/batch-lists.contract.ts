import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchId } from '../../src/domain/batch.ts';
import type { Records } from '../specification/records.ts';
import type { RecordsKind } from '../support/stores.ts';
import { batchOf, invalidItem, itemsOf, jobOf, newBatchId, newBookId, NOW_MS, settleParsed, submit } from './samples.ts';

export function batchListsContract({ make }: RecordsKind): void {
  describe('the list of batches', () => {
    let made: Awaited<ReturnType<RecordsKind['make']>>;
    let store: Records;
    beforeEach(async () => {
      made = await make();
      store = made.store;
    });
    afterEach(() => made.cleanup());

    /** Batches that wait and batches that have ended, in turn; in the order of their creation. */
    const fill = async (many: number): Promise<BatchId[]> => {
      const ids = Array.from({ length: many }, () => newBatchId());
      for (const [at, id] of ids.entries()) await submit(store, id, at % 2 === 0 ? itemsOf([jobOf(newBookId())]) : [invalidItem(0)]);
      return ids;
    };
    const pages = async (limit: number, ended: boolean | null): Promise<BatchId[][]> => {
      const seen: BatchId[][] = [];
      let before: BatchId | null = null;
      do {
        const page: Awaited<ReturnType<Records['batches']['list']>> = await store.batches.list({ before, limit, ended });
        seen.push(page.batches.map(({ batchId }) => batchId));
        before = page.next;
      } while (before !== null && seen.length < 20);
      return seen;
    };

    it('is empty at first', async () => {
      expect(await store.batches.list({ before: null, limit: 10, ended: null })).toStrictEqual({ batches: [], next: null });
    });

    it('has every batch once, the newest first, in pages', async () => {
      const [a, b, c, d, e] = await fill(5);
      expect(await pages(2, null)).toStrictEqual([[e, d], [c, b], [a]]);
      expect(await pages(5, null)).toStrictEqual([[e, d, c, b, a]]);
      expect(await pages(200, null)).toStrictEqual([[e, d, c, b, a]]);
      expect((await store.batches.list({ before: null, limit: 1, ended: null })).batches).toStrictEqual([await batchOf(store, e!)]);
    });

    it('is filtered by whether they have ended', async () => {
      const [a, b, c, d, e] = await fill(5);
      expect(await pages(2, false)).toStrictEqual([[e, c], [a]]);
      expect(await pages(1, true)).toStrictEqual([[d], [b]]);
      await store.batches.cancel(c!, NOW_MS);
      expect(await pages(9, false)).toStrictEqual([[e, a]]);
      expect(await pages(9, true)).toStrictEqual([[d, c, b]]);
    });

    it('follows a batch to its end', async () => {
      const [jobId, batchId] = [jobOf(newBookId()), newBatchId()];
      await submit(store, batchId, itemsOf([jobId]));
      expect([await pages(9, false), await pages(9, true)]).toStrictEqual([[[batchId]], [[]]]);
      await settleParsed(store, jobId);
      expect([await pages(9, false), await pages(9, true)]).toStrictEqual([[[]], [[batchId]]]);
    });

    it('neither repeats nor hides a batch when others come or end between two pages', async () => {
      const [a, b, c, d] = await fill(4);
      const first = await store.batches.list({ before: null, limit: 2, ended: null });
      expect(first.batches.map(({ batchId }) => batchId)).toStrictEqual([d, c]);
      await submit(store, newBatchId(), itemsOf([jobOf(newBookId())]));
      await store.batches.cancel(c!, NOW_MS);
      await store.batches.cancel(a!, NOW_MS);
      const second = await store.batches.list({ before: first.next, limit: 9, ended: null });
      expect(second).toMatchObject({ batches: [{ batchId: b }, { batchId: a }], next: null });
    });

    it('goes on before an id that is gone, or never was', async () => {
      const [a, b] = await fill(2);
      const list = async (before: string) => (await store.batches.list({ before: before as BatchId, limit: 9, ended: null })).batches;
      expect(await list(`${b}0`)).toMatchObject([{ batchId: b }, { batchId: a }]);
      expect(await list('0000000000')).toStrictEqual([]);
    });
  });
}
