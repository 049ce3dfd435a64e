/** Whether a store does all that Quire needs: it answers, and it takes writes. */
import type { Store } from './store.ts';

/** A write is tried no more often than this, in milliseconds, however many ask. */
const WRITE_EVERY_MS = 3_000;
const KEY = 'readiness';
/** The document that is written goes by itself. */
const KEEP_MS = 60_000;

export interface StoreCheck {
  /** `ok`, or what is wrong in words that anybody may read. */
  outcome: string;
  /** What the store said, for the log: it may name hosts. */
  cause: Error | null;
}

/** Makes the check of a store. It never rejects, and takes as long as one call of the store at most. */
export function createStoreCheck(store: Pick<Store, 'ping' | 'documents'>, now: () => number = Date.now): () => Promise<StoreCheck> {
  let tried: { atMs: number; failure: Promise<Error | null> } | null = null;

  const failureOf = (work: Promise<unknown>): Promise<Error | null> =>
    work.then(
      () => null,
      (error: unknown) => error as Error,
    );
  /** Why the last write failed; `null` when it did not. */
  const writeFailure = (): Promise<Error | null> => {
    if (tried === null || performance.now() - tried.atMs >= WRITE_EVERY_MS) {
      const nowMs = now();
      const write = store.documents.put(KEY, '{}', { nowMs, expireAtMs: nowMs + KEEP_MS });
      tried = { atMs: performance.now(), failure: failureOf(write) };
    }
    return tried.failure;
  };

  return async () => {
    const [silent, refused] = await Promise.all([failureOf(store.ping()), writeFailure()]);
    if (silent) return { outcome: 'does not answer', cause: silent };
    return refused ? { outcome: 'answers, but takes no writes', cause: refused } : { outcome: 'ok', cause: null };
  };
}
