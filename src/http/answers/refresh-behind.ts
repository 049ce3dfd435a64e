/** Stale copies: served at once, with one refresh queued behind the answer, however many ask. */
import type { BookReference, JobId } from '../../domain/identity.ts';
import { QuireError } from '../../errors.ts';
import type { HttpDependencies } from '../dependencies.ts';

/** A stale copy asks for a refresh at most once in this time in one process; over processes the job is the single flight. */
const PAUSE_MS = 30_000;
/** After a refresh that failed for good, this long passes before the next. Meanwhile the stale copy is served. */
const AFTER_FAILURE_MS = 3_600_000;
/** Books remembered at once; beyond it all are forgotten, which costs one needless look each. */
const MAX_REMEMBERED = 10_000;

/** Makes the function that a stale read calls. It returns at once and never throws. */
export function createRefresher({ jobs, log }: Pick<HttpDependencies, 'jobs' | 'log'>): (reference: BookReference, nowMs: number) => void {
  const askedAt = new Map<JobId, number>();

  const ask = async (reference: BookReference, nowMs: number): Promise<void> => {
    const job = await jobs.view(reference.jobId);
    if (job?.state === 'failed' && job.settledAt !== null && nowMs - Date.parse(job.settledAt) < AFTER_FAILURE_MS) return;
    await jobs.submit(reference, { priority: 'bulk', maxAgeMs: null });
  };

  return (reference, nowMs) => {
    const { jobId } = reference;
    const last = askedAt.get(jobId);
    if (last !== undefined && nowMs - last < PAUSE_MS) return;
    if (askedAt.size >= MAX_REMEMBERED) askedAt.clear();
    askedAt.set(jobId, nowMs);
    ask(reference, nowMs).catch((error: unknown) => {
      // The queue is full, and a later read asks again.
      if (error instanceof QuireError && error.code === 'rate-limited') return;
      askedAt.delete(jobId);
      log.warn({ err: error, jobId }, 'a stale book could not be queued for a refresh; it is served as it is');
    });
  };
}
