/** Jobs as callers see them: view, list failed ones, cancel, wait until settled. Submit, retry and redrive have files of their own. */
import { etaSeconds } from '../../crawl/source/source-now.ts';
import { blocksJobs } from '../../crawl/source/source-state.ts';
import type { Source } from '../../crawl/source/source.ts';
import { addressOf, referenceOfJob } from '../../domain/identity.ts';
import type { JobFailure, JobRecord } from '../../domain/job.ts';
import type { Store } from '../../storage/store.ts';
import type { JobQueue } from '../job-queue.ts';
import type { JobView, Jobs, JobState, WaitingJob } from './job-view.ts';
import { blockedEntry, lastFailure } from './live-job.ts';
import { createRetry } from './retry.ts';
import { waitFor } from '../wait.ts';
import { createSubmitBook, type SubmitBookOptions } from '../submit-book.ts';
import { iso, isoOrNull } from '../../domain/time/iso.ts';

/** Waiting jobs of which the most wanted are looked for. */
const MOST_LOOKED_AT = 200;

export interface JobsOptions extends SubmitBookOptions {
  store: Pick<Store, 'batches' | 'jobs' | 'signals'>;
  queue: JobQueue;
  /** CRAWL_ATTEMPTS. */
  maxAttempts: number;
  source: Pick<Source, 'current'>;
}

/** The state of a live job, and how its last attempt failed. */
interface LiveState {
  state: JobState;
  attempts: number;
  dueAtMs: number | null;
  lastError: JobFailure | null;
}

function waitersOf({ waiters, state }: JobRecord): string {
  if (waiters === 1) return `1 batch item ${state === 'live' ? 'waits' : 'waited'} for it`;
  return `${waiters} batch items ${state === 'live' ? 'wait' : 'waited'} for it`;
}

/** What happened to a job, oldest first. */
function timelineOf(record: JobRecord): JobView['timeline'] {
  const queued = `Queued with priority ${record.priority}; ${waitersOf(record)}.`;
  return [
    { at: iso(record.createdAtMs), event: 'queued', detail: queued },
    ...record.timeline.map(({ atMs, event, detail }) => ({ at: iso(atMs), event, detail })),
  ];
}

/** The last entry of a settled job. */
function settledEntry(record: JobRecord, settledAtMs: number): JobView['timeline'][number] {
  const tries = record.attempts === 1 ? '1 attempt' : `${record.attempts} attempts`;
  const seconds = Math.round((settledAtMs - record.createdAtMs) / 1000);
  const detail = record.error?.detail ?? `Settled as ${record.state} after ${tries}, ${seconds} s after it was queued.`;
  return { at: iso(settledAtMs), event: record.state, detail };
}

export function createJobs(options: JobsOptions): Jobs {
  const { store, queue, source, now } = options;
  const submitBook = createSubmitBook(options);

  const liveState = async (record: JobRecord): Promise<LiveState> => {
    const found = await queue.find(record);
    const waiting: JobState = blocksJobs(source.current()) ? 'blocked' : 'waiting';
    if (!found) return { state: waiting, attempts: 0, dueAtMs: null, lastError: null };
    const { state, attempts, dueAtMs, failedReason } = found;
    return { state: state === 'waiting' ? waiting : state, attempts, dueAtMs, lastError: lastFailure(failedReason) };
  };

  const eta = async ({ state, dueAtMs }: LiveState): Promise<number | null> => {
    const seen = source.current();
    if (state === 'blocked') return null;
    // The page of an active job is being fetched, so a closed source does not delay it.
    if (state === 'active') return etaSeconds(1, { ...seen, closed: null }, now());
    // Counting the queue is worth it only where an estimate is possible.
    const openInSeconds = etaSeconds(0, seen, now());
    const seconds = openInSeconds === null ? null : etaSeconds(await queue.waiting(), seen, now());
    return dueAtMs === null ? seconds : Math.max(seconds ?? 0, Math.ceil((dueAtMs - now()) / 1000));
  };

  const toView = async (record: JobRecord): Promise<JobView> => {
    const live = record.state === 'live' ? await liveState(record) : null;
    const reference = referenceOfJob(record.jobId);
    const bookId = record.bookId ?? (reference?.kind === 'book' ? reference.bookId : null);
    const timeline = timelineOf(record);
    if (live?.state === 'blocked') timeline.push(blockedEntry(record.createdAtMs, source.current()));
    if (record.settledAtMs !== null) timeline.push(settledEntry(record, record.settledAtMs));
    return {
      jobId: record.jobId,
      state: live ? live.state : (record.state as JobState),
      priority: record.priority,
      bookId,
      url: addressOf(record.jobId, bookId) ?? '',
      attempts: live ? live.attempts : record.attempts,
      maxAttempts: options.maxAttempts,
      createdAt: iso(record.createdAtMs),
      settledAt: isoOrNull(record.settledAtMs),
      waiters: record.waiters,
      lastError: live ? live.lastError : record.error,
      timeline,
      etaSeconds: live ? await eta(live) : null,
    };
  };

  return {
    submit: submitBook,
    ...createRetry({ store, submitBook }),
    async view(jobId) {
      const record = await store.jobs.get(jobId);
      return record && toView(record);
    },
    async listFailed(query) {
      const { jobs, cursor } = await store.jobs.listFailed(query);
      return { jobs: await Promise.all(jobs.map(toView)), cursor };
    },
    async listWaiting(limit) {
      const states = ['waiting', 'delayed'] as const;
      const listed = await Promise.all(
        states.map(async (state) => (await queue.listJobs(state, MOST_LOOKED_AT)).map((jobId) => ({ state, jobId }))),
      );
      const jobs = await Promise.all(
        listed.flat().map(async ({ state, jobId }): Promise<WaitingJob[]> => {
          const record = await store.jobs.get(jobId);
          if (record?.state !== 'live') return [];
          const reference = referenceOfJob(jobId);
          const bookId = record.bookId ?? (reference?.kind === 'book' ? reference.bookId : null);
          const { priority, waiters, createdAtMs } = record;
          return [{ jobId, state, bookId, url: addressOf(jobId, bookId) ?? '', priority, waiters, createdAt: iso(createdAtMs) }];
        }),
      );
      return jobs
        .flat()
        .toSorted((a, b) => b.waiters - a.waiters || a.createdAt.localeCompare(b.createdAt))
        .slice(0, limit);
    },
    async cancel(jobId) {
      const record = await store.jobs.get(jobId);
      if (!record) return null;
      const run = await store.jobs.cancel(jobId, now());
      if (run === null) return 'settled';
      await queue.cancel([{ jobId, run }]);
      return 'cancelled';
    },
    untilSettled: (jobId, timeoutMs, signal) =>
      waitFor(async () => !(await store.jobs.isLive(jobId)), {
        timeoutMs,
        signal,
        subscribe: (poke) => store.signals.subscribe((s) => (s.kind === 'book' ? poke() : undefined)),
      }),
    async backlog() {
      const found = await queue.backlog();
      return blocksJobs(source.current()) ? { ...found, waiting: 0, blocked: found.waiting } : { ...found, blocked: 0 };
    },
  };
}
