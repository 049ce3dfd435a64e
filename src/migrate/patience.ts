/** Waiting out a store that does not answer for a moment. */
import { setTimeout as wait } from 'node:timers/promises';
import { QuireError } from '../errors.ts';

/** Waits before something is tried again, in milliseconds. */
const RETRY_AFTER_MS = [200, 1_000, 3_000, 10_000, 20_000] as const;

/** Does `work` again, some times, when a store does not answer: it must be something that may be done twice. Rejects at once when `signal` is aborted meanwhile. */
export async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const waitMs = RETRY_AFTER_MS[tries];
      if (!(error instanceof QuireError) || error.code !== 'store-unavailable' || waitMs === undefined) throw error;
      await wait(waitMs, undefined, { signal });
    }
  }
}
