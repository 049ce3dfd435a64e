/**
 * How far the clocks of two machines may be apart before one of them is taken to be wrong, in milliseconds. What lies further in the future was
 * left by a clock that jumped, and must not count as news for as long as the jump was.
 */
export const CLOCK_TOLERANCE_MS = 60_000;

/** Watches a clock from now on: the answer tells whether it was put forward or back since, so that times from before and after cannot be compared. */
export function watchClock(now: () => number): () => boolean {
  const ahead = (): number => now() - performance.now();
  const before = ahead();
  return () => Math.abs(ahead() - before) > CLOCK_TOLERANCE_MS;
}
