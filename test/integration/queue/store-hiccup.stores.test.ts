import { afterAll, beforeAll, expect, it } from 'vitest';
import { pino } from 'pino';
import { readConfig } from '../../../src/config/config.ts';
import { QuireError } from '../../../src/errors.ts';
import { createService } from '../../../src/service.ts';
import { startGoodreads, type Goodreads } from '../../support/goodreads.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';

let goodreads: Goodreads;
beforeAll(async () => {
  goodreads = await startGoodreads();
});
afterAll(() => goodreads.stop());

/** More often than the two attempts that a job has here. */
const FAILURES = 4;

it.each(inThisRun(eachStore))('a store that fails a job several times costs it no attempt: $name', async ({ make }) => {
  const { store, cleanup } = await make();
  let failures = 0;
  const settle: typeof store.jobs.settle = (settlement) => {
    if (failures === FAILURES) return store.jobs.settle(settlement);
    failures += 1;
    return Promise.reject(new QuireError('store-unavailable', 'The store does not answer.'));
  };
  const env = { PORT: '0', GOODREADS_ORIGIN: goodreads.origin, CRAWL_RATE: '0', CRAWL_ATTEMPTS: '2', CRAWL_BACKOFF: '5ms' };
  const service = createService(readConfig(env, 'all'), {
    log: pino({ level: 'silent' }),
    version: '0.0.0',
    store: { ...store, start: () => Promise.resolve(), stop: () => Promise.resolve(), jobs: { ...store.jobs, settle } },
    random: () => 0.01,
  });
  await service.start();
  try {
    const url = `${service.address}/jobs/book-1000000123`;
    const links = ['https://www.goodreads.com/book/show/1000000123'];
    const answer = await fetch(`${service.address}/parse-links`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(links),
    });
    expect(answer.status).toBe(202);
    const job = await waitUntil(
      'the job to be settled',
      async () => {
        const view = (await (await fetch(url)).json()) as { state: string; settledAt: string | null; attempts: number };
        return view.settledAt !== null && view;
      },
      { timeoutMs: 20_000 },
    );
    expect(job).toMatchObject({ state: 'parsed', attempts: 1 });
    expect(failures).toBe(FAILURES);
  } finally {
    await service.stop();
    await cleanup();
  }
});
