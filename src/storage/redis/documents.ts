/** Documents, tallies and kept pages on Redis: the small stores. */
import type { DocumentStore, PageStore, StoredDocument, TallyStore } from '../store.ts';
import { asked, type RedisClient } from './connection.ts';

export function createDocumentStore(redis: RedisClient, prefix: string): DocumentStore {
  const get = async (key: string): Promise<StoredDocument | null> => {
    const [version, json] = await asked(redis.hmget(`${prefix}doc:${key}`, 'v', 'j'));
    return version && json ? { key, version: Number(version), json } : null;
  };
  return {
    get: (key) => get(key),
    async put(key, json, { nowMs, ifVersion, expireAtMs }) {
      const version = await asked(redis.putDocument(prefix, key, json, ifVersion ?? -1, nowMs, expireAtMs ?? 0));
      return version === null ? null : Number(version);
    },
    async delete(key) {
      return Number(await asked(redis.deleteDocument(prefix, key))) === 1;
    },
    async list(start, { afterKey, limit }) {
      const documents: StoredDocument[] = [];
      const isWithin = afterKey !== null && Buffer.compare(Buffer.from(afterKey), Buffer.from(start)) >= 0;
      let from = isWithin ? `(${afterKey}` : `[${start}`;
      while (documents.length < limit) {
        const keys = await asked(redis.zrangebylex(`${prefix}docs`, from, `(${start}\u{10ffff}`, 'LIMIT', 0, limit - documents.length));
        if (keys.length === 0) break;
        const found = await Promise.all(keys.map(get));
        documents.push(...found.filter((document) => document !== null));
        const expired = keys.filter((_, at) => found[at] === null);
        if (expired.length > 0) await asked(redis.forgetExpired(prefix, 'docs', 'doc:', ...expired));
        from = `(${keys.at(-1)}`;
      }
      return documents;
    },
    async trim(start, { most, sparedUntilMs }) {
      return Number(await asked(redis.trimDocuments(prefix, start, most, sparedUntilMs)));
    },
  };
}

export function createTallyStore(redis: RedisClient, prefix: string): TallyStore {
  return {
    async add(series, hour, counts, keepHours) {
      const pairs = Object.entries(counts).flat();
      if (pairs.length > 0) await asked(redis.addTally(prefix, series, hour, keepHours * 3600, ...pairs));
    },
    async read(series, fromHour, toHour) {
      const hours = await asked(redis.zrangebyscore(`${prefix}tally:${series}`, fromHour, toHour));
      const hashes = await asked(Promise.all(hours.map((hour) => redis.hgetall(`${prefix}tally:${series}:${hour}`))));
      return hours.flatMap((hour, at) => {
        const counts = Object.fromEntries(Object.entries(hashes[at] ?? {}).map(([name, n]) => [name, Number(n)]));
        return Object.keys(counts).length > 0 ? [{ hour: Number(hour), counts }] : [];
      });
    },
  };
}

export function createPageStore(redis: RedisClient, prefix: string): PageStore {
  return {
    async keep(jobId, bytes, { nowMs, expireAtMs, maxPages }) {
      const value = Buffer.concat([Buffer.from(String(nowMs).padStart(13, '0')), bytes]);
      await asked(redis.keepPage(prefix, jobId, value, expireAtMs, nowMs, maxPages));
    },
    async get(jobId) {
      const value = await asked(redis.getBuffer(`${prefix}page:${jobId}`));
      return value ? { keptAtMs: Number(value.toString('latin1', 0, 13)), bytes: value.subarray(13) } : null;
    },
  };
}
