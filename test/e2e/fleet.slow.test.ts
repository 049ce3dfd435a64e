/** Two apis and two workers on Redis, one of each killed at random moments while twenty batches of overlapping links come in. */
import { expect, it } from 'vitest';
import type { QuireProcess } from '../../scripts/quire-process.ts';
import { LOCK_MS } from '../../src/queue/open.ts';
import { ask, itemsOf, linkTo, openScene, settled, submit, STORES } from './scene.ts';
import { waitUntil } from '../support/wait-until.ts';

const BATCHES = 20;
const LINKS = 500;
/** Fewer books than links: each book is wanted by several batches. */
const BOOKS = 3_000;
const FIRST_ID = 1_100_000_000;

const randomLinks = (): string[] => {
  const first = Math.floor(Math.random() * (BOOKS - LINKS));
  return Array.from({ length: LINKS }, (_, n) => linkTo(FIRST_ID + first + n));
};

it('every accepted batch ends, its counts add up, and each item is settled once', async () => {
  const { start } = await openScene('redis', { CRAWL_CONCURRENCY: '8' });
  const apis: QuireProcess[] = await Promise.all([start({ role: 'api' }), start({ role: 'api' })]);
  const workers: QuireProcess[] = await Promise.all([start({ role: 'worker' }), start({ role: 'worker' })]);
  const api = (n: number): QuireProcess => apis[n % apis.length] as QuireProcess;

  const accepted: string[] = [];
  /** As a caller would: what was not answered is sent again, to the other api. */
  const submitAll = async (): Promise<void> => {
    for (let n = 0; n < BATCHES; n++) {
      const links = randomLinks();
      await waitUntil(
        `batch ${n} to be accepted`,
        async () => {
          const { status, body } = await submit(api(n + accepted.length), links);
          if (status < 300) accepted.push(body.batchId);
          return status < 300;
        },
        { timeoutMs: 30_000, everyMs: 50 },
      );
    }
  };
  const replace = async (fleet: QuireProcess[], role: 'api' | 'worker'): Promise<void> => {
    const at = Math.floor(Math.random() * fleet.length);
    await fleet[at]?.kill9();
    fleet[at] = await start({ role });
  };

  const submitting = submitAll();
  for (const threshold of [3, 8, 14].map((n) => n + Math.floor(Math.random() * 3))) {
    await waitUntil(`${threshold} batches`, () => accepted.length >= threshold, { timeoutMs: 60_000, everyMs: 5 });
    await Promise.all([replace(apis, 'api'), replace(workers, 'worker')]);
  }
  await submitting;

  expect(accepted).toHaveLength(BATCHES);
  const takeover = STORES.find(({ store }) => store === 'redis')?.takeoverMs ?? LOCK_MS * 2;
  for (const [n, batchId] of accepted.entries()) {
    const batch = await settled(api(n), batchId, takeover + 60_000);
    const { counts } = batch;
    expect(counts.parsed + counts.cached).toBe(LINKS);
    expect(batch).toMatchObject({ total: LINKS, state: 'completed' });
    const items = await itemsOf(api(n), batchId);
    expect(new Set(items.map(({ index }) => index)).size).toBe(LINKS);
    expect(items.filter(({ state }) => state === 'parsed')).toHaveLength(counts.parsed);
  }
  // What the events tell is what the counts tell: one for each item that was not settled from the start.
  const { body } = await ask<{ backlog: { waiting: number; active: number } }>(api(0), '/stats');
  expect(body.backlog).toMatchObject({ waiting: 0 });
});
