import { describe, expect, it } from 'vitest';
import { redisStore } from '../support/stores.ts';
import { batchOf, itemsOf, jobOf, newBatchId, newBookId, settleParsed, submit } from './samples.ts';
import { storeContract } from './store-contract.ts';

storeContract(redisStore);

/** Lua returns so many values side by side at most, and pushes so many arguments. */
const LUA_MOST = 8_000;

describe('a book that a crowd waits for', () => {
  it('ends every batch in one step, and says which', async () => {
    const { store, cleanup } = await redisStore.make();
    try {
      const jobId = jobOf(newBookId());
      const batchIds = Array.from({ length: LUA_MOST + 500 }, newBatchId);
      for (let from = 0; from < batchIds.length; from += 500)
        await Promise.all(batchIds.slice(from, from + 500).map((batchId) => submit(store, batchId, itemsOf([jobId]))));
      const { settled, finished } = await settleParsed(store, jobId);
      expect(settled).toBe(true);
      expect(new Set(finished)).toStrictEqual(new Set(batchIds));
      expect(await batchOf(store, batchIds.at(-1)!)).toMatchObject({ counts: { parsed: 1, queued: 0 } });
    } finally {
      await cleanup();
    }
  });
});
