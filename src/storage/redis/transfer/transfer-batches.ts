/** Moving batches on Redis. */
import { codeOfState, ITEM_STATES, type BatchId, type ItemState } from '../../../domain/batch.ts';
import type { KindTransfer, MovedBatch, Transfer } from '../../transfer.ts';
import { encodeItem, isCollection } from '../batch-items.ts';
import { recordOf } from '../batch-reading.ts';
import { asked } from '../connection.ts';
import { run, type TransferKeys } from './transfer-keys.ts';

const PARTS = ['', ':items', ':states', ':log', ':jobs'];
const LINES_AT_ONCE = 1_000;

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
    ...(record.open && { addedAtMs: Number(hash['open']) }),
    announced: ended && unannounced === null,
    itemCount,
    logLength,
    keepUntilMs: ended ? keepUntilMs : null,
  };
}

/** Indexes of the collections of a batch whose items are there. */
async function collectionsOf({ redis, prefix }: TransferKeys, batchId: BatchId): Promise<number[]> {
  const key = batchKeyOf(prefix);
  const states = (await asked(redis.get(key(batchId, ':states')))) ?? '';
  const found: number[] = [];
  for (let from = 0; from < states.length; from += LINES_AT_ONCE) {
    const lines = await asked(redis.lrange(key(batchId, ':items'), from, from + LINES_AT_ONCE - 1));
    lines.forEach((line, at) => {
      if (states[from + at] === 'q' && isCollection(line)) found.push(from + at);
    });
  }
  return found;
}

/** The fields that only a batch that grows has. The promise of more items and the collections count as queued items. */
async function growingFields(keys: TransferKeys, batch: MovedBatch): Promise<(string | number)[]> {
  const { batchId, counts, options, found, stoppedAtMs, open, endedAtMs } = batch;
  const expanding = counts.expanding > 0 ? await collectionsOf(keys, batchId) : [];
  return [
    ...(options.until ? ['wanted', options.until.count] : []),
    ...(found.length > 0 ? ['found', found.join(' ')] : []),
    ...(stoppedAtMs === null ? [] : ['stopped', stoppedAtMs]),
    ...(expanding.length > 0 ? ['expanding', expanding.join(' ')] : []),
    ...(open && endedAtMs === null ? ['open', batch.addedAtMs ?? batch.createdAtMs] : []),
    'q',
    counts.queued + counts.expanding + (open ? 1 : 0),
  ];
}

async function writeBatches(keys: TransferKeys, batchTtlMs: number, records: readonly MovedBatch[]): Promise<void> {
  const { redis, prefix } = keys;
  const growing = await Promise.all(records.map((batch) => growingFields(keys, batch)));
  const batchKey = batchKeyOf(prefix);
  const multi = redis.multi();
  for (const [at, batch] of records.entries()) {
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
      ...growing[at]!,
    );
    multi.zrem(`${prefix}open`, batchId);
    if (batch.open) multi.zadd(`${prefix}growing`, batch.addedAtMs ?? batch.createdAtMs, batchId);
    else multi.zrem(`${prefix}growing`, batchId);
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
      for (const list of ['open', 'growing', 'unannounced', 'batches-open', 'batches-ended']) multi.zrem(prefix + list, batchId);
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
