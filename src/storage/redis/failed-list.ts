/** The list of failed jobs on Redis. */
import type { JobId } from '../../domain/identity.ts';
import type { JobRecord } from '../../domain/job.ts';
import { parseRunId } from '../../domain/run-id.ts';
import { foreignCursor } from '../../errors.ts';
import type { JobStore } from '../store.ts';
import { asked, type RedisClient } from './connection.ts';

/** Failed jobs looked at in one step at least: a filter may let few of them through. */
const FAILED_AT_ONCE = 100;

export function createFailedList(redis: RedisClient, prefix: string, get: JobStore['get']): JobStore['listFailed'] {
  const failed = `${prefix}failed`;

  /**
   * Where the list goes on after a cursor, which is the score and the run of the last job shown. Jobs that fail or are retried meanwhile
   * shift nothing.
   */
  const offsetAfter = async (cursor: string): Promise<number> => {
    const [, score = '', runId = ''] = /^(\d{1,16})-(.+)$/.exec(cursor) ?? [];
    if (parseRunId(runId) === null) throw foreignCursor();
    const rank = await asked(redis.zrevrank(failed, runId));
    return rank === null ? asked(redis.zcount(failed, `(${score}`, '+inf')) : rank + 1;
  };

  return async ({ reason, cursor, limit }) => {
    const jobs: JobRecord[] = [];
    const atOnce = Math.max(limit, FAILED_AT_ONCE);
    for (let offset = cursor === null ? 0 : await offsetAfter(cursor); ; offset += atOnce) {
      const scored = await asked(redis.zrevrange(failed, offset, offset + atOnce - 1, 'WITHSCORES'));
      const runIds = scored.filter((_, at) => at % 2 === 0);
      if (runIds.length === 0) return { jobs, cursor: null };
      const records = await Promise.all(runIds.map((runId) => get(parseRunId(runId)?.jobId ?? ('' as JobId))));
      for (const [at, record] of records.entries()) {
        if (record?.state !== 'failed' || (reason !== null && record.error?.code !== reason)) continue;
        jobs.push(record);
        if (jobs.length === limit) return { jobs, cursor: `${scored[at * 2 + 1]}-${runIds[at]}` };
      }
    }
  };
}
