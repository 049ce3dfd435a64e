/** Giving recorded jobs to BullMQ, and taking them back. */
import type { Priority } from '../batches/batch.ts';
import type { JobId } from '../books/identity.ts';
import { QuireError } from '../errors.ts';
import type { Store } from '../storage/store.ts';
import { runIdOf } from '../storage/run-id.ts';
import { BULLMQ_PRIORITY, PARSE_BOOK, type ParseBookQueue } from './queues.ts';

/** The API's promise is an answer within 2 s when the store is away; a thousand jobs are added in some 30 ms. */
const ADD_TIMEOUT_MS = 1_900;
/** More jobs than this are added in steps, so that each step has the whole time-out. */
const ADD_AT_ONCE = 1_000;

/**
 * Keeps BullMQ from writing its default number of attempts along with every job (ours is set when the job runs): without it the options fit
 * into what Redis packs tightly, 250 bytes a waiting job instead of 600.
 */
const WITHOUT_ATTEMPTS = { attempts: undefined as unknown as number };

export interface EnqueuedJob {
  jobId: JobId;
  run: string;
}

export interface Producer {
  /** Adds jobs that the store has just recorded. Rejects with `store-unavailable`; the reconciler adds what such an error left out. */
  enqueue(jobs: EnqueuedJob[], priority: Priority): Promise<void>;
  /** Moves a waiting job forward. A job that has started meanwhile is left alone. */
  raise(job: EnqueuedJob, priority: Priority): Promise<void>;
  /** Takes jobs that nobody wants out of the queue, and tells those that run to stop, in whatever process. */
  withdraw(jobs: EnqueuedJob[]): Promise<void>;
}

/** Rejects with `store-unavailable` when `work` takes longer than the API may. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new QuireError('store-unavailable', 'The queue does not take jobs in time.', { retryAfterSeconds: 2 })),
      ADD_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

export function createProducer(store: Store, queue: ParseBookQueue): Producer {
  return {
    async enqueue(jobs, priority) {
      const number = BULLMQ_PRIORITY[priority];
      for (let from = 0; from < jobs.length; from += ADD_AT_ONCE) {
        const step = jobs.slice(from, from + ADD_AT_ONCE).map(({ jobId, run }) => ({
          name: PARSE_BOOK,
          data: {},
          opts: { jobId: runIdOf(jobId, run), ...WITHOUT_ATTEMPTS, ...(number === 0 ? {} : { priority: number }) },
        }));
        try {
          await inTime(queue.addBulk(step));
        } catch (error) {
          if (error instanceof QuireError) throw error;
          throw new QuireError('store-unavailable', `The queue does not take jobs: ${(error as Error).message}`, {
            cause: error,
            retryAfterSeconds: 2,
          });
        }
      }
    },
    async raise({ jobId, run }, priority) {
      const job = await inTime(queue.getJob(runIdOf(jobId, run)));
      await job?.changePriority({ priority: BULLMQ_PRIORITY[priority] }).catch(() => undefined);
    },
    async withdraw(jobs) {
      // The waiting ones first: a place that a running one leaves must not be taken by another that nobody wants.
      for (let from = 0; from < jobs.length; from += ADD_AT_ONCE) {
        const step = jobs.slice(from, from + ADD_AT_ONCE).map(({ jobId, run }) => queue.remove(runIdOf(jobId, run)));
        // An active job cannot be removed: the signal ends it, and its settlement finds nothing to settle.
        await inTime(Promise.allSettled(step));
      }
      for (const { jobId, run } of jobs) await store.signals.publish({ kind: 'cancel', jobId, run });
    },
  };
}
