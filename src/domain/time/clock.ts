/**
 * How far the clocks of two machines may differ, in milliseconds. A time further in the future comes from a clock that jumped, and must not
 * count as the newest until then.
 */
export const CLOCK_TOLERANCE_MS = 60_000;

/**
 * Watches a clock from now on. The returned function says whether the clock jumped since: then times before and after cannot be compared.
 */
export function watchClock(now: () => number): () => boolean {
  const ahead = (): number => now() - performance.now();
  const before = ahead();
  return () => Math.abs(ahead() - before) > CLOCK_TOLERANCE_MS;
}
