/** A claim that one process of the fleet has at a time. It is renewed while its process lives. */
import type { DocumentStore } from '../storage/store.ts';

/** A process that was killed in the middle must not keep all others waiting. */
const CLAIM_MS = 6_000;
const RENEW_MS = 2_000;

export interface Claim {
  /** Takes the claim; `false` when another process has it. Of a process that dies it is gone within six seconds. */
  take(): Promise<boolean>;
  /** Gives it back. */
  letGo(): Promise<void>;
  /** Stops renewing it. */
  close(): void;
}

export function createClaim(documents: DocumentStore, key: string, now: () => number): Claim {
  let renewal: NodeJS.Timeout | undefined;
  const put = (ifVersion: number): Promise<number | null> =>
    documents.put(key, '{}', { nowMs: now(), ifVersion, expireAtMs: now() + CLAIM_MS });
  return {
    async take() {
      let version = await put(0);
      if (version === null) return false;
      clearInterval(renewal);
      renewal = setInterval(() => {
        // By its version: what was let go, or has passed to another, is not taken back.
        if (version === null) return;
        put(version)
          .then((next) => (version = next))
          .catch(() => undefined);
      }, RENEW_MS).unref();
      return true;
    },
    async letGo() {
      clearInterval(renewal);
      await documents.delete(key);
    },
    close: () => clearInterval(renewal),
  };
}
