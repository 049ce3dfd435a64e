/** Queues settled jobs again: one of them (retry), or all failed ones (redrive). */
import { referenceOfJob, type JobId } from '../../domain/identity.ts';
import type { JobRecord } from '../../domain/job.ts';
import { QuireError, type ErrorCode } from '../../errors.ts';
import type { Store } from '../../storage/store.ts';
import type { SubmitBook } from '../submit-book.ts';

/** Failed jobs read in one step of a redrive. */
const REDRIVEN_AT_ONCE = 100;

export interface RetryOptions {
  store: Pick<Store, 'jobs'>;
  submitBook: SubmitBook;
}

export interface Retry {
  /** Queues a failed, cancelled or not-found job again. `null`: no such job. `live`: the job is not settled. */
  retry(jobId: JobId): Promise<'queued' | 'live' | null>;
  /** Queues failed jobs again, newest first; `reason` filters. Resolves to how many. Stops when the queue is full. */
  redrive(query: { reason: ErrorCode | null; limit: number }): Promise<number>;
}

export function createRetry({ store, submitBook }: RetryOptions): Retry {
  const queueAgain = async (record: JobRecord): Promise<boolean> => {
    const reference = referenceOfJob(record.jobId);
    if (!reference) return false;
    return (await submitBook(reference, { priority: record.priority, maxAgeMs: 0 })).status === 'queued';
  };

  return {
    async retry(jobId) {
      const record = await store.jobs.get(jobId);
      if (!record) return null;
      return record.state !== 'live' && (await queueAgain(record)) ? 'queued' : 'live';
    },

    async redrive({ reason, limit }) {
      let redriven = 0;
      try {
        // Each job that is queued again leaves the list, so every step reads the list from its start.
        for (let before = -1; redriven < limit && redriven !== before;) {
          before = redriven;
          const page = await store.jobs.listFailed({ reason, cursor: null, limit: Math.min(REDRIVEN_AT_ONCE, limit - redriven) });
          for (const record of page.jobs) if (await queueAgain(record)) redriven += 1;
        }
      } catch (error) {
        // The queue is full. The caller gets the number of queued jobs, and retries the others later.
        if (redriven === 0 || !(error instanceof QuireError) || error.code !== 'rate-limited') throw error;
      }
      return redriven;
    },
  };
}
