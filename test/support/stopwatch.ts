/**
 * A clock for limits that a test holds the product to, such as "refused within 2 s". It ticks with a timer of this process: what the machine
 * takes away from everybody, because it is busy with other things, is not counted, and a hang is. Time in which this very process does nothing but
 * compute is not counted either.
 */

const TICK_MS = 10;

export interface Stopwatch {
  /** Milliseconds since the start, at most those of the wall clock. May be asked again. */
  elapsedMs(): number;
  stop(): void;
}

export function startStopwatch(): Stopwatch {
  let ticks = 0;
  const timer = setInterval(() => void (ticks += 1), TICK_MS);
  return { elapsedMs: () => ticks * TICK_MS, stop: () => clearInterval(timer) };
}

/** Milliseconds that `work` took by a {@link Stopwatch}, with what came of it. */
export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; tookMs: number }> {
  const watch = startStopwatch();
  try {
    const value = await work();
    return { value, tookMs: watch.elapsedMs() };
  } finally {
    watch.stop();
  }
}
