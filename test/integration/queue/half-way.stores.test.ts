import { afterAll, beforeAll, expect, it } from 'vitest';
import { pino } from 'pino';
import type { BatchId } from '../../../src/domain/batch.ts';
import { readConfig } from '../../../src/config/config.ts';
import { QuireError } from '../../../src/errors.ts';
import { createService } from '../../../src/service.ts';
import type { Submission } from '../../../src/storage/store.ts';
import { startGoodreads, type Goodreads } from '../../support/goodreads.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';

let goodreads: Goodreads;
beforeAll(async () => {
  goodreads = await startGoodreads();
});
afterAll(() => goodreads.stop());

const FIRST_ID = 1_000_002_000;
const LINKS = Array.from({ length: 300 }, (_, n) => `https://www.goodreads.com/book/show/${FIRST_ID + n}`);
/** In the first step of the list, and wanted by somebody else meanwhile. */
const SHARED = FIRST_ID + 7;

it.each(inThisRun(eachStore))(
  'a list that fails half-way leaves only jobs that others joined, and may be sent again: $name',
  async ({ make }) => {
    const { store, cleanup } = await make();
    await goodreads.resetStats();
    let failing = true;
    let origin = '';
    const post = (links: string[]) =>
      fetch(`${origin}/parse-links`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(links) });
    const submit = async (submission: Submission) => {
      if (!failing || submission.batch?.total !== LINKS.length || !submission.batch.last) return store.batches.submit(submission);
      failing = false;
      expect((await post([`https://www.goodreads.com/book/show/${SHARED}`])).status).toBe(202);
      throw new QuireError('store-unavailable', 'The store does not answer.');
    };
    const env = { PORT: '0', GOODREADS_ORIGIN: goodreads.origin, CRAWL_RATE: '0', CRAWL_BACKOFF: '5ms' };
    const service = createService(readConfig(env, 'all'), {
      log: pino({ level: 'silent' }),
      version: '0.0.0',
      store: { ...store, start: () => Promise.resolve(), stop: () => Promise.resolve(), batches: { ...store.batches, submit } },
    });
    await service.start();
    origin = service.address ?? '';
    const stateOf = async (id: number): Promise<string> =>
      ((await (await fetch(`${origin}/jobs/book-${id}`)).json()) as { state: string }).state;
    try {
      expect((await post(LINKS)).status).toBe(503);
      await waitUntil('the batch to be taken back', async () => (await stateOf(FIRST_ID)) === 'cancelled');
      await waitUntil('the book that somebody else wants', async () => (await stateOf(SHARED)) === 'parsed', { timeoutMs: 20_000 });
      expect([await stateOf(FIRST_ID + 249), (await fetch(`${origin}/jobs/book-${FIRST_ID + 250}`)).status]).toEqual(['cancelled', 404]);
      expect((await goodreads.stats()).byId).toEqual({ [SHARED]: 1 });

      const again = (await (await post(LINKS)).json()) as { batchId: BatchId; counts: object };
      expect(again.counts).toMatchObject({ total: 300, queued: 299, cached: 1 });
      await waitUntil('the batch to end', async () => (await store.batches.get(again.batchId))?.endedAtMs !== null, {
        timeoutMs: 60_000,
      });
    } finally {
      await service.stop();
      await cleanup();
    }
  },
  120_000,
);
