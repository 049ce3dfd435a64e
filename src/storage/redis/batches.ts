/** Batches on Redis. */
import type { JobId } from '../../domain/identity.ts';
import { ITEM_STATES, PRIORITIES, type BatchId } from '../../domain/batch.ts';
import type { BatchStore, CancelledAs, StoreSettings } from '../store.ts';
import { createBatchReading } from './batch-reading.ts';
import { asked, type RedisClient } from './connection.ts';
import { createSubmitting } from './submitting.ts';

/** Entries of the lists of books and of ended batches that a sweep looks at. */
const SWEPT_BOOKS = 100;
const SWEPT_BATCHES = 100;

/** How a batch is ended: why its jobs end. */
const WHY: Record<CancelledAs, string> = {
  cancelled: 'The batch was cancelled.',
  skipped: 'The batch found what it looks for.',
  expired: 'The time of the batch was over.',
};

/** Cancels in steps, so that Redis serves others in between. A process that dies on the way leaves a batch that is cancelled again. */
function createCancel(redis: RedisClient, prefix: string, settings: StoreSettings): BatchStore['cancel'] {
  return async (batchId, nowMs, as = 'cancelled') => {
    const withoutWaiters: { jobId: JobId; run: string }[] = [];
    let cancelled = 0;
    for (let more = '1'; more === '1';) {
      const reply = await asked(
        redis.cancelBatch(
          prefix,
          batchId,
          nowMs,
          settings.batchTtlMs,
          settings.maxSettledJobs,
          settings.maxFailedJobs,
          ITEM_STATES[as],
          WHY[as],
        ),
      );
      if (!Array.isArray(reply)) return null;
      const [left, count, ...pairs] = reply as [string, number, ...string[]];
      more = left;
      cancelled += count;
      for (let at = 0; at < pairs.length; at += 2) withoutWaiters.push({ jobId: pairs[at] as JobId, run: pairs[at + 1] ?? '' });
    }
    return { cancelled, withoutWaiters };
  };
}

export function createBatchStore(redis: RedisClient, prefix: string, settings: StoreSettings): BatchStore {
  return {
    ...createSubmitting(redis, prefix, settings),
    ...createBatchReading(redis, prefix),

    async close(batchId, nowMs) {
      const closed = (await asked(redis.closeBatch(prefix, batchId, nowMs, settings.batchTtlMs))) as 0 | 1 | null;
      return closed === null ? null : closed === 1;
    },
    listOpenFor: (beforeMs, limit) =>
      asked(redis.zrangebyscore(`${prefix}growing`, '-inf', `(${beforeMs}`, 'LIMIT', 0, limit)) as Promise<BatchId[]>,
    async report(batchId, bookIds, nowMs) {
      return { stopped: (await asked(redis.report(prefix, batchId, nowMs, ...bookIds))) === 1 };
    },
    cancel: createCancel(redis, prefix, settings),

    async requeue(batchId, { items, nowMs, run, priority }) {
      const pairs = items.flatMap(({ jobId, index }) => [jobId, index]);
      return (await asked(redis.requeue(prefix, batchId, nowMs, run, PRIORITIES.indexOf(priority), ...pairs))) as JobId[];
    },

    listIdle: (beforeMs, limit) =>
      asked(redis.zrangebyscore(`${prefix}open`, '-inf', `(${beforeMs}`, 'LIMIT', 0, limit)) as Promise<BatchId[]>,
    listAhead: (afterMs, limit) =>
      asked(redis.zrangebyscore(`${prefix}open`, `(${afterMs}`, '+inf', 'LIMIT', 0, limit)) as Promise<BatchId[]>,
    listUnannounced: (limit) => asked(redis.zrange(`${prefix}unannounced`, 0, String(limit - 1))) as Promise<BatchId[]>,
    async acknowledge(batchId) {
      await asked(redis.zrem(`${prefix}unannounced`, batchId));
    },
    async sweep() {
      // Redis lets batches and books expire by itself. Their names in the lists stay. Each sweep looks at a few names at random, so that
      // those of expired records stay a small part of the lists.
      const sample = await asked(redis.zrandmember(`${prefix}books`, SWEPT_BOOKS));
      if (sample && sample.length > 0) await asked(redis.forgetExpired(prefix, 'books', 'book-', ...sample));
      const batches = await asked(redis.zrandmember(`${prefix}batches-ended`, SWEPT_BATCHES));
      if (batches && batches.length > 0) await asked(redis.forgetExpired(prefix, 'batches-ended', 'batch:', ...batches));
      return 0;
    },
  };
}
