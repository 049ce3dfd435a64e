/** Job records on Redis. */
import type { BookId, JobId } from '../../domain/identity.ts';
import type { ErrorCode } from '../../errors.ts';
import { PRIORITIES } from '../../domain/batch.ts';
import type { JobOutcome, JobRecord, TimelineEntry } from '../../domain/job.ts';
import { timelineEntry } from '../../domain/timeline.ts';
import type { JobStore, StoreSettings } from '../store.ts';
import { asked, type RedisClient } from './connection.ts';
import { createFailedList } from './failed-list.ts';
import { createSettle } from './settle.ts';

const MOST_TIMELINE_ENTRIES = 50;
/** Those who wait for a job, of the hash of its record: `batchId.index` each. */
export const waitersIn = (hash: Record<string, string>): string[] => (hash['w'] ?? '').split(' ').filter(Boolean);

/** A record out of its hash; `null` when there is none. `waiting` is how many wait for it while it is live. */
export function decodeRecord(jobId: JobId, hash: Record<string, string>, waiting: number): JobRecord | null {
  if (!hash['s'] || !hash['r']) return null;
  return {
    jobId,
    run: hash['r'],
    state: hash['s'] as 'live' | JobOutcome,
    priority: PRIORITIES[Number(hash['p'])] ?? 'normal',
    createdAtMs: Number(hash['c']),
    settledAtMs: hash['t'] ? Number(hash['t']) : null,
    attempts: Number(hash['a'] ?? 0),
    waiters: hash['s'] === 'live' ? waiting : Number(hash['n'] ?? 0),
    error: hash['ec'] ? { code: hash['ec'] as ErrorCode, detail: hash['ed'] ?? '' } : null,
    bookId: (hash['b'] ?? null) as BookId | null,
    timeline: hash['l'] ? hash['l'].split('\n').map((line) => JSON.parse(line) as TimelineEntry) : [],
  };
}

export function createJobStore(redis: RedisClient, prefix: string, settings: StoreSettings): JobStore {
  const key = (jobId: string): string => `${prefix}job:${jobId}`;
  const get = async (jobId: JobId): Promise<JobRecord | null> => {
    const pairs = (await asked(redis.readJob(prefix, jobId))) as (string | number)[];
    const hash: Record<string, string> = {};
    for (let at = 0; at < pairs.length; at += 2) hash[String(pairs[at])] = String(pairs[at + 1]);
    return decodeRecord(jobId, hash, Number(hash['w'] ?? 0));
  };

  const settle = createSettle(redis, prefix, settings);

  return {
    get,
    async isLive(jobId) {
      return (await asked(redis.hget(key(jobId), 's'))) === 'live';
    },
    settle,
    listFailed: createFailedList(redis, prefix, get),
    async note(jobId, run, entry) {
      const line = JSON.stringify(timelineEntry(entry));
      await asked(redis.note(prefix, jobId, run, line, MOST_TIMELINE_ENTRIES));
    },
    async cancel(jobId, nowMs) {
      const [state, run] = await asked(redis.hmget(key(jobId), 's', 'r'));
      if (state !== 'live' || !run) return null;
      const { settled } = await settle({
        jobId,
        run,
        nowMs,
        outcome: 'cancelled',
        attempts: 0,
        error: { code: 'cancelled', detail: 'The job was cancelled.' },
      });
      return settled ? run : null;
    },
    async listSolo(limit) {
      const alone: JobRecord[] = [];
      for (let from = 0; alone.length < limit; from += limit) {
        const jobIds = (await asked(redis.zrange(`${prefix}solo`, from, String(from + limit - 1)))) as JobId[];
        if (jobIds.length === 0) break;
        const records = await Promise.all(jobIds.map(get));
        alone.push(...records.filter((record) => record !== null).filter(({ state, waiters }) => state === 'live' && waiters === 0));
      }
      return alone.slice(0, limit).map(({ jobId, run, priority, createdAtMs }) => ({ jobId, run, priority, createdAtMs }));
    },
  };
}
