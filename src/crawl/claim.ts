/** A claim that one process has at a time. It is renewed while its process lives. */
import type { DocumentStore } from '../storage/store.ts';

/** How long a claim lasts without renewal: a killed process must not keep all others waiting. */
const CLAIM_MS = 6_000;
const RENEW_MS = 2_000;

export interface Claim {
  /** Takes the claim; `false` when another process has it. The claim of a dead process is gone within six seconds. */
  take(): Promise<boolean>;
  /** Releases it. */
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
        // The version check keeps a released claim, or one that another process has, from being taken back.
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
