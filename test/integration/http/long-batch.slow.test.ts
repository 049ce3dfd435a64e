/** The longest batches are cancelled as short ones are. */
import { expect, it, onTestFinished } from 'vitest';
import { startQuire } from '../../support/service.ts';
import { cancelWhole } from './cancel-whole.ts';

const ROWS = 50_000;

// Redis does so in library-export.slow.test.ts. The embedded store runs the SQL of PostgreSQL, and takes over a minute to fill.
it('a batch of 50,000 items is cancelled by one request on the postgres store, and its jobs leave the queue', async () => {
  const quire = await startQuire('postgres', { settings: { CRAWL_RATE: '0.001', DRAIN_SECONDS: '1' } });
  onTestFinished(() => quire.stop());
  const file = `id\n${Array.from({ length: ROWS }, (_, n) => 100_001 + n).join('\n')}\n`;
  const made = await quire.post('/parse-links', undefined, { body: file, headers: { 'content-type': 'text/csv' } });
  expect([made.status, made.body.counts]).toEqual([202, expect.objectContaining({ total: ROWS, queued: ROWS })]);
  await cancelWhole(quire, made.body.batchId, ROWS);
});
