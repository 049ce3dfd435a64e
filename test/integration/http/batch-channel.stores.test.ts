import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchId } from '../../../src/domain/batch.ts';
import type { BookId, JobId } from '../../../src/domain/identity.ts';
import { createBatchChannel, type BatchChannel } from '../../../src/http/streams/batch-channel.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore, type MadeStore } from '../../support/stores.ts';

const TOTAL = 700;

describe.each(inThisRun(eachStore))('the channel of a batch, on the $name store', (kind) => {
  let made: MadeStore;
  let settled = 0;
  const batchId = 'channel00001' as BatchId;
  const jobId = (n: number): JobId => `book-${1_000_000 + n}` as JobId;

  const settle = async (count: number): Promise<void> => {
    const ids = Array.from({ length: count }, (_, n) => jobId(settled + n));
    settled += count;
    for (const id of ids) {
      const end = {
        outcome: 'failed',
        attempts: 1,
        error: { code: 'crawl-failed', detail: 'x' },
      } as const;
      await made.store.jobs.settle({ jobId: id, run: null, nowMs: 1000, ...end });
    }
  };
  const open = (afterSeq = 0): BatchChannel => createBatchChannel(made.store.batches, { view: async () => null }, batchId, afterSeq);
  const idsOf = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

  beforeAll(async () => {
    made = await kind.make();
    const items = Array.from({ length: TOTAL }, (_, index) => ({
      index,
      input: `link ${index}`,
      jobId: jobId(index),
      bookId: String(1_000_000 + index) as BookId,
      duplicates: 0,
      reason: null,
    }));
    const options = { priority: 'normal', maxAgeMs: null, webhook: null } as const;
    await made.store.batches.submit({
      batch: { batchId, options, total: TOTAL, last: true },
      nowMs: 1000,
      run: 'r',
      priority: 'normal',
      maxAgeMs: null,
      items,
    });
  });
  afterAll(() => made.cleanup());

  it('gives each of many readers what one of them made it read', async () => {
    await settle(5);
    const channel = open();
    const chunks = await Promise.all([channel.next(0), channel.next(0), channel.next(0), channel.next(3)]);
    expect(chunks.map((chunk) => idsOf(chunk?.text ?? ''))).toEqual([range(1, 5), range(1, 5), range(1, 5), range(4, 5)]);
    expect(await Promise.all([channel.next(5), channel.next(5)])).toEqual([null, null]);
    await settle(1);
    // Without a signal it does not look again.
    expect(await channel.next(5)).toBeNull();
    const changed = channel.changed();
    channel.signal();
    await changed;
    const told = await Promise.all([channel.next(5), channel.next(5), channel.next(5)]);
    expect(told.map((chunk) => idsOf(chunk?.text ?? ''))).toEqual([[6], [6], [6]]);
    channel.close();
  });

  it('reads the log for a reader who is far behind, or ahead of it', async () => {
    const behind = open(2);
    expect(idsOf((await behind.next(0))?.text ?? '')).toEqual(range(1, 6));
    expect(idsOf((await behind.next(4))?.text ?? '')).toEqual([5, 6]);
    expect(await behind.next(99)).toBeNull();
    behind.close();
  });

  it('gives everything once, in order, whatever the pace, and knows the end', async () => {
    await settle(TOTAL - settled);
    const channel = open();
    const follow = async (pause: (seq: number) => Promise<unknown>): Promise<number[]> => {
      const seen: number[] = [];
      for (let chunk = await channel.next(0); chunk !== null; chunk = await channel.next(chunk.seq)) {
        seen.push(...idsOf(chunk.text));
        await pause(chunk.seq);
      }
      return seen;
    };
    const fast = await follow(async () => undefined);
    // By now the window is far on.
    const slow = await follow(async () => channel.isOver());
    expect(fast).toEqual(range(1, TOTAL));
    expect(slow).toEqual(fast);
    expect(await channel.isOver()).toBe(true);
    channel.close();
  });
});
