/** Moving job records on Redis. */
import { PRIORITIES } from '../../../domain/batch.ts';
import type { JobId } from '../../../domain/identity.ts';
import type { KindTransfer, MovedJob, Transfer } from '../../transfer.ts';
import { asked } from '../connection.ts';
import { decodeRecord, waitersIn } from '../jobs.ts';
import { run, type TransferKeys } from './transfer-keys.ts';

/** Settled jobs that were written and wait for {@link Transfer.orderSettled}, by the time they ended. */
const MOVED = 'moved';

export function createJobTransfer({
  redis,
  prefix,
  byKey,
}: TransferKeys): Pick<Transfer, 'orderSettled'> & { jobs: KindTransfer<MovedJob> } {
  return {
    jobs: byKey(
      'jobs',
      'job:',
      async (names) => {
        const hashes = await asked(Promise.all(names.map((name) => redis.hgetall(`${prefix}job:${name}`))));
        return new Map(
          hashes.flatMap((hash, at) => {
            const waiting = waitersIn(hash);
            const record = decodeRecord((names[at] ?? '') as JobId, hash, waiting.length);
            if (!record) return [];
            const live = record.state === 'live';
            return [
              [
                record.jobId,
                {
                  ...record,
                  solo: live && hash['solo'] === '1',
                  waiting: live ? waiting.sort() : [],
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

    async orderSettled() {
      await asked(redis.transferOrder(prefix, MOVED));
    },
  };
}
