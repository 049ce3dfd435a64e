/**
 * Places for standing endpoints. A caller takes a place before it creates an endpoint. One document, changed by compare-and-set, has the
 * places that were taken last. So several processes at once cannot exceed the limit together.
 */
import type { DocumentStore } from '../storage/store.ts';
import { updateDocument } from '../storage/update-document.ts';

const KEY = 'webhook-places';
/** A place counts until its endpoint exists, and at most this long: its process may have died before it created the endpoint. */
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
  /** Takes a place for the endpoint `id`; `false` when no place is left. */
  take(id: string): Promise<boolean>;
  /** Frees the place of a deleted endpoint. */
  release(id: string): Promise<void>;
}

export interface PlacesOptions {
  documents: DocumentStore;
  /** Ids of the existing endpoints. */
  known: () => Promise<string[]>;
  most: number;
  now: () => number;
}

export function createPlaces({ documents, known, most, now }: PlacesOptions): Places {
  /** Claims of this process that wait. One change of the document serves all of them. */
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
      // Read after the document: a place leaves the document once its endpoint exists, so that endpoint shows here.
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
        // Claims that came in the meantime have waited for the same store.
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
