/** BullMQ keeps a thousand completed jobs. The figures of Quire are its own. */
import { expect, it, onTestFinished } from 'vitest';
import { readText, valueOf } from '../../support/exposition.ts';
import { startQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const BOOKS = 1_250;

it('1,250 books show as 1,250 parsed jobs at /stats and /metrics', async () => {
  const quire = await startQuire('redis', { settings: { CRAWL_CONCURRENCY: '16', CRAWL_TIMEOUT: '20s' } });
  onTestFinished(() => quire.stop());
  const { batchId } = await quire.submit(
    Array.from({ length: BOOKS }, (_, n) => `https://www.goodreads.com/book/show/${1_000_000_001 + n}`),
  );
  const { counts } = await quire.ended(batchId as string, 120_000);
  expect(counts.parsed).toBe(BOOKS);
  const ended = await waitUntil('the counts to be written', async () => {
    const { endedToday } = (await quire.get('/stats')).body;
    return endedToday.parsed >= BOOKS ? endedToday : undefined;
  });
  expect(ended).toEqual({ parsed: BOOKS, 'not-found': 0, failed: 0, cancelled: 0 });
  const metrics = readText((await quire.get('/metrics')).body as string);
  expect(valueOf(metrics.get('quire_jobs_ended_total') ?? [], { outcome: 'parsed' })).toBe(BOOKS);
});
