/**
 * How far the clocks of two machines may be apart before one of them is taken to be wrong, in milliseconds. What lies further in the future was
 * left by a clock that jumped, and must not count as news for as long as the jump was.
 */
export const CLOCK_TOLERANCE_MS = 60_000;
