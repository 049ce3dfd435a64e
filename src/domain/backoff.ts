/** What follows a failed attempt: pure functions, no I/O. */

/** No wait between attempts is longer. */
const MAX_BACKOFF_MS = 600_000;
/** A longer `Retry-After` is cut to this, because the job would look lost. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** A wait that doubles with each failure, from `firstMs` after none up to `mostMs`. */
export const doublingMs = (failures: number, firstMs: number, mostMs: number): number =>
  Math.min(firstMs * 2 ** Math.min(Math.max(0, failures), 40), mostMs);

/** How many tries to reach a server have short waits, of a second at most: about 20 s, which covers a restart or a failover. */
const QUICK_TRIES = 20;
const QUICK_MS = 1_000;
const SLOW_MS = 10_000;

/**
 * Wait before a server that is away is tried again, in milliseconds, after `tries` that failed. It doubles up to a second. From the 21st try
 * on it grows by a fifth each time, up to 10 s. Up to a quarter is taken off by chance, so that a fleet does not return in one moment.
 */
export function reconnectMs(tries: number, random: () => number): number {
  const quickMs = doublingMs(tries, 50, QUICK_MS);
  const waitMs = tries <= QUICK_TRIES ? quickMs : Math.min(quickMs * 1.2 ** Math.min(tries - QUICK_TRIES, 40), SLOW_MS);
  return Math.round(waitMs * (1 - random() / 4));
}

/**
 * Wait before the next attempt, in milliseconds. It is an exponential backoff with full jitter: a random part of base × 2^(attempts-1),
 * capped. It is never shorter than the source asked for. Up to a tenth is added to that, so that the jobs of one 429 do not return at once.
 */
export function backoffMs(attemptsMade: number, options: { baseMs: number; retryAfterMs: number | null; random: () => number }): number {
  const { baseMs, retryAfterMs, random } = options;
  const ceiling = doublingMs(attemptsMade - 1, baseMs, MAX_BACKOFF_MS);
  const jittered = Math.ceil(random() * ceiling);
  if (retryAfterMs === null) return Math.max(1, jittered);
  const asked = Math.min(retryAfterMs, MAX_RETRY_AFTER_MS);
  return Math.max(1, jittered, Math.ceil(asked * (1 + random() * 0.1)));
}

/** Spreads a lifetime by ±10 %, so that books stored together do not go stale together. */
export const spreadMs = (ms: number, random: () => number): number => Math.round(ms * (0.9 + random() * 0.2));
