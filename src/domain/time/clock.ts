/**
 * How far the clocks of two machines may be apart before one of them counts as wrong, in milliseconds.
 * A time further in the future comes from a clock that jumped, and must not count as news until then.
 */
export const CLOCK_TOLERANCE_MS = 60_000;

/** Watches a clock from now on. The function returned tells whether the clock jumped since: times from before and after then do not compare. */
export function watchClock(now: () => number): () => boolean {
  const ahead = (): number => now() - performance.now();
  const before = ahead();
  return () => Math.abs(ahead() - before) > CLOCK_TOLERANCE_MS;
}
