/** Giving recorded jobs to BullMQ, and taking them back. */
import type { Priority } from '../batches/batch.ts';
import type { JobId } from '../books/identity.ts';
import type { Store } from '../storage/store.ts';
import { runIdOf } from '../storage/run-id.ts';
import { askQueue } from './ask-queue.ts';
import { BULLMQ_PRIORITY, PARSE_BOOK, type ParseBookQueue } from './queues.ts';

/** More jobs than this are added in steps, so that each step has the whole time-out. */
const ADD_AT_ONCE = 1_000;

/**
 * Keeps BullMQ from writing its default number of attempts along with every job (ours is set when the job runs): without it the options fit
 * into what Redis packs tightly, 250 bytes a waiting job instead of 600.
 */
const WITHOUT_ATTEMPTS = { attempts: undefined as unknown as number };

/** Jobs taken back in one step: on PostgreSQL each is a query of its own, and a step has the time that one request has. */
const REMOVE_AT_ONCE = 100;

export interface EnqueuedJob {
  jobId: JobId;
  run: string;
}

export interface Producer {
  /** Adds jobs that the store has just recorded. Rejects with `store-unavailable`; the reconciler adds what such an error left out. */
  enqueue(jobs: EnqueuedJob[], priority: Priority): Promise<void>;
  /** Moves a waiting job forward, or adds it where the submission that recorded it has not yet. A job that has started meanwhile is left alone. */
  raise(job: EnqueuedJob, priority: Priority): Promise<void>;
  /** Takes jobs that nobody wants out of the queue, and tells those that run to stop, in whatever process. */
  withdraw(jobs: EnqueuedJob[]): Promise<void>;
}

export function createProducer(store: Store, queue: ParseBookQueue): Producer {
  const enqueue: Producer['enqueue'] = async (jobs, priority) => {
    const number = BULLMQ_PRIORITY[priority];
    for (let from = 0; from < jobs.length; from += ADD_AT_ONCE) {
      const step = jobs.slice(from, from + ADD_AT_ONCE).map(({ jobId, run }) => ({
        name: PARSE_BOOK,
        data: {},
        opts: { jobId: runIdOf(jobId, run), ...WITHOUT_ATTEMPTS, ...(number === 0 ? {} : { priority: number }) },
      }));
      await askQueue(queue.addBulk(step));
    }
  };

  return {
    enqueue,
    async raise({ jobId, run }, priority) {
      const job = await askQueue(queue.getJob(runIdOf(jobId, run)));
      if (job) {
        await job.changePriority({ priority: BULLMQ_PRIORITY[priority] }).catch(() => undefined);
        return;
      }
      const record = await store.jobs.get(jobId);
      if (record?.state === 'live' && record.run === run) await enqueue([{ jobId, run }], priority);
    },
    async withdraw(jobs) {
      const left: EnqueuedJob[] = [];
      // The waiting ones first: a place that a running one leaves must not be taken by another that nobody wants.
      for (let from = 0; from < jobs.length; from += REMOVE_AT_ONCE) {
        const step = jobs.slice(from, from + REMOVE_AT_ONCE);
        const removals = await askQueue(Promise.allSettled(step.map(({ jobId, run }) => queue.remove(runIdOf(jobId, run)))));
        left.push(...step.filter((_, at) => removals[at]?.status !== 'fulfilled' || removals[at].value !== 1));
      }
      // An active job cannot be removed: the signal ends it, and its settlement finds nothing to settle.
      for (const { jobId, run } of left) await store.signals.publish({ kind: 'cancel', jobId, run });
    },
  };
}
