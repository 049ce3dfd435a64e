/** When a failed call is repeated: pure functions, no I/O. */

const BASE_MS = 5_000;
const FACTOR = 3;
const MAX_WAIT_MS = 6 * 3_600_000;

/** A call that still fails this long after the first attempt is given up. The last attempt comes at this time or later. */
export const GIVE_UP_AFTER_MS = 36 * 3_600_000;

/**
 * Wait in milliseconds after `failures` failed attempts (1 and up). It is an exponential backoff with full jitter: a random part of
 * 5 s × 3^(failures-1), at most 6 h. It is never shorter than the receiver asked for.
 */
export function waitAfter(failures: number, { retryAfterMs, random }: { retryAfterMs: number | null; random: () => number }): number {
  const ceiling = Math.min(BASE_MS * FACTOR ** Math.max(0, failures - 1), MAX_WAIT_MS);
  const jittered = Math.max(1, Math.ceil(random() * ceiling));
  // Up to a tenth is added to the time asked for, so that the calls of one 429 do not return at once.
  return retryAfterMs === null ? jittered : Math.max(jittered, Math.ceil(retryAfterMs * (1 + random() * 0.1)));
}
