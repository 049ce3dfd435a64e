/** Somebody waits for an interactive job, nobody for bulk ones. */
import { expect, it, onTestFinished } from 'vitest';
import { startQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** With 100,000 it is the same, but takes a quarter of a minute. */
const BULK = 20_000;
const REQUEST = 10_000;
const URGENT = '999999999';
const linkTo = (id: string | number): string => `https://www.goodreads.com/book/show/${id}`;

it('an interactive job is crawled first, although 20,000 bulk jobs were queued before it', async () => {
  const api = await startQuire('redis', { role: 'api' });
  onTestFinished(api.stop);
  for (let from = 0; from < BULK; from += REQUEST) {
    const links = Array.from({ length: REQUEST }, (_, n) => linkTo(1_000_000_000 + from + n));
    await api.submit(links, '?priority=bulk');
  }
  await api.submit([linkTo(URGENT)], '?priority=interactive');
  expect((await api.get('/stats')).body.backlog.waiting).toBe(BULK + 1);

  await api.goodreads.control({ delayMs: 100 });
  const worker = await startQuire('redis', {
    role: 'worker',
    env: api.env,
    goodreads: api.goodreads,
    settings: { CRAWL_CONCURRENCY: '1' },
  });
  onTestFinished(worker.stop);
  await waitUntil('the first page to be asked for', async () => (await api.goodreads.stats()).requests > 0, { everyMs: 5 });
  expect(Object.keys((await api.goodreads.stats()).byId)).toEqual([URGENT]);
});
