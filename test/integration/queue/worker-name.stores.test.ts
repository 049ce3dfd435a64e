/** Workers have names that lead an operator to the process. */
import { hostname } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openQueue } from '../../../src/queue/parse-book-queue.ts';
import { openWebhookQueue } from '../../../src/queue/deliver-webhook-queue.ts';
import { workerName } from '../../../src/queue/worker-name.ts';
import { startQuire, STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** PostgreSQL cuts the name of a connection. */
const POSTGRES_NAME_BYTES = 63;

describe('the name of a worker', () => {
  it('is its host and process', () => {
    expect(workerName()).toBe(`${hostname()}:${process.pid}`);
  });

  it('fits a connection of Redis, and keeps the end of a long host name', () => {
    expect(workerName('Jürgens Mac', 7)).toBe('J-rgens-Mac:7');
    expect(workerName(`${'x'.repeat(70)}-4f9k2`, 12)).toMatch(/^x{55}-4f9k2:12$/);
  });
});

describe.each(inThisRun(STORES))('a worker on the %s store', (store) => {
  it('is named in the record of each job, and by its connections', async () => {
    const quire = await startQuire(store);
    onTestFinished(() => quire.stop());
    const { batchId } = await quire.submit(['https://www.goodreads.com/book/show/1500000001']);
    await quire.ended(batchId);
    const records = quire.service.store;
    const books = openQueue(records, () => undefined);
    const calls = openWebhookQueue(records, () => undefined);
    onTestFinished(async () => void (await Promise.all([books.close(), calls.close()])));
    expect(await waitUntil('the job to be completed', async () => (await books.getCompleted())[0])).toMatchObject({
      processedBy: workerName(),
    });
    // PGlite has no connections to ask for.
    if (store === 'embedded') return;
    for (const queue of [books, calls]) {
      const workers = await waitUntil('the worker to be listed', async () => {
        const list = await queue.getWorkers();
        return list.length > 0 && list;
      });
      const names = workers.map(({ rawname = '' }) => rawname);
      const suffix = `:w:${workerName()}`;
      const whole = store === 'postgres' ? `${queue.name}${suffix}`.slice(0, POSTGRES_NAME_BYTES) : suffix;
      expect(names.filter((name) => name.endsWith(whole))).not.toEqual([]);
    }
  });
});
