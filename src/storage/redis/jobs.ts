/** Job records on Redis. */
import type { BookId, JobId } from '../../domain/identity.ts';
import { foreignCursor, type ErrorCode } from '../../errors.ts';
import { ITEM_STATES, PRIORITIES } from '../../domain/batch.ts';
import type { JobOutcome, JobRecord, TimelineEntry } from '../../domain/job.ts';
import { storableText } from '../../domain/storable-text.ts';
import { parseRunId } from '../../domain/run-id.ts';
import { timelineEntry } from '../../domain/timeline.ts';
import type { JobStore, Settlement, StoreSettings } from '../store.ts';
import { encodeCopy } from './books.ts';
import { asked, type RedisClient } from './connection.ts';

const MOST_TIMELINE_ENTRIES = 50;
/** Failed jobs looked at in one step at least: a filter may let few of them through. */
const FAILED_AT_ONCE = 100;

/** What a step of a settlement says: the job was not live, has ended, or is live because others wait still. */
type StepAnswer = 0 | 1 | 2;

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

  const failed = `${prefix}failed`;

  /** Where the list of failed jobs goes on after a cursor: the score and the run of the last job shown, so that jobs that fail or are retried meanwhile shift nothing. */
  const offsetAfter = async (cursor: string): Promise<number> => {
    const [, score = '', runId = ''] = /^(\d{1,16})-(.+)$/.exec(cursor) ?? [];
    if (parseRunId(runId) === null) throw foreignCursor();
    const rank = await asked(redis.zrevrank(failed, runId));
    return rank === null ? asked(redis.zcount(failed, `(${score}`, '+inf')) : rank + 1;
  };

  const settleSome = async (s: Settlement, run: string | null, isFirst: boolean): Promise<[StepAnswer, string, string]> => {
    const error = s.outcome === 'parsed' ? null : s.error;
    const copy = s.outcome === 'parsed' ? s : null;
    const answer = await asked(
      redis.settle(
        prefix,
        s.jobId,
        run ?? '',
        s.nowMs,
        s.outcome,
        ITEM_STATES[s.outcome],
        s.attempts,
        error?.code ?? '',
        error ? storableText(error.detail) : '',
        copy?.book.bookId ?? '',
        copy && isFirst ? encodeCopy(copy.book) : '',
        copy?.keepUntilMs ?? 0,
        isFirst && s.outcome === 'not-found' ? s.missingUntilMs : '',
        settings.batchTtlMs,
        settings.maxFinishedJobs,
        settings.maxFailedJobs,
      ),
    );
    return answer as [StepAnswer, string, string];
  };

  const settle: JobStore['settle'] = async (s) => {
    const [first, stored, run] = await settleSome(s, s.run, true);
    let answer = first;
    // The next steps are for the run that the first one met, and for no other.
    while (answer === 2) [answer] = await settleSome(s, run, false);
    return { settled: answer === 1, stored: stored === '' ? null : (stored as 'stored' | 'older' | 'poorer') };
  };

  return {
    get,
    async isLive(jobId) {
      return (await asked(redis.hget(key(jobId), 's'))) === 'live';
    },
    settle,
    async note(jobId, run, entry) {
      const line = JSON.stringify(timelineEntry(entry));
      await asked(redis.note(prefix, jobId, run, line, MOST_TIMELINE_ENTRIES));
    },
    async listFailed({ reason, cursor, limit }) {
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
