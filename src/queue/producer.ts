/** Adds recorded jobs to BullMQ, and cancels them. Jobs that could not be added are added as soon as the queue takes them. */
import type { Priority } from '../domain/batch.ts';
import type { Store } from '../storage/store.ts';
import { runIdOf, type JobRun } from '../domain/run-id.ts';
import type { JobQueue } from '../app/job-queue.ts';
import { askQueue } from './ask-queue.ts';
import { dataOfTrace, type TracedData } from './open.ts';
import { BULLMQ_PRIORITY, numberOf, PARSE_BOOK, type ParseBookQueue } from './parse-book-queue.ts';

/** Jobs added in one step. Each step has the whole time-out. */
const ADD_AT_ONCE = 1_000;

/**
 * Stops BullMQ from storing its default number of attempts in every job; the processor sets the real number. The shorter options fit into
 * what Redis packs tightly: a waiting job takes 250 bytes instead of 600.
 */
const WITHOUT_ATTEMPTS = { attempts: undefined as unknown as number };

/** Jobs removed in one step. On PostgreSQL each removal is a query, and a step has the time of one request. */
const REMOVE_AT_ONCE = 100;

/** Jobs that the queue did not take are added again after this long, in milliseconds, … */
const AGAIN_MS = 1_000;
/** … and left to the reconciler after this long, … */
const GIVE_UP_MS = 120_000;
/** … or when there are more than this. */
const MOST_REMEMBERED = 20_000;

export interface Producer extends Pick<JobQueue, 'enqueue' | 'raisePriority' | 'cancel'> {
  /** Stops the later additions. */
  close(): void;
}

interface Refused {
  jobs: readonly JobRun[];
  priority: Priority;
  ahead: number;
  data: TracedData;
  untilMs: number;
}

export function createProducer(store: Store, queue: ParseBookQueue): Producer {
  let refused: Refused[] = [];
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  const add = async ({ jobs, priority, ahead, data }: Omit<Refused, 'untilMs'>): Promise<void> => {
    const entries = jobs.map(({ jobId, run }, at) => {
      const number = numberOf(priority, ahead + at);
      const opts = { jobId: runIdOf(jobId, run), ...WITHOUT_ATTEMPTS, ...(number === 0 ? {} : { priority: number }) };
      return { name: PARSE_BOOK, data, opts };
    });
    await askQueue(queue.addBulk(entries));
  };

  const remember = (one: Refused): void => {
    const known = refused.reduce((sum, { jobs }) => sum + jobs.length, 0);
    if (closed || known + one.jobs.length > MOST_REMEMBERED || performance.now() > one.untilMs) return;
    refused.push(one);
    timer ??= setTimeout(() => void addAgain(), AGAIN_MS).unref();
  };

  /** Whether a run is still live. An addition that failed here may have reached the queue, and the run may be over by now. */
  const isLive = async ({ jobId, run }: JobRun): Promise<boolean> => {
    const record = await store.jobs.get(jobId);
    return record?.state === 'live' && record.run === run;
  };

  const addAgain = async (): Promise<void> => {
    const due = refused;
    refused = [];
    for (const one of due) {
      try {
        const live = await Promise.all(one.jobs.map(isLive));
        const jobs = one.jobs.filter((_, at) => live[at]);
        if (jobs.length > 0) await add({ ...one, jobs });
      } catch {
        remember(one);
      }
    }
    timer = null;
    if (refused.length > 0 && !closed) timer = setTimeout(() => void addAgain(), AGAIN_MS).unref();
  };

  const enqueue: Producer['enqueue'] = async (jobs, priority, ahead = 0) => {
    const data = dataOfTrace();
    const partFrom = (from: number): Omit<Refused, 'untilMs'> => ({
      jobs: jobs.slice(from, from + ADD_AT_ONCE),
      priority,
      ahead: ahead + from,
      data,
    });
    for (let from = 0; from < jobs.length; from += ADD_AT_ONCE) {
      try {
        await add(partFrom(from));
      } catch (error) {
        const untilMs = performance.now() + GIVE_UP_MS;
        for (; from < jobs.length; from += ADD_AT_ONCE) remember({ ...partFrom(from), untilMs });
        throw error;
      }
    }
  };

  return {
    enqueue,
    async raisePriority({ jobId, run }, priority) {
      const job = await askQueue(queue.getJob(runIdOf(jobId, run)));
      if (job) {
        await job.changePriority({ priority: BULLMQ_PRIORITY[priority] }).catch(() => undefined);
        return;
      }
      const record = await store.jobs.get(jobId);
      if (record?.state === 'live' && record.run === run) await enqueue([{ jobId, run }], priority);
    },
    async cancel(jobs) {
      const left: JobRun[] = [];
      // Waiting jobs go first: otherwise one of them could start when a running one stops.
      for (let from = 0; from < jobs.length; from += REMOVE_AT_ONCE) {
        const step = jobs.slice(from, from + REMOVE_AT_ONCE);
        const removals = await askQueue(Promise.allSettled(step.map(({ jobId, run }) => queue.remove(runIdOf(jobId, run)))));
        left.push(...step.filter((_, at) => removals[at]?.status !== 'fulfilled' || removals[at].value !== 1));
      }
      // An active job cannot be removed. The signal stops it, and then it finds nothing to settle.
      for (const { jobId, run } of left) await store.signals.publish({ kind: 'cancel', jobId, run });
    },
    close() {
      closed = true;
      if (timer) clearTimeout(timer);
      refused = [];
    },
  };
}
