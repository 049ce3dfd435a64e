/** Moving what is known of books, documents, counters and kept pages on Redis. */
import type { BookId, JobId } from '../../../domain/identity.ts';
import {
  OWN_DOCUMENTS,
  oldestTallyHour,
  parseTallyName,
  tallyKeepUntilMs,
  type KindTransfer,
  type KnownRecord,
  type MovedDocument,
  type MovedPage,
  type MovedTally,
} from '../../transfer.ts';
import { decodeValue, encodeCopy, followAlias } from '../books.ts';
import { asked } from '../connection.ts';
import { FOR_EVER_MS, run, type TransferKeys } from './transfer-keys.ts';

export function createBookTransfer({ redis, prefix, expiries, byKey }: TransferKeys): KindTransfer<KnownRecord> {
  /** The book that an alias leads to: other stores follow an alias once only. */
  const bookBehind = async (alias: Buffer): Promise<BookId> => {
    const { name } = await followAlias(alias, (next) => asked(redis.getBuffer(prefix + next)));
    return name.slice(5) as BookId;
  };
  return byKey(
    'books',
    '',
    async (names, nowMs) => {
      const [values, keep] = await Promise.all([asked(redis.mgetBuffer(names.map((name) => prefix + name))), expiries(names, nowMs)]);
      const found = new Map<string, KnownRecord>();
      for (const [at, name] of names.entries()) {
        const value = values[at];
        const keepUntilMs = keep[at] ?? null;
        if (!value || keepUntilMs === null) continue;
        const record = { name: name as JobId, keepUntilMs };
        const known = decodeValue(value, name.slice(5) as BookId);
        if (known === null) found.set(name, { ...record, kind: 'alias', bookId: await bookBehind(value) });
        else if (known.kind === 'book') found.set(name, { ...record, ...known });
        else found.set(name, { ...record, ...known });
      }
      return found;
    },
    async (records) => {
      const multi = redis.multi();
      for (const record of records) {
        const number = /^book-(\d+)$/.exec(record.name)?.[1];
        if (record.kind === 'book') multi.set(prefix + record.name, encodeCopy(record.book), 'PXAT', record.keepUntilMs);
        else if (record.kind === 'alias') {
          const list = `${prefix}aliases:${record.bookId}`;
          multi.set(prefix + record.name, `A${record.bookId}`, 'PXAT', record.keepUntilMs);
          multi.sadd(list, record.name);
          // The first is for a list without an end: it counts as one that ends later than any.
          multi.pexpireat(list, record.keepUntilMs, 'NX');
          multi.pexpireat(list, record.keepUntilMs, 'GT');
        } else
          multi.set(
            prefix + record.name,
            `M${String(record.sinceMs).padStart(13, '0')}${String(record.untilMs).padStart(13, '0')}`,
            'PXAT',
            record.keepUntilMs,
          );
        if (number && record.kind === 'book') multi.zadd(`${prefix}books`, number, number);
        else if (number) multi.zrem(`${prefix}books`, number);
      }
      await run(multi);
    },
  );
}

export function createDocumentTransfer({ redis, prefix, expiries }: TransferKeys): KindTransfer<MovedDocument> {
  return {
    async names(cursor, limit) {
      const keys = await asked(redis.zrangebylex(`${prefix}docs`, cursor === null ? '-' : `(${cursor}`, '+', 'LIMIT', 0, limit));
      return { names: keys.filter((key) => !OWN_DOCUMENTS.includes(key)), cursor: keys.length < limit ? null : (keys.at(-1) ?? null) };
    },
    async read(names, nowMs) {
      const [hashes, keep] = await asked(
        Promise.all([
          Promise.all(names.map((key) => redis.hmget(`${prefix}doc:${key}`, 'v', 'j'))),
          expiries(
            names.map((key) => `doc:${key}`),
            nowMs,
          ),
        ]),
      );
      return new Map(
        names.flatMap((key, at) => {
          const [version, json] = hashes[at] ?? [];
          const expireAtMs = keep[at] ?? null;
          if (!version || !json || expireAtMs === null) return [];
          return [[key, { key, version: Number(version), json, expireAtMs: expireAtMs === FOR_EVER_MS ? null : expireAtMs }]];
        }),
      );
    },
    async write(records) {
      const multi = redis.multi();
      for (const { key, version, json, expireAtMs } of records) {
        multi.hset(`${prefix}doc:${key}`, 'v', version, 'j', json);
        multi.zadd(`${prefix}docs`, 0, key);
        if (expireAtMs === null) {
          multi.persist(`${prefix}doc:${key}`);
          multi.zrem(`${prefix}docs-ending`, key);
        } else {
          multi.pexpireat(`${prefix}doc:${key}`, expireAtMs);
          multi.zadd(`${prefix}docs-ending`, expireAtMs, key);
        }
      }
      await run(multi);
    },
  };
}

export function createTallyTransfer({ redis, prefix, expiries, byKey }: TransferKeys): KindTransfer<MovedTally> {
  return byKey(
    'tallies',
    'tally:',
    async (names, nowMs) => {
      const [hashes, keep] = await asked(
        Promise.all([
          Promise.all(names.map((name) => redis.hgetall(`${prefix}tally:${name}`))),
          expiries(
            names.map((name) => `tally:${name}`),
            nowMs,
          ),
        ]),
      );
      return new Map(
        names.flatMap((name, at) => {
          const counts = Object.fromEntries(Object.entries(hashes[at] ?? {}).map(([of, n]) => [of, Number(n)]));
          const tally = { ...parseTallyName(name), counts, keepUntilMs: keep[at] ?? null };
          return Object.keys(counts).length > 0 && tally.hour > oldestTallyHour(nowMs) ? [[name, tally]] : [];
        }),
      );
    },
    async (records) => {
      const multi = redis.multi();
      for (const { series, hour, counts, keepUntilMs } of records) {
        const key = `${prefix}tally:${series}:${hour}`;
        multi.hset(key, counts);
        multi.pexpireat(key, keepUntilMs ?? tallyKeepUntilMs(hour));
        multi.zadd(`${prefix}tally:${series}`, hour, hour);
      }
      await run(multi);
    },
  );
}

export function createPageTransfer({ redis, prefix, expiries, byKey }: TransferKeys): KindTransfer<MovedPage> {
  return byKey(
    'pages',
    'page:',
    async (names, nowMs) => {
      const [values, keep] = await Promise.all([
        asked(Promise.all(names.map((name) => redis.getBuffer(`${prefix}page:${name}`)))),
        expiries(
          names.map((name) => `page:${name}`),
          nowMs,
        ),
      ]);
      return new Map(
        names.flatMap((name, at) => {
          const value = values[at];
          const expireAtMs = keep[at] ?? null;
          if (!value || expireAtMs === null) return [];
          return [
            [name, { jobId: name as JobId, bytes: value.subarray(13), keptAtMs: Number(value.toString('latin1', 0, 13)), expireAtMs }],
          ];
        }),
      );
    },
    async (records) => {
      const multi = redis.multi();
      for (const { jobId, bytes, keptAtMs, expireAtMs } of records) {
        multi.set(`${prefix}page:${jobId}`, Buffer.concat([Buffer.from(String(keptAtMs).padStart(13, '0')), bytes]), 'PXAT', expireAtMs);
        multi.zadd(`${prefix}pages`, keptAtMs, jobId);
      }
      await run(multi);
    },
  );
}
