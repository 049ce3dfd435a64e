/** Moving batches on Redis. */
import { codeOfState, ITEM_STATES, type BatchId, type ItemState } from '../../../domain/batch.ts';
import type { KindTransfer, MovedBatch, Transfer } from '../../transfer.ts';
import { encodeItem } from '../batch-items.ts';
import { recordOf } from '../batch-reading.ts';
import { asked } from '../connection.ts';
import { run, type TransferKeys } from './transfer-keys.ts';

const PARTS = ['', ':items', ':states', ':log'];

const batchKeyOf =
  (prefix: string) =>
  (batchId: string, part = ''): string =>
    `${prefix}batch:${batchId}${part}`;

async function readBatch({ redis, prefix, expiries }: TransferKeys, batchId: string, nowMs: number): Promise<MovedBatch | null> {
  const batchKey = batchKeyOf(prefix);
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
  const record = recordOf(batchId as BatchId, hash);
  const ended = record.endedAtMs !== null;
  return {
    ...record,
    announced: ended && unannounced === null,
    itemCount,
    logLength,
    keepUntilMs: ended ? keepUntilMs : null,
  };
}

async function writeBatches({ redis, prefix }: TransferKeys, batchTtlMs: number, records: readonly MovedBatch[]): Promise<void> {
  const batchKey = batchKeyOf(prefix);
  const multi = redis.multi();
  for (const batch of records) {
    const { batchId, counts, endedAtMs, cancelledAtMs } = batch;
    const codes = Object.entries(ITEM_STATES).flatMap(([state, code]) => [code, counts[state as ItemState]]);
    const times = [
      ...(endedAtMs === null ? [] : ['finished', endedAtMs]),
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
    multi.zrem(`${prefix}batches-${endedAtMs === null ? 'ended' : 'open'}`, batchId);
    multi.zadd(`${prefix}batches-${endedAtMs === null ? 'open' : 'ended'}`, 0, batchId);
    if (endedAtMs === null) multi.zadd(`${prefix}open`, batch.progressedAtMs, batchId);
    else {
      if (!batch.announced) multi.zadd(`${prefix}unannounced`, endedAtMs, batchId);
      for (const part of PARTS) multi.pexpireat(batchKey(batchId, part), batch.keepUntilMs ?? endedAtMs + batchTtlMs);
    }
  }
  await run(multi);
}

/** `batchTtlMs` is how long a ended batch is kept where its record does not say. */
export function createBatchTransfer(
  keys: TransferKeys,
  batchTtlMs: number,
): Pick<Transfer, 'dropBatch' | 'writeItems' | 'writeLog'> & { batches: KindTransfer<MovedBatch> } {
  const { redis, prefix, byKey } = keys;
  const batchKey = batchKeyOf(prefix);
  return {
    batches: byKey(
      'batches',
      'batch:',
      async (names, nowMs) => {
        const batches = await Promise.all(names.map((name) => readBatch(keys, name, nowMs)));
        return new Map(batches.flatMap((batch) => (batch ? [[batch.batchId, batch]] : [])));
      },
      (records) => writeBatches(keys, batchTtlMs, records),
    ),

    async dropBatch(batchId) {
      const multi = redis.multi();
      multi.del(...PARTS.map((part) => batchKey(batchId, part)));
      for (const list of ['open', 'unannounced', 'batches-open', 'batches-ended']) multi.zrem(prefix + list, batchId);
      await run(multi);
    },
    async writeItems(batchId, items) {
      const first = items[0]?.index ?? 0;
      await asked(redis.transferAppend(prefix, `batch:${batchId}:items`, first, ...items.map(encodeItem)));
      await asked(redis.setrange(batchKey(batchId, ':states'), first, items.map(({ state }) => codeOfState(state)).join('')));
    },
    async writeLog(batchId, entries) {
      const lines = entries.map(({ index, state, atMs }) => `${index}.${ITEM_STATES[state]}.${atMs}`);
      await asked(redis.transferAppend(prefix, `batch:${batchId}:log`, (entries[0]?.seq ?? 1) - 1, ...lines));
    },
  };
}
