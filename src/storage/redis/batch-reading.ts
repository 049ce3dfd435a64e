/** Reading batches on Redis. */
import {
  ITEM_STATES,
  NO_ITEMS,
  stateOfCode,
  type BatchId,
  type BatchOptions,
  type BatchRecord,
  type ItemState,
  type SettledState,
} from '../../domain/batch.ts';
import type { BookId, JobId } from '../../domain/identity.ts';
import type { BatchStore } from '../store.ts';
import { createItemReading, wordsOf } from './batch-items.ts';
import { asked, type RedisClient } from './connection.ts';

/** Steps that one page of batches takes at most: the ids of expired batches may stand in the list. */
const MOST_LIST_STEPS = 10;

/** The record of a batch's hash: `lua/functions/base.lua` describes it. */
export function recordOf(batchId: BatchId, hash: Record<string, string>): BatchRecord {
  const at = (name: string): number | null => (hash[name] ? Number(hash[name]) : null);
  const endedAtMs = at('finished');
  const counts = { ...NO_ITEMS };
  for (const [state, code] of Object.entries(ITEM_STATES)) counts[state as ItemState] = Number(hash[code] ?? 0);
  // The promise of more items counts as a queued one, which a process of an earlier version cancels with the others.
  counts[endedAtMs === null ? 'queued' : 'cancelled'] -= hash['open'] ? 1 : 0;
  if (endedAtMs === null) counts.expanding = wordsOf(hash['expanding']).length;
  counts.queued -= counts.expanding;
  return {
    batchId,
    total: Number(hash['total']),
    counts,
    createdAtMs: Number(hash['created']),
    endedAtMs,
    progressedAtMs: Number(hash['progressed']),
    cancelledAtMs: at('cancelled'),
    sealed: hash['sealed'] === '1',
    open: endedAtMs === null && hash['open'] !== undefined,
    found: wordsOf(hash['found']) as BookId[],
    stoppedAtMs: at('stopped'),
    options: JSON.parse(hash['options'] ?? '{}') as BatchOptions,
  };
}

type BatchReading = Pick<BatchStore, 'get' | 'list' | 'items' | 'indexesOf' | 'settledSince'>;

export function createBatchReading(redis: RedisClient, prefix: string): BatchReading {
  const key = (batchId: BatchId, part = ''): string => `${prefix}batch:${batchId}${part}`;

  const get: BatchStore['get'] = async (batchId) => {
    const hash = await asked(redis.hgetall(key(batchId)));
    if (!hash['total']) return null;
    return recordOf(batchId, hash);
  };

  return {
    get,

    async list({ before, limit, ended }) {
      const which = ended === null ? 'all' : ended ? 'ended' : 'open';
      const batches: BatchRecord[] = [];
      let after: string = before ?? '';
      for (let step = 0; step < MOST_LIST_STEPS; step += 1) {
        const [next = '', ...ids] = (await asked(redis.listBatches(prefix, which, after, limit - batches.length))) as BatchId[];
        for (const record of await Promise.all(ids.map(get))) if (record) batches.push(record);
        after = next;
        if (after === '' || batches.length >= limit) break;
      }
      return { batches, next: after === '' ? null : (after as BatchId) };
    },

    items: createItemReading(redis, prefix),

    async indexesOf(batchId, jobIds) {
      const found = new Map<JobId, number>();
      const waiters = await asked(Promise.all(jobIds.map((jobId) => redis.hget(`${prefix}job:${jobId}`, 'w'))));
      jobIds.forEach((jobId, at) => {
        const mine = (waiters[at] ?? '').split(' ').find((waiter) => waiter.startsWith(`${batchId}.`));
        if (mine) found.set(jobId, Number(mine.slice(batchId.length + 1)));
      });
      return found;
    },

    async settledSince(batchId, afterSeq, limit) {
      const lines = await asked(redis.lrange(key(batchId, ':log'), afterSeq, afterSeq + limit - 1));
      return lines.map((line, n) => {
        const [index = '', code = '', at = ''] = line.split('.');
        return { seq: afterSeq + n + 1, index: Number(index), state: stateOfCode(code) as SettledState, atMs: Number(at) };
      });
    },
  };
}
