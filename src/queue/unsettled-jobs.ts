/** Settles jobs that BullMQ finishes without the use case: their worker was lost, or an unexpected error was thrown. */
import { UnrecoverableError } from 'bullmq';
import { tellFailed, type TellFailedDeps } from '../app/jobs/tell-failed.ts';
import type { Log } from '../domain/log.ts';
import { FAILURES } from '../domain/outcome.ts';
import { parseRunId } from '../domain/run-id.ts';
import type { Store } from '../storage/store.ts';
import { AttemptFailed } from './parse-book-processor.ts';
import type { ParseBookWorker } from './parse-book-queue.ts';

export interface UnsettledDeps extends Pick<TellFailedDeps, 'announceFailure'> {
  store: Store;
  log: Log;
  now: () => number;
}

/** BullMQ's own message for a job that lost its worker too often. */
const LOST_TOO_OFTEN = /stalled more than/;

/** Listens to the worker, and settles the records of such jobs. */
export function settleUnsettled(worker: ParseBookWorker, deps: UnsettledDeps): void {
  const { store, log, announceFailure, now } = deps;
  worker.on('failed', (job, error) => {
    const ids = parseRunId(job?.id ?? '');
    const lost = LOST_TOO_OFTEN.test(error.message);
    // The use case has settled these failures itself.
    const known = error instanceof AttemptFailed || error instanceof UnrecoverableError;
    if (!ids || (known && !lost)) return;
    if (!lost) log.error({ err: error, jobId: ids.jobId }, 'a job failed with an unexpected error');
    // BullMQ retries the job.
    if (!lost && typeof job?.finishedOn !== 'number') return;
    const { code } = FAILURES[lost ? 'worker-lost' : 'unforeseen'];
    const detail = lost
      ? `Its worker died or hung ${job?.stalledCounter ?? 'several'} times while working on it; the last was ${job?.data.lastWorker ?? 'unknown'}.`
      : 'Something went wrong on our side at every attempt; the log of the worker has the error.';
    store.jobs
      .settle({
        ...ids,
        nowMs: now(),
        outcome: 'failed',
        attempts: job?.attemptsMade ?? 0,
        error: { code, detail },
      })
      .then(() => tellFailed({ store, log, announceFailure }, { ...ids, code, detail, attempts: job?.attemptsMade ?? 0 }))
      .catch((err: unknown) =>
        log.error({ err, jobId: ids.jobId }, 'a job that BullMQ finished could not be settled; the reconciler does it'),
      );
  });

  worker.on('stalled', (runId) => {
    const ids = parseRunId(runId);
    if (!ids) return;
    log.warn({ jobId: ids.jobId }, 'stalled: its worker stopped renewing the lock');
    store.jobs
      .note(ids.jobId, ids.run, {
        atMs: now(),
        event: 'stalled',
        detail: 'Its worker stopped renewing the lock; the job was queued again.',
      })
      .catch(() => undefined);
  });
}
