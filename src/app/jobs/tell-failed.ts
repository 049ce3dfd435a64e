/** Tells people of a job that failed: one line in the log, and an event for the webhooks. */
import type { JobId } from '../../domain/identity.ts';
import { referenceOfJob } from '../../domain/identity.ts';
import type { JobFailure } from '../../domain/job.ts';
import type { Log } from '../../domain/log.ts';
import type { Store } from '../../storage/store.ts';
import type { AnnounceFailure } from '../announce.ts';

export interface TellFailedDeps {
  store: { jobs: Pick<Store['jobs'], 'get'> };
  log: Pick<Log, 'warn'>;
  /** Is called for every job that failed, after it was settled. Is called again when the worker may have died before. */
  announceFailure: AnnounceFailure;
}

/** Call it after the job was settled as failed. Rejects with what the store throws while it records the event. */
export async function tellFailed(
  { store, log, announceFailure }: TellFailedDeps,
  { jobId, run, attempts, code, detail }: { jobId: JobId; run: string; attempts: number } & JobFailure,
): Promise<void> {
  const record = await store.jobs.get(jobId).catch(() => null);
  const own = record?.run === run ? record : null;
  const reference = referenceOfJob(jobId);
  const book = reference?.kind === 'book' ? { bookId: reference.bookId } : {};
  // `items`: how many items of batches waited for it.
  log.warn({ jobId, ...book, code, attempts, items: own?.waiters ?? null, detail }, 'a job failed');
  if (own?.state === 'failed') await announceFailure(own);
}
