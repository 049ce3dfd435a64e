/** Changing a document that many processes change: by compare-and-set, again and again until one's own change is in. */
import { QuireError } from '../errors.ts';
import type { DocumentStore } from './store.ts';

/** It is given up after so long, in milliseconds: with fair luck a hundred processes get through in a fraction of it. */
const GIVE_UP_MS = 10_000;
/** A try that others overtook waits up to so long for the next, in milliseconds, so that a crowd is spread. */
const MOST_WAIT_MS = 50;

export interface DocumentUpdate<T> {
  documents: Pick<DocumentStore, 'get' | 'put'>;
  key: string;
  now: () => number;
  /** What the document becomes; `null` leaves it as it is. `before` is `null` where there is none. Called again on a newer value, so it has no effects. */
  change(before: T | null): T | null | Promise<T | null>;
  /** When the changed document goes by itself, in milliseconds since the epoch. */
  expireAtMs(after: T): number | null;
}

/** Resolves to the document before and after; `after` is `null` where it was left as it is. Rejects with `store-unavailable`. */
export async function updateDocument<T>(update: DocumentUpdate<T>): Promise<{ before: T | null; after: T | null }> {
  const { documents, key, now, change, expireAtMs } = update;
  const startedMs = performance.now();
  for (let tries = 1; performance.now() - startedMs < GIVE_UP_MS; tries++) {
    const nowMs = now();
    const found = await documents.get(key, nowMs);
    const before = found === null ? null : (JSON.parse(found.json) as T);
    const after = await change(before);
    if (after === null) return { before, after };
    const options = { nowMs, ifVersion: found?.version ?? 0, expireAtMs: expireAtMs(after) };
    if ((await documents.put(key, JSON.stringify(after), options)) !== null) return { before, after };
    // The first conflict is one process being quicker; only crowds need to be spread.
    if (tries > 1) await new Promise((resolve) => setTimeout(resolve, Math.random() * MOST_WAIT_MS));
  }
  throw new QuireError('store-unavailable', 'Too many change the same record at once.', { retryAfterSeconds: 1 });
}
