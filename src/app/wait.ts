/** Waiting for something in the store to change. */

/** Without a signal it is looked again after so many milliseconds: a signal can be lost. */
const LOOK_AGAIN_MS = 200;

export interface WaitOptions {
  timeoutMs: number;
  /** Ends the wait. */
  signal: AbortSignal;
  /** Calls `poke` whenever `done` may answer differently. Returns a function that ends it. */
  subscribe(poke: () => void): () => void;
}

/** Resolves to `true` as soon as `done` says so, to `false` after `timeoutMs` or when `signal` fires. Rejects with what `done` throws. */
export async function waitFor(done: () => Promise<boolean>, { timeoutMs, signal, subscribe }: WaitOptions): Promise<boolean> {
  // A clock and not `AbortSignal.timeout`: Node holds a timeout inside `AbortSignal.any` weakly, and one that was collected never fires.
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
