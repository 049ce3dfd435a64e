/** A network that leads nowhere: jobs wait and lose nothing, and everything goes on by itself when it is back. */
import { describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { startGoodreads } from '../../support/goodreads.ts';
import { startQuire, STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';

describe.each(inThisRun(STORES))('without a way to Goodreads, on the %s store', (store) => {
  it('jobs wait as `blocked`, pay no attempt and count no request; single probes find out when it is back', async () => {
    const port = await freePort();
    const lines: string[] = [];
    const settings = { GOODREADS_ORIGIN: `http://127.0.0.1:${port}`, CRAWL_ATTEMPTS: '1' };
    const quire = await startQuire(store, { settings, log: 'info', onLog: (line) => lines.push(line) });
    // The state is in the store a moment before the line is written.
    const told = (sentence: string): Promise<unknown> => waitUntil(`the log to say: ${sentence}`, () => lines.join('').includes(sentence));
    try {
      const ids = [1_600_000_001, 1_600_000_002, 1_600_000_003];
      const { batchId } = await quire.submit(ids.map((id) => `https://www.goodreads.com/book/show/${id}`));
      // The first probes fail too.
      const source = await waitUntil('probes to fail', async () => {
        const { body } = await quire.get('/source');
        const { outcomes } = (await quire.get('/source/ledger?days=1')).body.days[0] ?? {};
        return body.state === 'unreachable' && outcomes?.unreachable >= 4 ? body : undefined;
      });
      expect(source).toMatchObject({ reason: expect.stringContaining('ECONNREFUSED'), requestsToday: 0, robots: { fetchedAt: null } });
      expect(Date.parse(source.nextProbeAt)).toBeGreaterThan(Date.parse(source.since));
      for (const id of ids) {
        const job = await waitUntil('the job to wait again', async () => {
          const { body } = await quire.get(`/jobs/book-${id}`);
          return body.state === 'blocked' ? body : undefined;
        });
        expect(job).toMatchObject({ attempts: 0, lastError: null, etaSeconds: null });
        expect(job.timeline.at(-1)).toMatchObject({ event: 'blocked', detail: expect.stringMatching(/cannot be reached.*ECONNREFUSED/) });
      }
      expect((await quire.get('/metrics')).body).toContain('quire_source_state{state="unreachable"} 1');
      await told('the source is unreachable: jobs wait, and only single probes are sent');

      const goodreads = await startGoodreads({ port });
      try {
        expect((await quire.ended(batchId)).counts).toMatchObject({ parsed: 3, failed: 0 });
        expect((await quire.get('/source')).body).toMatchObject({ state: 'open', reason: null, requestsToday: 4 });
        await told('the source is open');
      } finally {
        await goodreads.stop();
      }
    } finally {
      await quire.stop();
    }
  });
});
