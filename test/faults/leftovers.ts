/** What a fleet leaves behind when it is at rest: no key or row may be without an owner. */
import type { QuireProcess } from '../../scripts/quire-process.ts';
import { waitUntil } from '../support/wait-until.ts';

export { findLeftovers } from './leftovers/owners.ts';
export { readEmbedded, readPostgres } from './leftovers/sql.ts';
export { readRedis } from './leftovers/redis.ts';
export type { Contents } from './leftovers/contents.ts';

/**
 * Waits until BullMQ has nothing to do either: a batch may have ended while the job of a dead worker waits for the check for stalled jobs, which
 * finds it when its lock ends. Waits also for the batches that no caller knows: their process died before it answered, and the reconciler
 * queues their collections. Rejects when that takes longer than `timeoutMs`.
 */
export async function untilIdle(api: () => QuireProcess | undefined, timeoutMs: number): Promise<void> {
  await waitUntil(
    'the queue to be empty and every batch to end',
    async () => {
      const read = async (path: string): Promise<unknown> =>
        (await fetch(`${api()?.address}${path}`, { signal: AbortSignal.timeout(5_000) })).json();
      const { backlog } = (await read('/stats')) as { backlog: { waiting: number; active: number; delayed: number } };
      if (backlog.waiting + backlog.active + backlog.delayed > 0) return false;
      return ((await read('/batches?state=open&limit=1')) as { batches: unknown[] }).batches.length === 0;
    },
    { timeoutMs, everyMs: 200 },
  );
}
