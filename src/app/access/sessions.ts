/**
 * Sessions of the web page: a browser gives its key once and then has a cookie. Sessions are documents of the store, so they hold in every
 * process and over restarts. A session opens what its key opens, as long as the key does.
 */
import type { ApiKey } from '../../domain/access/api-key.ts';
import type { Store } from '../../storage/store.ts';
import type { Keys } from './keys.ts';
import { hashOf, newToken } from './secrets.ts';

/** How long a session lasts, in milliseconds. */
const LIFE_MS = 12 * 3_600_000;
/** Sessions at once, at most. Beyond that, those that end first go. */
const MOST_SESSIONS = 10_000;

const PREFIX = 'session:';

/** The key of its document. Only the hash of a token is kept. */
const documentOf = (token: string): string => PREFIX + hashOf(token);

interface Kept {
  keyHash: string;
  expiresAtMs: number;
}

export interface Session {
  key: ApiKey;
  expiresAtMs: number;
}

export interface Sessions {
  /** Begins a session. `token` is for the cookie. */
  begin(key: ApiKey): Promise<Session & { token: string }>;
  /** The session of a token, while its key opens anything; `null` for any other text. */
  find(token: string): Promise<Session | null>;
  end(token: string): Promise<void>;
}

export interface SessionsOptions {
  store: Pick<Store, 'documents'>;
  keys: Pick<Keys, 'findByHash'>;
  now?: () => number;
}

export function createSessions({ store: { documents }, keys, now = Date.now }: SessionsOptions): Sessions {
  return {
    async begin(key) {
      const nowMs = now();
      const token = newToken();
      const expiresAtMs = Math.min(nowMs + LIFE_MS, key.expiresAtMs ?? Infinity);
      const kept: Kept = { keyHash: key.hash, expiresAtMs };
      await documents.put(documentOf(token), JSON.stringify(kept), { nowMs, ifVersion: 0, expireAtMs: expiresAtMs });
      await documents.trim(PREFIX, { most: MOST_SESSIONS, sparedUntilMs: 0 });
      return { key, expiresAtMs, token };
    },
    async find(token) {
      const found = await documents.get(documentOf(token), now());
      if (found === null) return null;
      const { keyHash, expiresAtMs } = JSON.parse(found.json) as Kept;
      const key = keys.findByHash(keyHash);
      return key === null ? null : { key, expiresAtMs };
    },
    async end(token) {
      await documents.delete(documentOf(token));
    },
  };
}
