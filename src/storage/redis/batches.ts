/** Batches on Redis. */
import type { BookId, JobId } from '../../domain/identity.ts';
import { PRIORITIES, type BatchId } from '../../domain/batch.ts';
import { QuireError } from '../../errors.ts';
import type { BatchStore, StoreSettings, SubmitOutcome } from '../store.ts';
import { notYet } from '../not-yet.ts';
import { createBatchReading } from './batch-reading.ts';
import { encodeNew } from './batch-items.ts';
import { asked, type RedisClient } from './connection.ts';

/** Entries of the lists of books and of ended batches that a sweep looks at. */
const SWEPT_BOOKS = 100;
const SWEPT_BATCHES = 100;

/** Reads the answer of the `submit` script: one short string an item. */
function decodeOutcome(answer: string): SubmitOutcome {
  switch (answer[0]) {
    case 'q':
      return { status: 'queued' };
    case 'j':
      return { status: 'joined', raisedRun: answer.slice(1) || null };
    case 'c':
      return { status: 'cached', fetchedAtMs: Number(answer.slice(1, 14)), bookId: answer.slice(14) as BookId };
    case 'm':
      return { status: 'not-found' };
    default:
      return { status: 'invalid' };
  }
}

/** Throws `QuireError('cancelled')`, and records nothing, when the batch was cancelled in the meantime. */
function createSubmit(redis: RedisClient, prefix: string, { batchTtlMs }: StoreSettings): BatchStore['submit'] {
  return async ({ batch, nowMs, run, priority, maxAgeMs, items }) => {
    const answers = (await asked(
      redis.submit(
        prefix,
        nowMs,
        run,
        PRIORITIES.indexOf(priority),
        maxAgeMs ?? -1,
        batch?.batchId ?? '',
        batch?.total ?? 0,
        batch?.last ? 1 : 0,
        batch ? JSON.stringify(batch.options) : '',
        batchTtlMs,
        items[0]?.index ?? 0,
        ...items.map((item) => encodeNew(item, null)),
      ),
    )) as string[] | null;
    if (answers === null) throw new QuireError('cancelled', 'The batch was cancelled while it was being submitted.');
    return answers.map(decodeOutcome);
  };
}

export function createBatchStore(redis: RedisClient, prefix: string, settings: StoreSettings): BatchStore {
  return {
    submit: createSubmit(redis, prefix, settings),
    ...createBatchReading(redis, prefix),

    ...notYet,

    async cancel(batchId, nowMs) {
      const reply = await asked(
        redis.cancelBatch(prefix, batchId, nowMs, settings.batchTtlMs, settings.maxSettledJobs, settings.maxFailedJobs),
      );
      if (!Array.isArray(reply)) return null;
      const [cancelled, ...pairs] = reply as [number, ...string[]];
      const withoutWaiters: { jobId: JobId; run: string }[] = [];
      for (let at = 0; at < pairs.length; at += 2) withoutWaiters.push({ jobId: pairs[at] as JobId, run: pairs[at + 1] ?? '' });
      return { cancelled, withoutWaiters };
    },

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
