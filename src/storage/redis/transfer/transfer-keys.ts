/** What all kinds of record need to be moved: their keys, page by page, and when each ends. */
import { Cluster, type ChainableCommander, type Redis } from 'ioredis';
import type { KindTransfer, TransferKind } from '../../transfer.ts';
import { asked, type RedisClient } from '../connection.ts';

/** The records of a kind by the name of their keys: a glob for the server, and what tells exactly. Documents have an index. */
export const KEYS: Record<Exclude<TransferKind, 'documents'>, { glob: string; form: RegExp }> = {
  books: { glob: '[abi][os][bio][kn]-*', form: /^((book|isbn)-\d+|asin-[A-Z\d]{10})$/ },
  batches: { glob: 'batch:*', form: /^batch:[^:]+$/ },
  jobs: { glob: 'job:*', form: /^job:/ },
  tallies: { glob: 'tally:*', form: /^tally:.+:\d+$/ },
  pages: { glob: 'page:*', form: /^page:/ },
};
export type ScannedKind = keyof typeof KEYS;
/** Redis' own "no end", as a time. */
export const FOR_EVER_MS = 253_402_300_799_999;

/** Runs a MULTI and throws the first error in it. */
export async function run(multi: ChainableCommander): Promise<void> {
  for (const [error] of (await asked(multi.exec())) ?? []) if (error) throw error;
}

/** The node that has the keys of `prefix`: a SCAN sees one node alone. */
export async function nodeOf(redis: RedisClient, prefix: string): Promise<Redis> {
  const cluster: unknown = redis;
  if (!(cluster instanceof Cluster)) return redis;
  const slot = await asked(redis.cluster('KEYSLOT', prefix));
  const owner = cluster.slots[slot]?.[0];
  const node = cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === owner);
  if (!node) throw new Error(`no node of the cluster has slot ${slot}`);
  return node;
}

/** Reading keys of one prefix. */
export interface TransferKeys {
  redis: RedisClient;
  /** What every key begins with. */
  prefix: string;
  /** When keys end; `null` for one that is not there, or not any more by then. */
  expiries(names: readonly string[], nowMs: number): Promise<(number | null)[]>;
  /** A kind whose records have keys of their own; `start` is what the key has before the name. */
  byKey<Moved>(
    kind: ScannedKind,
    start: string,
    read: (names: readonly string[], nowMs: number) => Promise<Map<string, Moved>>,
    write: KindTransfer<Moved>['write'],
  ): KindTransfer<Moved>;
}

export function createTransferKeys(redis: RedisClient, prefix: string): TransferKeys {
  return {
    redis,
    prefix,
    async expiries(names, nowMs) {
      const times = await asked(Promise.all(names.map((name) => redis.pexpiretime(prefix + name))));
      return times.map((ms) => (ms === -1 ? FOR_EVER_MS : ms <= nowMs ? null : ms));
    },

    byKey: (kind, start, read, write) => ({
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
      read: (names, nowMs) => (names.length === 0 ? Promise.resolve(new Map()) : read(names, nowMs)),
      async write(records) {
        if (records.length > 0) await write(records);
      },
    }),
  };
}
