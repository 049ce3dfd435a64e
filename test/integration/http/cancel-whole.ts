/** The end of a batch whose items all wait. */
import { expect } from 'vitest';
import type { TestQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** CRAWL_CONCURRENCY of these tests. */
const AT_ONCE = 8;
const DEADLINE = { timeoutMs: 60_000 };

/** Cancels a batch of `total` queued items by one request, and sees its jobs leave the queue. No other jobs may wait. */
export async function cancelWhole(quire: TestQuire, batchId: string, total: number): Promise<void> {
  const cancelled = await quire.delete(`/batches/${batchId}`);
  // On a busy machine a step may take longer than the store's deadline. The next request goes on where it ended.
  const wasWhole = cancelled.status === 200;
  if (!wasWhole)
    await waitUntil('the rest to be cancelled', async () => (await quire.delete(`/batches/${batchId}`)).status === 200, DEADLINE);
  expect((await quire.get(`/batches/${batchId}`)).body).toMatchObject({ state: 'cancelled', counts: { cancelled: total, queued: 0 } });
  // What a step ended whose answer was lost leaves the queue when its turn comes, and so does a job that a worker was giving back.
  if (wasWhole) {
    const few = async (): Promise<boolean> => (await quire.get('/stats')).body.backlog.waiting <= AT_ONCE;
    await waitUntil('the jobs to leave the queue', few, DEADLINE);
  }
}
