/** Waits for a change in the store. */

/** A signal can be lost, so the wait checks again after this many milliseconds without one. */
const LOOK_AGAIN_MS = 200;

export interface WaitOptions {
  timeoutMs: number;
  /** Ends the wait. */
  signal: AbortSignal;
  /** Calls `poke` whenever the answer of `done` may change. Returns a function that unsubscribes. */
  subscribe(poke: () => void): () => void;
}

/** Resolves to `true` as soon as `done` does, to `false` after `timeoutMs` or when `signal` fires. Rejects with what `done` throws. */
export async function waitFor(done: () => Promise<boolean>, { timeoutMs, signal, subscribe }: WaitOptions): Promise<boolean> {
  // Not `AbortSignal.timeout`: Node keeps a timeout inside `AbortSignal.any` weakly, and a collected one never fires.
  const endMs = performance.now() + timeoutMs;
  let poke = (): void => undefined;
  const unsubscribe = subscribe(() => poke());
  const wake = (): void => poke();
  signal.addEventListener('abort', wake);
  try {
    for (;;) {
      if (await done()) return true;
      const leftMs = endMs - performance.now();
      if (signal.aborted || leftMs <= 0) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(LOOK_AGAIN_MS, leftMs));
        poke = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    signal.removeEventListener('abort', wake);
    unsubscribe();
  }
}
