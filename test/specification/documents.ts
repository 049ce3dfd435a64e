/**
 * Documents: JSON under a key, with a version for compare-and-set.
 *
 * - A document whose end has come counts as none: its successor begins with version 1.
 * - Keys are ordered by their bytes.
 * - Trimming takes those that end first. It spares documents that end by the given time, and documents without an end.
 */
import type { DocumentStore, StoredDocument } from '../../src/storage/store.ts';

const MOST_TRIMMED = 10_000;

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export function createDocuments(clock: () => number): DocumentStore {
  const kept = new Map<string, StoredDocument & { expireAtMs: number | null }>();
  const livingAt = (nowMs: number) => [...kept.values()].filter(({ expireAtMs }) => expireAtMs === null || expireAtMs > nowMs);
  const find = (key: string, nowMs: number) => livingAt(nowMs).find((document) => document.key === key);
  const read = ({ key, version, json }: StoredDocument): StoredDocument => ({ key, version, json });
  return {
    async get(key, nowMs) {
      const document = find(key, nowMs);
      return document ? read(document) : null;
    },
    async put(key, json, { nowMs, ifVersion, expireAtMs }) {
      const version = find(key, nowMs)?.version ?? 0;
      if (ifVersion !== undefined && ifVersion !== version) return null;
      kept.set(key, { key, version: version + 1, json, expireAtMs });
      return version + 1;
    },
    async delete(key) {
      const wasThere = find(key, clock()) !== undefined;
      kept.delete(key);
      return wasThere;
    },
    async list(prefix, { nowMs, afterKey, limit }) {
      return livingAt(nowMs)
        .filter(({ key }) => key.startsWith(prefix) && (afterKey === null || byBytes(key, afterKey) > 0))
        .sort((a, b) => byBytes(a.key, b.key))
        .slice(0, limit)
        .map(read);
    },
    async trim(prefix, { most, sparedUntilMs }) {
      const named = [...kept.values()].filter(({ key }) => key.startsWith(prefix));
      const over = Math.min(MOST_TRIMMED, Math.max(0, named.length - most));
      const ending = named.flatMap(({ key, expireAtMs }) =>
        expireAtMs === null || expireAtMs <= sparedUntilMs ? [] : [{ key, expireAtMs }],
      );
      const gone = ending.sort((a, b) => a.expireAtMs - b.expireAtMs).slice(0, over);
      for (const { key } of gone) kept.delete(key);
      return gone.length;
    },
  };
}
