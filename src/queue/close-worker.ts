/** Closes a BullMQ worker: cleanly while the store answers, and by giving up when there is nothing left to wait for. */
import type { Log } from '../domain/log.ts';
import { setTimeout as wait } from 'node:timers/promises';
import type { Store } from '../storage/store.ts';

/** How long requeuing may take after the drain, in milliseconds, before the worker is left behind. */
const FORCE_MS = 2_000;
/** How often a worker without jobs pings its store, in milliseconds, and how many pings in a row may fail. */
const LOOK_MS = 500;
const MOST_MISSED = 2;

export interface WorkerEnd {
  worker: { close(): Promise<void> };
  store: Pick<Store, 'ping'>;
  /** How many jobs run in this process now. */
  running(): number;
  /** How long running jobs may take to finish, in milliseconds. */
  drainMs: number;
  log: Log;
}

/** Resolves when nothing runs and the store is away: then waiting is pointless. */
async function pointless({ store, running }: WorkerEnd, ended: AbortSignal): Promise<void> {
  for (let missed = 0; missed < MOST_MISSED && !ended.aborted;) {
    await wait(LOOK_MS, undefined, { signal: ended });
    const away =
      running() === 0 &&
      (await store.ping().then(
        () => false,
        () => true,
      ));
    missed = away ? missed + 1 : 0;
  }
}

/**
 * Closes the worker. BullMQ waits without limit for a store that is away, even without a job. This resolves two seconds after the drain at
 * the latest, and much sooner when nothing runs and the store does not answer. The stalled check finds the jobs that are left.
 */
export async function closeWorker(end: WorkerEnd): Promise<void> {
  const ended = new AbortController();
  const tooLate = wait(end.drainMs + FORCE_MS, undefined, { signal: ended.signal });
  const givenUp = Promise.race([tooLate, pointless(end, ended.signal)]).then(() => 'given up' as const);
  // When the worker closes first, both are aborted.
  for (const one of [tooLate, givenUp]) one.catch(() => undefined);
  try {
    if ((await Promise.race([end.worker.close(), givenUp])) !== 'given up') return;
    end.log.warn({ running: end.running() }, 'the worker did not close in time and is left behind; the stalled check finds its jobs');
  } finally {
    ended.abort();
  }
}
