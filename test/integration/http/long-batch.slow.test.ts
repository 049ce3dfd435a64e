/** The longest batches are cancelled as short ones are. */
import { expect, it, onTestFinished } from 'vitest';
import { startQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const ROWS = 50_000;
/** CRAWL_CONCURRENCY of these tests. */
const AT_ONCE = 8;

// The embedded store runs the SQL of PostgreSQL, and takes over a minute to fill.
it.each(['redis', 'postgres'] as const)(
  'a batch of 50,000 items is cancelled by one request on the %s store, and its jobs leave the queue',
  async (store) => {
    const quire = await startQuire(store, { settings: { CRAWL_RATE: '0.001', DRAIN_SECONDS: '1' } });
    onTestFinished(() => quire.stop());
    const file = `id\n${Array.from({ length: ROWS }, (_, n) => 100_001 + n).join('\n')}\n`;
    const made = await quire.post('/parse-links', undefined, { body: file, headers: { 'content-type': 'text/csv' } });
    expect([made.status, made.body.counts]).toEqual([202, expect.objectContaining({ total: ROWS, queued: ROWS })]);
    const { batchId } = made.body;
    const cancelled = await quire.delete(`/batches/${batchId}`);
    // On a busy machine a step may take longer than the store's deadline. The next request goes on where it ended.
    const wasWhole = cancelled.status === 200;
    if (!wasWhole) await waitUntil('the rest to be cancelled', async () => (await quire.delete(`/batches/${batchId}`)).status === 200);
    expect((await quire.get(`/batches/${batchId}`)).body).toMatchObject({ state: 'cancelled', counts: { cancelled: ROWS, queued: 0 } });
    // What a step ended whose answer was lost leaves the queue when its turn comes, and so does a job that a worker was giving back.
    if (wasWhole) {
      const few = async (): Promise<boolean> => (await quire.get('/stats')).body.backlog.waiting <= AT_ONCE;
      await waitUntil('the jobs to leave the queue', few);
    }
  },
);
