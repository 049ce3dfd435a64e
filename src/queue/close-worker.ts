/** Ending a BullMQ worker: in good order while the store answers, without it once there is nothing left to wait for. */
import type { Log } from '../domain/log.ts';
import { setTimeout as wait } from 'node:timers/promises';
import type { Store } from '../storage/store.ts';

/** What handing back may take beyond the drain before the worker is given up, in milliseconds. */
const FORCE_MS = 2_000;
/** How often a worker without work looks whether its store is still there, in milliseconds, and how many questions in a row stay without answer. */
const LOOK_MS = 500;
const MOST_MISSED = 2;

export interface WorkerEnd {
  worker: { close(): Promise<void> };
  store: Pick<Store, 'ping'>;
  /** Jobs that this process works on now. */
  running(): number;
  /** What running jobs get, in milliseconds. */
  drainMs: number;
  log: Log;
}

/** Resolves when nothing runs and the store stays away. */
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
 * Closes the worker. BullMQ waits for a store that is gone for as long as it takes, even when it holds no job; so this ends at the latest two seconds
 * after the drain, and much sooner when nothing runs and the store does not answer. Whatever BullMQ still holds is found by the stalled check.
 */
export async function closeWorker(end: WorkerEnd): Promise<void> {
  const ended = new AbortController();
  const tooLate = wait(end.drainMs + FORCE_MS, undefined, { signal: ended.signal });
  const givenUp = Promise.race([tooLate, pointless(end, ended.signal)]).then(() => 'given up' as const);
  // When the worker closes first, both are aborted.
  for (const one of [tooLate, givenUp]) one.catch(() => undefined);
  try {
    if ((await Promise.race([end.worker.close(), givenUp])) !== 'given up') return;
    end.log.warn(
      { running: end.running() },
      'the worker did not end in time and is left behind; whatever it holds is found by the stalled check',
    );
  } finally {
    ended.abort();
  }
}
