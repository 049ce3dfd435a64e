/** What the rest of Quire can do with jobs: look at them, want one, retry, redrive, cancel. */
import { randomBytes } from 'node:crypto';
import type { Priority } from '../domain/batch.ts';
import { addressOf, referenceOfJob, type BookReference, type JobId } from '../domain/identity.ts';
import { etaSeconds } from '../crawl/source/source-now.ts';
import type { SourceState } from '../crawl/source/source.ts';
import { QuireError } from '../errors.ts';
import type { Store } from '../storage/store.ts';
import { runIdOf } from '../domain/run-id.ts';
import { askQueue } from '../queue/ask-queue.ts';
import type { BacklogReader } from '../queue/backlog.ts';
import type { EnterQueue } from './backlog-limit.ts';
import type { JobFailure, JobRecord } from '../domain/job.ts';
import { blockedEntry, lastFailure } from './live-job.ts';
import type { Producer } from '../queue/producer.ts';
import type { ParseBookQueue } from '../queue/parse-book-queue.ts';
import type { JobView, Jobs, JobState } from './job-view.ts';

export interface JobsOptions {
  store: Store;
  queue: ParseBookQueue;
  producer: Producer;
  backlog: BacklogReader;
  /** What every job that is wanted here goes through. */
  enter: EnterQueue;
  maxAttempts: number;
  /** Queues of other kinds of job, for the dashboard. */
  otherQueues?: Jobs['queues'];
  source(): SourceState;
  now?: () => number;
}

/** Names the runs of one request: unique in time and among processes, 12 letters and digits. */
export const newRun = (nowMs: number): string =>
  nowMs.toString(36) + (randomBytes(3).readUIntBE(0, 3) % 46_656).toString(36).padStart(3, '0');

const iso = (ms: number): string => new Date(ms).toISOString();
const POLL_MS = 200;

/** Waits until `done` says so, looking again whenever `poke` is called and every so often. */
export async function until(
  done: () => Promise<boolean>,
  options: { timeoutMs: number; signal: AbortSignal; subscribe(poke: () => void): () => void },
): Promise<boolean> {
  // A clock and not `AbortSignal.timeout`: Node holds a timeout inside `AbortSignal.any` weakly, and one that was collected never fires.
  const endMs = performance.now() + options.timeoutMs;
  const { signal } = options;
  let poke = (): void => undefined;
  const unsubscribe = options.subscribe(() => poke());
  const wake = (): void => poke();
  signal.addEventListener('abort', wake);
  try {
    for (;;) {
      if (await done()) return true;
      const leftMs = endMs - performance.now();
      if (signal.aborted || leftMs <= 0) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(POLL_MS, leftMs));
        poke = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    signal.removeEventListener('abort', wake);
    unsubscribe();
  }
}

/** A live job as BullMQ sees it. */
interface LiveState {
  state: JobState;
  attempts: number;
  runsAtMs: number | null;
  lastError: JobFailure | null;
}

function waitersOf({ waiters, state }: JobRecord): string {
  if (waiters === 1) return `1 batch item ${state === 'live' ? 'waits' : 'waited'} for it`;
  return `${waiters} batch items ${state === 'live' ? 'wait' : 'waited'} for it`;
}

export function createJobs(options: JobsOptions): Jobs {
  const { store, queue, producer, backlog, enter, maxAttempts, otherQueues = [], source, now = Date.now } = options;
  /** Where a live job is, as BullMQ sees it. */
  const liveState = async (record: JobRecord): Promise<LiveState> => {
    const job = await askQueue(queue.getJob(runIdOf(record.jobId, record.run)));
    const held: JobState = source().mode === 'blocked' ? 'blocked' : 'waiting';
    if (!job) return { state: held, attempts: 0, runsAtMs: null, lastError: null };
    const state = await askQueue(job.getState());
    const live = { attempts: job.attemptsMade, runsAtMs: null, lastError: lastFailure(job.failedReason) };
    if (state === 'active') return { ...live, state };
    // BullMQ counts the delay from when it moved the job, which is soon after the attempt began.
    if (state === 'delayed') return { ...live, state, runsAtMs: (job.processedOn ?? job.timestamp) + (job.delay ?? 0) };
    return { ...live, state: held };
  };

  const eta = async ({ state, runsAtMs }: LiveState): Promise<number | null> => {
    if (state === 'blocked') return null;
    // The page of an active job is under way, whatever holds up the others.
    if (state === 'active') return etaSeconds(1, { ...source(), hold: null }, now());
    // The queue is counted only where an estimate can come of it.
    const held = etaSeconds(0, source(), now());
    const seconds = held === null ? null : etaSeconds(await backlog.waiting(), source(), now());
    return runsAtMs === null ? seconds : Math.max(seconds ?? 0, Math.ceil((runsAtMs - now()) / 1000));
  };

  const toView = async (record: JobRecord): Promise<JobView> => {
    const live = record.state === 'live' ? await liveState(record) : null;
    const reference = referenceOfJob(record.jobId);
    const bookId = record.bookId ?? (reference?.kind === 'book' ? reference.bookId : null);
    const timeline = [
      {
        at: iso(record.createdAtMs),
        event: 'queued',
        detail: `Queued with priority ${record.priority}; ${waitersOf(record)}.`,
      },
      ...record.timeline.map(({ atMs, event, detail }) => ({ at: iso(atMs), event, detail })),
    ];
    if (live?.state === 'blocked') timeline.push(blockedEntry(record.createdAtMs, source()));
    if (record.settledAtMs !== null) {
      const tries = record.attempts === 1 ? '1 attempt' : `${record.attempts} attempts`;
      const seconds = Math.round((record.settledAtMs - record.createdAtMs) / 1000);
      timeline.push({
        at: iso(record.settledAtMs),
        event: record.state,
        detail: record.error?.detail ?? `Settled as ${record.state} after ${tries}, ${seconds} s after it was queued.`,
      });
    }
    return {
      jobId: record.jobId,
      state: live ? live.state : (record.state as JobState),
      priority: record.priority,
      bookId,
      url: addressOf(record.jobId, bookId) ?? '',
      attempts: live ? live.attempts : record.attempts,
      maxAttempts,
      createdAt: iso(record.createdAtMs),
      settledAt: record.settledAtMs === null ? null : iso(record.settledAtMs),
      waiters: record.waiters,
      lastError: live ? live.lastError : record.error,
      timeline,
      etaSeconds: live ? await eta(live) : null,
    };
  };

  const submit = async (reference: BookReference, wish: { priority: Priority; maxAgeMs: number | null }): ReturnType<Jobs['want']> => {
    const { jobId } = reference;
    const run = newRun(now());
    const bookId = reference.kind === 'book' ? reference.bookId : null;
    const item = { index: 0, input: reference.url, jobId, bookId, duplicates: 0, reason: null };
    const [outcome] = await store.batches.submit({ batch: null, nowMs: now(), run, items: [item], ...wish });
    switch (outcome?.status) {
      case 'queued':
        await producer.enqueue([{ jobId, run }], wish.priority);
        return { jobId, status: 'queued' };
      case 'joined':
        if (outcome.raise) await producer.raise({ jobId, run: outcome.raise }, wish.priority);
        return { jobId, status: 'joined' };
      case 'cached':
      case 'missing':
        return { jobId, status: outcome.status };
      default:
        throw new Error(`a valid reference was refused: ${jobId}`);
    }
  };

  const want: Jobs['want'] = async (reference, wish) => {
    const leave = await enter(1);
    let queued = 1;
    try {
      const wanted = await submit(reference, wish);
      queued = wanted.status === 'queued' ? 1 : 0;
      return wanted;
    } finally {
      leave(queued);
    }
  };

  const again = async (record: JobRecord): Promise<boolean> => {
    const reference = referenceOfJob(record.jobId);
    if (!reference) return false;
    return (await want(reference, { priority: record.priority, maxAgeMs: 0 })).status === 'queued';
  };

  return {
    async view(jobId) {
      const record = await store.jobs.get(jobId);
      return record && toView(record);
    },
    async listFailed(query) {
      const { jobs, cursor } = await store.jobs.listFailed(query);
      return { jobs: await Promise.all(jobs.map(toView)), cursor };
    },
    want,
    async retry(jobId) {
      const record = await store.jobs.get(jobId);
      if (!record) return null;
      return record.state !== 'live' && (await again(record)) ? 'queued' : 'live';
    },
    async redrive({ reason, limit }) {
      let redriven = 0;
      try {
        // Each job that is queued again leaves the list, so the list is read from its start each time.
        for (let before = -1; redriven < limit && redriven !== before;) {
          before = redriven;
          const { jobs } = await store.jobs.listFailed({ reason, cursor: null, limit: Math.min(100, limit - redriven) });
          for (const record of jobs) if (await again(record)) redriven += 1;
        }
      } catch (error) {
        // The queue is full: the caller is told how many got in, so that he can ask for the others later.
        if (redriven === 0 || !(error instanceof QuireError) || error.code !== 'rate-limited') throw error;
      }
      return redriven;
    },
    async cancel(jobId) {
      const record = await store.jobs.get(jobId);
      if (!record) return null;
      const run = await store.jobs.cancel(jobId, now());
      if (run === null) return 'ended';
      await producer.withdraw([{ jobId, run }]);
      return 'cancelled';
    },
    untilSettled: (jobId, timeoutMs, signal) =>
      until(async () => !(await store.jobs.isLive(jobId)), {
        timeoutMs,
        signal,
        subscribe: (poke) => store.signals.subscribe((s) => (s.kind === 'book' ? poke() : undefined)),
      }),
    backlog: backlog.look,
    queues: [queue, ...otherQueues],
  };
}

/** The job of a book that BullMQ is working on or holds back, by the ids of those runs. */
export async function liveRuns(queue: ParseBookQueue, state: 'active' | 'delayed', most: number): Promise<JobId[]> {
  const runIds = await askQueue(queue.getRanges([state], 0, most - 1));
  return runIds.map((id) => id.slice(0, id.lastIndexOf('.')) as JobId);
}
