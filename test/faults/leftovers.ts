/** What a fleet leaves behind when it is at rest: no key or row may be without an owner. */
import type { QuireProcess } from '../../scripts/quire-process.ts';
import { waitUntil } from '../support/wait-until.ts';

export { findLeftovers } from './leftovers/owners.ts';
export { readEmbedded, readPostgres } from './leftovers/sql.ts';
export { readRedis } from './leftovers/redis.ts';
export type { Contents } from './leftovers/contents.ts';

/**
 * Waits until BullMQ has nothing to do either: a batch may have ended while the job of a dead worker waits for the check for stalled jobs, which
 * finds it when its lock ends. Rejects when that takes longer than `timeoutMs`.
 */
export async function untilIdle(api: () => QuireProcess | undefined, timeoutMs: number): Promise<void> {
  await waitUntil(
    'the queue to be empty',
    async () => {
      const answer = await fetch(`${api()?.address}/stats`, { signal: AbortSignal.timeout(5_000) });
      const { backlog } = (await answer.json()) as { backlog: { waiting: number; active: number; delayed: number } };
      return backlog.waiting + backlog.active + backlog.delayed === 0;
    },
    { timeoutMs, everyMs: 200 },
  );
}
