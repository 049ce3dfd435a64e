/** Batches that are open for links, on the rules of the store. */
import { describe, expect, it } from 'vitest';
import { OPEN_FOR_MS } from '../../../src/app/batches/end-due.ts';
import type { BatchId } from '../../../src/domain/batch.ts';
import type { JobId } from '../../../src/domain/identity.ts';
import { HOUR_MS, NOW_MS } from '../../contract/samples.ts';
import { linksOf, ODD, openBatches as open } from './batch-scene.ts';

describe('an open batch', () => {
  it('takes links until it is closed, each book once', async () => {
    const scene = open();
    await scene.keep(9);
    const { batchId } = await scene.submit(linksOf(1), { open: true });
    await scene.parse(1);
    expect(await scene.batch(batchId)).toMatchObject({ open: true, endedAtMs: null });
    const added = await scene.add(batchId, [...linksOf(1, 2, 2, 9), 'nonsense']);
    expect(added).toMatchObject({
      batchId,
      counts: { total: 4, queued: 1, joined: 0, cached: 1, invalid: 1, duplicate: 1 },
      items: [
        { index: 0, status: 'duplicate', bookId: '1' },
        { index: 1, status: 'queued', jobId: 'book-2', duplicates: 1 },
        { index: 2, status: 'cached', bookId: '9' },
        { index: 3, status: 'invalid' },
      ],
    });
    expect(scene.queued.has('book-2' as JobId)).toBe(true);
    expect(await scene.store.batches.close(batchId, NOW_MS)).toBe(true);
    expect(await scene.batch(batchId)).toMatchObject({ open: false, endedAtMs: null, total: 4 });
    await scene.parse(2);
    expect(await scene.batch(batchId)).toMatchObject({ endedAtMs: NOW_MS });
  });

  it('refuses links with the reason once it is closed, ended, cancelled, or has found enough', async () => {
    const scene = open();
    const closed = await scene.submit(linksOf(1), { open: true });
    await scene.store.batches.close(closed.batchId, NOW_MS);
    const cancelled = await scene.submit(linksOf(1), { open: true });
    await scene.store.batches.cancel(cancelled.batchId, NOW_MS);
    const hunt = await scene.submit(linksOf(1), { open: true, until: { ...ODD, count: 1 } });
    await scene.parse(1);
    const refused = async (batchId: BatchId) => scene.add(batchId, linksOf(2)).catch(({ code, message }) => [code, message]);
    expect(await refused(closed.batchId)).toEqual(['batch-closed', expect.stringContaining('The batch has ended')]);
    expect(await refused(cancelled.batchId)).toEqual(['batch-closed', expect.stringContaining('was cancelled')]);
    expect(await refused(hunt.batchId)).toEqual(['batch-closed', expect.stringContaining('has found what it looks for')]);
    const plain = await scene.submit(linksOf(4));
    expect(await refused(plain.batchId)).toEqual(['batch-closed', expect.stringContaining('is not open')]);
    expect(await scene.add('unknown0000000' as BatchId, linksOf(2))).toBeNull();
  });

  it('that is closed in the middle of an addition keeps what came before, with its jobs', async () => {
    const scene = open();
    const { batchId } = await scene.submit(linksOf(1), { open: true });
    const { add } = scene.store.batches;
    scene.store.batches.add = async (addition) => {
      const added = await add(addition);
      await scene.store.batches.close(batchId, NOW_MS);
      return added;
    };
    const ids = Array.from({ length: 300 }, (_, n) => n + 100);
    await expect(scene.add(batchId, linksOf(...ids))).rejects.toMatchObject({ code: 'batch-closed' });
    expect(await scene.batch(batchId)).toMatchObject({ total: 251, counts: { queued: 251 } });
    expect(scene.queued.size).toBe(251);
  });

  it('that looks for books is told of fresh copies among those that are added', async () => {
    const scene = open();
    await scene.keep(3, 5);
    const { batchId } = await scene.submit(linksOf(2), { open: true, until: ODD });
    await scene.add(batchId, linksOf(3, 4, 5, 6));
    expect(await scene.batch(batchId)).toMatchObject({
      found: ['3', '5'],
      open: false,
      endedAtMs: NOW_MS,
      counts: { cached: 2, skipped: 3 },
    });
    expect([...scene.queued.keys()]).toEqual([]);
  });

  it('that looks for books is told at its close of the copies that a process recorded and did not report before it died', async () => {
    const scene = open();
    await scene.keep(2, 3, 5, 7);
    const { batchId } = await scene.submit(linksOf(4), { open: true, until: ODD });
    const { report } = scene.store.batches;
    scene.store.batches.report = () => Promise.reject(new Error('the store went away'));
    await expect(scene.add(batchId, linksOf(2, 3, 5, 7))).rejects.toThrow('the store went away');
    scene.store.batches.report = report;
    expect(await scene.batch(batchId)).toMatchObject({ found: [], open: true, counts: { cached: 4, queued: 1 } });
    await scene.close(batchId);
    expect(await scene.batch(batchId)).toMatchObject({ found: ['3', '5'], endedAtMs: NOW_MS, counts: { cached: 4, skipped: 1 } });
    expect(await scene.close(batchId)).toBe(false);
    expect(await scene.close('unknown0000000' as BatchId)).toBeNull();
  });

  it('closes by itself a day after the last addition', async () => {
    const scene = open();
    await scene.keep(1, 2);
    const { batchId } = await scene.submit(linksOf(1), { open: true });
    scene.sleep(OPEN_FOR_MS - HOUR_MS);
    await scene.store.batches.add({ ...(await additionOf(scene, batchId)) });
    scene.sleep(2 * HOUR_MS);
    await scene.endDue();
    expect(await scene.batch(batchId)).toMatchObject({ open: true, endedAtMs: null });
    scene.sleep(OPEN_FOR_MS);
    await scene.endDue();
    expect(await scene.batch(batchId)).toMatchObject({ open: false, endedAtMs: NOW_MS + 2 * OPEN_FOR_MS + HOUR_MS });
  });
});

/** An invalid link, added at the time of the scene. */
async function additionOf(scene: ReturnType<typeof open>, batchId: BatchId): Promise<Parameters<typeof scene.store.batches.add>[0]> {
  const item = { input: 'x', jobId: null, bookId: null, duplicates: 0, reason: 'That is no link.' };
  return { batchId, nowMs: NOW_MS + OPEN_FOR_MS - HOUR_MS, run: 'run', priority: 'normal', maxAgeMs: null, items: [item], from: null };
}
