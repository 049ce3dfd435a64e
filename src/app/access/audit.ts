/** What admins did: kept in the store, the latest first, by count and by age. */
import { randomBytes } from 'node:crypto';
import type { Log } from '../../domain/log.ts';
import { iso } from '../../domain/time/iso.ts';
import { foreignCursor } from '../../errors.ts';
import type { Store } from '../../storage/store.ts';

const PREFIX = 'audit:';
/** How long an entry is kept, in milliseconds, and how many are kept, about. */
const KEPT_MS = 90 * 86_400_000;
const MOST = 10_000;
/** Entries are counted after so many were added by this process. */
const COUNT_EVERY = 100;
/** Later than any entry. Keys count down from it, so that the latest entry is listed first. */
const LAST_MS = 9_999_999_999_999;

/** One thing that an admin did. */
export interface AuditEntry {
  /** ISO 8601. */
  at: string;
  /** The name and the id of the key; `null` while there are no keys. */
  name: string | null;
  keyId: string | null;
  /** The address of the caller, or `command line`. */
  from: string;
  /** The operation of the API, such as `deleteBook`. */
  action: string;
  /** What it was done to: method and path, or what the command named. */
  target: string;
  /** The HTTP status of the answer; `null` for the command line. */
  status: number | null;
}

export interface Audit {
  /** Keeps an entry. Never rejects: what was done is done, and the log has it. */
  add(entry: Omit<AuditEntry, 'at'>): Promise<void>;
  /** The latest first. `cursor` is that of the page before. */
  list(query: { cursor: string | null; limit: number }): Promise<{ entries: AuditEntry[]; cursor: string | null }>;
}

export function createAudit({ store, log, now = Date.now }: { store: Pick<Store, 'documents'>; log: Log; now?: () => number }): Audit {
  const { documents } = store;
  let untilCount = Math.ceil(Math.random() * COUNT_EVERY);
  return {
    async add(entry) {
      const nowMs = now();
      log.info({ ...entry }, 'an admin changed something');
      const key = PREFIX + String(LAST_MS - nowMs).padStart(13, '0') + randomBytes(4).toString('hex');
      try {
        const json = JSON.stringify({ at: iso(nowMs), ...entry } satisfies AuditEntry);
        await documents.put(key, json, { nowMs, ifVersion: 0, expireAtMs: nowMs + KEPT_MS });
        if (--untilCount > 0) return;
        untilCount = COUNT_EVERY;
        await documents.trim(PREFIX, { most: MOST, sparedUntilMs: 0 });
      } catch (error) {
        log.warn({ err: error, action: entry.action }, 'what an admin did could not be kept in the audit log');
      }
    },
    async list({ cursor, limit }) {
      if (cursor !== null && !/^\d{13}[0-9a-f]{8}$/.test(cursor)) throw foreignCursor();
      const afterKey = cursor === null ? null : PREFIX + cursor;
      const found = await documents.list(PREFIX, { nowMs: now(), afterKey, limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      return { entries: page.map(({ json }) => JSON.parse(json) as AuditEntry), cursor: last ? last.key.slice(PREFIX.length) : null };
    },
  };
}
