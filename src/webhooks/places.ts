/**
 * Places for standing endpoints: whoever makes an endpoint takes a place first. The places that were taken last stand in one document that is changed by
 * compare-and-set, so that many makers at once, of any process, do not pass the limit together.
 */
import type { DocumentStore } from '../storage/store.ts';
import { updateDocument } from '../storage/update-document.ts';

const KEY = 'webhook-places';
/** A place counts until its endpoint is seen, and for so long at most: its process may have ended before it made the endpoint. */
const PLACE_MS = 5 * 60_000;

interface Place {
  id: string;
  untilMs: number;
}

interface Claim {
  id: string;
  grant: (granted: boolean) => void;
  fail: (error: unknown) => void;
}

export interface Places {
  /** Takes a place for the endpoint `id`; `false` when there is none left. */
  take(id: string): Promise<boolean>;
  /** Gives the place of an endpoint that is gone back. */
  release(id: string): Promise<void>;
}

export interface PlacesOptions {
  documents: DocumentStore;
  /** Ids of the endpoints that there are. */
  known: () => Promise<string[]>;
  most: number;
  now: () => number;
}

export function createPlaces({ documents, known, most, now }: PlacesOptions): Places {
  /** Wishes of this process that wait: one change of the document serves all of them. */
  let claims: Claim[] = [];
  let serving = false;

  const change = (next: (taken: Place[]) => Promise<Place[] | null>): Promise<unknown> =>
    updateDocument<Place[]>({
      documents,
      key: KEY,
      now,
      change: (before) => next((before ?? []).filter(({ untilMs }) => untilMs > now())),
      expireAtMs: () => now() + PLACE_MS,
    });

  const serve = async (batch: Claim[]): Promise<void> => {
    let granted = 0;
    await change(async (taken) => {
      // Read after the document: an endpoint whose place is not held any more was seen by whoever took it out, so it is seen here.
      const ids = new Set(await known());
      const open = taken.filter(({ id }) => !ids.has(id));
      granted = Math.min(batch.length, Math.max(0, most - ids.size - open.length));
      if (granted === 0) return null;
      return [...open, ...batch.slice(0, granted).map(({ id }) => ({ id, untilMs: now() + PLACE_MS }))];
    });
    batch.forEach(({ grant }, at) => grant(at < granted));
  };

  const serveAll = async (): Promise<void> => {
    serving = true;
    while (claims.length > 0) {
      const batch = claims;
      claims = [];
      try {
        await serve(batch);
      } catch (error) {
        // Whoever came meanwhile has waited for the same store.
        for (const { fail } of [...batch, ...claims.splice(0)]) fail(error);
      }
    }
    serving = false;
  };

  return {
    take: (id) =>
      new Promise((grant, fail) => {
        claims.push({ id, grant, fail });
        if (!serving) void serveAll();
      }),
    async release(gone) {
      await change(async (taken) => {
        const others = taken.filter(({ id }) => id !== gone);
        return others.length === taken.length ? null : others;
      });
    },
  };
}
