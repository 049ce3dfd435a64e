/** Reading and writing whole records on Redis, for migrations. What belongs together is written in one MULTI. */
import { Cluster, type ChainableCommander, type Redis } from 'ioredis';
import { ITEM_STATES, PRIORITIES, type BatchId, type BatchItem, type BatchOptions, type ItemCounts } from '../../batches/batch.ts';
import type { BookId, JobId } from '../../books/identity.ts';
import type { StoreSettings } from '../store.ts';
import {
  MIGRATION_DOCUMENT,
  oldestTallyHour,
  parseTallyName,
  tallyKeepUntilMs,
  type KindTransfer,
  type KnownRecord,
  type MovedBatch,
  type Transfer,
  type TransferKind,
} from '../transfer.ts';
import { encodeItem } from './batches.ts';
import { decodeValue, encodeCopy } from './books.ts';
import { asked, type RedisClient } from './connection.ts';
import { decodeRecord } from './jobs.ts';

/** The records of a kind by the name of their keys: a glob for the server, and what tells exactly. Documents have an index. */
const KEYS: Record<Exclude<TransferKind, 'documents'>, { glob: string; form: RegExp }> = {
  books: { glob: '[bi][os][ob][kn]-*', form: /^(book|isbn)-\d+$/ },
  batches: { glob: 'batch:*', form: /^batch:[^:]+$/ },
  jobs: { glob: 'job:*', form: /^job:/ },
  tallies: { glob: 'tally:*', form: /^tally:.+:\d+$/ },
  pages: { glob: 'page:*', form: /^page:/ },
};
const SCANNED = Object.keys(KEYS) as (keyof typeof KEYS)[];
/** Settled jobs that were written and wait for {@link Transfer.orderSettled}, by the time they ended. */
const MOVED = 'moved';
const FOR_EVER_MS = 253_402_300_799_999;

/** Items and log entries are appended where their page belongs, so that a page may come twice. ARGV: list, how many come before, lines. */
const APPEND = `
local key, before = KEYS[1] .. ARGV[1], tonumber(ARGV[2])
local length = redis.call('LLEN', key)
if length < before then return redis.error_reply('a page of ' .. ARGV[1] .. ' is missing') end
for a = 3 + length - before, #ARGV do redis.call('RPUSH', key, ARGV[a]) end
return 1
`;
/** Makes the list of finished jobs anew out of those that were written and those that were there, the latest first. */
const ORDER = `
local P, call = KEYS[1], redis.call
local moved, list = P .. '${MOVED}', P .. 'finished'
if call('EXISTS', moved) == 0 then return 0 end
for _, entry in ipairs(call('LRANGE', list, 0, -1)) do
  local jobId, run = string.match(entry, '^(.*)%.(%w+)$')
  local job = call('HMGET', P .. 'job:' .. jobId, 'r', 's', 't')
  if job[1] == run and job[2] ~= 'live' and job[2] ~= 'failed' then call('ZADD', moved, job[3], entry) end
end
call('DEL', list)
for _, entry in ipairs(call('ZREVRANGE', moved, 0, -1)) do call('RPUSH', list, entry) end
call('DEL', moved)
return 1
`;
type Scripts = Record<'transferAppend' | 'transferOrder', (prefix: string, ...args: (string | number)[]) => Promise<unknown>>;

/** Runs a MULTI and throws the first error in it. */
async function run(multi: ChainableCommander): Promise<void> {
  for (const [error] of (await asked(multi.exec())) ?? []) if (error) throw error;
}

/** The node that has the keys of `prefix`: a SCAN sees one node alone. */
async function nodeOf(redis: RedisClient, prefix: string): Promise<Redis> {
  const cluster: unknown = redis;
  if (!(cluster instanceof Cluster)) return redis;
  const slot = Number(await asked(redis.cluster('KEYSLOT', prefix)));
  const owner = cluster.slots[slot]?.[0];
  const node = cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === owner);
  if (!node) throw new Error(`no node of the cluster has slot ${slot}`);
  return node;
}

/** `prefix` as the keys have it; `settings` tell how long finished batches are kept. */
export function createTransfer(redis: RedisClient, prefix: string, settings: StoreSettings): Transfer {
  redis.defineCommand('transferAppend', { numberOfKeys: 1, lua: APPEND });
  redis.defineCommand('transferOrder', { numberOfKeys: 1, lua: ORDER });
  const scripts = redis as unknown as Scripts;

  /** `null` for a key that is not there, or not any more by then. */
  const expiries = async (names: readonly string[], nowMs: number): Promise<(number | null)[]> => {
    const times = await asked(Promise.all(names.map((name) => redis.pexpiretime(prefix + name))));
    return times.map((ms) => (ms === -1 ? FOR_EVER_MS : ms <= nowMs ? null : ms));
  };

  /** A kind whose records have keys of their own; `start` is what the key has before the name. */
  const byKey = <Moved>(
    kind: keyof typeof KEYS,
    start: string,
    read: (names: readonly string[], nowMs: number) => Promise<Map<string, Moved>>,
    write: KindTransfer<Moved>['write'],
  ): KindTransfer<Moved> => ({
    async names(cursor, limit) {
      const node = await nodeOf(redis, prefix);
      const names: string[] = [];
      let at = cursor ?? '0';
      do {
        const [next, keys] = await asked(node.scan(at, 'MATCH', prefix + KEYS[kind].glob, 'COUNT', limit));
        at = next;
        for (const key of keys) if (KEYS[kind].form.test(key.slice(prefix.length))) names.push(key.slice(prefix.length + start.length));
      } while (at !== '0' && names.length < limit);
      return { names, cursor: at === '0' ? null : at };
    },
    read: (names, nowMs) => (names.length === 0 ? Promise.resolve(new Map<string, Moved>()) : read(names, nowMs)),
    async write(records) {
      if (records.length > 0) await write(records);
    },
  });

  const books = byKey<KnownRecord>(
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
        if (known === null) found.set(name, { ...record, kind: 'alias', bookId: value.toString('latin1', 1) as BookId });
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
        else if (record.kind === 'alias') multi.set(prefix + record.name, `A${record.bookId}`, 'PXAT', record.keepUntilMs);
        else
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

  const batchKey = (batchId: string, part = ''): string => `${prefix}batch:${batchId}${part}`;
  const PARTS = ['', ':items', ':states', ':log'];
  const readBatch = async (batchId: string, nowMs: number): Promise<MovedBatch | null> => {
    const [hash, itemCount, logLength, unannounced, [keepUntilMs = null]] = await asked(
      Promise.all([
        redis.hgetall(batchKey(batchId)),
        redis.llen(batchKey(batchId, ':items')),
        redis.llen(batchKey(batchId, ':log')),
        redis.zscore(`${prefix}unannounced`, batchId),
        expiries([`batch:${batchId}`], nowMs),
      ]),
    );
    if (!hash['total'] || keepUntilMs === null) return null;
    const at = (name: string): number | null => (hash[name] ? Number(hash[name]) : null);
    return {
      batchId: batchId as BatchId,
      total: Number(hash['total']),
      counts: Object.fromEntries(Object.entries(ITEM_STATES).map(([state, code]) => [state, Number(hash[code])])) as ItemCounts,
      createdAtMs: Number(hash['created']),
      finishedAtMs: at('finished'),
      progressedAtMs: Number(hash['progressed']),
      cancelledAtMs: at('cancelled'),
      options: JSON.parse(hash['options'] ?? '{}') as BatchOptions,
      sealed: hash['sealed'] === '1',
      announced: at('finished') !== null && unannounced === null,
      itemCount,
      logLength,
      keepUntilMs: at('finished') === null ? null : keepUntilMs,
    };
  };

  return {
    kinds: {
      books,
      batches: byKey(
        'batches',
        'batch:',
        async (names, nowMs) => {
          const batches = await Promise.all(names.map((name) => readBatch(name, nowMs)));
          return new Map(batches.flatMap((batch) => (batch ? [[batch.batchId, batch]] : [])));
        },
        async (records) => {
          const multi = redis.multi();
          for (const batch of records) {
            const { batchId, counts, finishedAtMs, cancelledAtMs } = batch;
            const codes = Object.entries(ITEM_STATES).flatMap(([state, code]) => [code, counts[state as keyof ItemCounts]]);
            const times = [
              ...(finishedAtMs === null ? [] : ['finished', finishedAtMs]),
              ...(cancelledAtMs === null ? [] : ['cancelled', cancelledAtMs]),
              ...(batch.sealed ? ['sealed', 1] : []),
            ];
            multi.del(batchKey(batchId));
            multi.hset(
              batchKey(batchId),
              'total',
              batch.total,
              'created',
              batch.createdAtMs,
              'progressed',
              batch.progressedAtMs,
              'options',
              JSON.stringify(batch.options),
              ...codes,
              ...times,
            );
            multi.zrem(`${prefix}open`, batchId);
            multi.zrem(`${prefix}unannounced`, batchId);
            if (finishedAtMs === null) multi.zadd(`${prefix}open`, batch.progressedAtMs, batchId);
            else {
              if (!batch.announced) multi.zadd(`${prefix}unannounced`, finishedAtMs, batchId);
              for (const part of PARTS) multi.pexpireat(batchKey(batchId, part), batch.keepUntilMs ?? finishedAtMs + settings.batchTtlMs);
            }
          }
          await run(multi);
        },
      ),

      jobs: byKey(
        'jobs',
        'job:',
        async (names) => {
          const hashes = await asked(Promise.all(names.map((name) => redis.hgetall(`${prefix}job:${name}`))));
          return new Map(
            hashes.flatMap((hash, at) => {
              const record = decodeRecord((names[at] ?? '') as JobId, hash);
              if (!record) return [];
              const live = record.state === 'live';
              return [
                [
                  record.jobId,
                  {
                    ...record,
                    solo: live && hash['solo'] === '1',
                    waiting: live ? (hash['w'] ?? '').split(' ').filter(Boolean).sort() : [],
                  },
                ],
              ];
            }),
          );
        },
        async (records) => {
          const runs = await asked(Promise.all(records.map(({ jobId }) => redis.hget(`${prefix}job:${jobId}`, 'r'))));
          const multi = redis.multi();
          for (const [at, job] of records.entries()) {
            const { jobId, error, settledAtMs } = job;
            const key = `${prefix}job:${jobId}`;
            const ended = job.state === 'live' ? [] : ['t', settledAtMs ?? 0, 'a', job.attempts, 'n', job.waiters];
            multi.del(key);
            multi.zrem(`${prefix}failed`, `${jobId}.${runs[at] ?? job.run}`);
            multi.zrem(`${prefix}solo`, jobId);
            multi.hset(key, 's', job.state, 'r', job.run, 'p', PRIORITIES.indexOf(job.priority), 'c', job.createdAtMs, ...ended);
            if (error) multi.hset(key, 'ec', error.code, 'ed', error.detail);
            if (job.bookId !== null) multi.hset(key, 'b', job.bookId);
            if (job.timeline.length > 0) multi.hset(key, 'l', job.timeline.map((entry) => JSON.stringify(entry)).join('\n'));
            if (job.state === 'live') multi.hset(key, 'w', job.waiting.join(' '));
            else if (job.state === 'failed') multi.zadd(`${prefix}failed`, settledAtMs ?? 0, `${jobId}.${job.run}`);
            else multi.zadd(prefix + MOVED, settledAtMs ?? 0, `${jobId}.${job.run}`);
            if (job.solo) {
              multi.hset(key, 'solo', 1);
              multi.zadd(`${prefix}solo`, job.createdAtMs, jobId);
            }
          }
          await run(multi);
        },
      ),

      documents: {
        async names(cursor, limit) {
          const keys = await asked(redis.zrangebylex(`${prefix}docs`, cursor === null ? '-' : `(${cursor}`, '+', 'LIMIT', 0, limit));
          return { names: keys.filter((key) => key !== MIGRATION_DOCUMENT), cursor: keys.length < limit ? null : (keys.at(-1) ?? null) };
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
      },

      tallies: byKey(
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
      ),

      pages: byKey(
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
            multi.set(
              `${prefix}page:${jobId}`,
              Buffer.concat([Buffer.from(String(keptAtMs).padStart(13, '0')), bytes]),
              'PXAT',
              expireAtMs,
            );
            multi.zadd(`${prefix}pages`, keptAtMs, jobId);
          }
          await run(multi);
        },
      ),
    },

    async dropBatch(batchId) {
      const multi = redis.multi();
      multi.del(...PARTS.map((part) => batchKey(batchId, part)));
      multi.zrem(`${prefix}open`, batchId);
      multi.zrem(`${prefix}unannounced`, batchId);
      await run(multi);
    },
    async writeItems(batchId, items: readonly BatchItem[]) {
      const first = items[0]?.index ?? 0;
      await asked(scripts.transferAppend(prefix, `batch:${batchId}:items`, first, ...items.map(encodeItem)));
      await asked(redis.setrange(batchKey(batchId, ':states'), first, items.map(({ state }) => ITEM_STATES[state]).join('')));
    },
    async writeLog(batchId, entries) {
      const lines = entries.map(({ index, state, atMs }) => `${index}.${ITEM_STATES[state]}.${atMs}`);
      await asked(scripts.transferAppend(prefix, `batch:${batchId}:log`, (entries[0]?.seq ?? 1) - 1, ...lines));
    },
    async orderSettled() {
      await asked(scripts.transferOrder(prefix));
    },

    async totals() {
      const totals = { books: 0, batches: 0, jobs: 0, documents: 0, tallies: 0, pages: 0 };
      const node = await nodeOf(redis, prefix);
      let cursor = '0';
      do {
        const [next, keys] = await asked(node.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1_000));
        cursor = next;
        for (const key of keys) {
          const kind = SCANNED.find((one) => KEYS[one].form.test(key.slice(prefix.length)));
          if (kind) totals[kind] += 1;
        }
      } while (cursor !== '0');
      const documents = await asked(redis.zcard(`${prefix}docs`));
      const own = await asked(redis.zscore(`${prefix}docs`, MIGRATION_DOCUMENT));
      return { ...totals, documents: documents - (own === null ? 0 : 1) };
    },
    async others() {
      const client: unknown = redis;
      const nodes = client instanceof Cluster ? client.nodes('all') : [redis];
      const answers = await asked(Promise.all(nodes.map((node) => node.pubsub('NUMSUB', `${prefix}signals`))));
      const listening = answers.reduce((sum, answer) => sum + Number((answer as [string, number])[1] ?? 0), 0);
      return Math.max(0, listening - 1);
    },
  };
}
