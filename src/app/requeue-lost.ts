/** Requeues what the queue has lost: live jobs that it does not have, and items whose job is gone. */
import type { BatchId, Priority } from '../domain/batch.ts';
import type { JobId } from '../domain/identity.ts';
import type { JobRecord } from '../domain/job.ts';
import type { Log } from '../domain/log.ts';
import { newRun, type JobRun } from '../domain/run-id.ts';
import type { Store } from '../storage/store.ts';
import type { AnnounceFailure } from './announce.ts';
import type { CollectionQueue } from './collections/collection-queue.ts';
import { endOverdue } from './collections/end-overdue.ts';
import { expandingItems } from './collections/expanding-items.ts';
import type { JobQueue } from './job-queue.ts';
import { tellFailed } from './jobs/tell-failed.ts';

const ITEMS_AT_ONCE = 500;

export interface RequeueDeps {
  store: Store;
  queue: Pick<JobQueue, 'enqueue' | 'cancel' | 'has'>;
  collections: Pick<CollectionQueue, 'enqueue' | 'cancel' | 'has'>;
  log: Log;
  /** Is called for jobs that are settled as failed here. */
  announceFailure: AnnounceFailure;
  now: () => number;
}

/** A live run, as its record has it. */
export type LiveJob = JobRun & { priority: Priority };

/** Requeues the jobs that the queue does not have. Resolves to how many. */
export async function requeueJobs(deps: RequeueDeps, jobs: LiveJob[]): Promise<number> {
  const queued = await deps.queue.has(jobs);
  let requeued = 0;
  for (const job of jobs.filter((_, at) => !queued[at])) requeued += (await requeueJob(deps, job)) ? 1 : 0;
  return requeued;
}

async function requeueJob({ store, queue, log, announceFailure, now }: RequeueDeps, job: LiveJob): Promise<boolean> {
  const { jobId, run } = job;
  const detail = 'The job was missing from the queue and was queued again.';
  await store.jobs.note(jobId, run, { atMs: now(), event: 'retried', detail });
  await queue.enqueue([job], job.priority);
  if ((await queue.has([job]))[0]) return true;
  // The queue has finished this run, and takes no second run of the same name: the worker died between the queue's record and ours.
  const error = { code: 'poison', detail: 'Its worker ended before it could record the outcome of the job.' } as const;
  await store.jobs.settle({ jobId, run, nowMs: now(), outcome: 'failed', attempts: 0, error });
  await tellFailed({ store, log, announceFailure }, { jobId, run, attempts: 0, ...error });
  return false;
}

/** Requeues the lost jobs and collections of a batch. Resolves to how many. */
export async function requeueBatch(deps: RequeueDeps, batchId: BatchId): Promise<number> {
  const { store } = deps;
  let requeued = await requeueCollections(deps, batchId);
  for (let fromIndex: number | null = 0; fromIndex !== null;) {
    const query = { fromIndex, limit: ITEMS_AT_ONCE, state: 'queued' as const };
    const page: Awaited<ReturnType<Store['batches']['items']>> = await store.batches.items(batchId, query);
    if (!page) return requeued;
    const waiting = page.items.flatMap(({ jobId, index }) => (jobId ? [{ jobId, index }] : []));
    const records = await Promise.all(waiting.map(({ jobId }) => store.jobs.get(jobId)));
    requeued += await requeueLostItems(deps, batchId, waiting, records);
    const live = records.flatMap((r) => (r?.state === 'live' ? [{ jobId: r.jobId, run: r.run, priority: r.priority }] : []));
    requeued += await requeueJobs(deps, live);
    fromIndex = page.nextIndex;
  }
  return requeued;
}

/** Requeues the collections of a batch that are expanding and that the queue does not have. Resolves to how many. */
async function requeueCollections(deps: RequeueDeps, batchId: BatchId): Promise<number> {
  const { store, collections } = deps;
  const batch = await store.batches.get(batchId);
  const expanding = await expandingItems(store, batchId);
  if (!batch || expanding.length === 0) return 0;
  await endOverdue(deps, batch, expanding);
  const queued = await collections.has(expanding);
  const lost = expanding.filter((_, at) => !queued[at]);
  // One that has ended meanwhile finds nothing to do.
  if (lost.length > 0) await collections.enqueue(lost, batch.options.priority);
  return lost.length;
}

/**
 * Gives new jobs to items whose job lost its record, or does not count them as waiters. Otherwise they would wait until they are cancelled.
 */
async function requeueLostItems(
  { store, queue, log, now }: RequeueDeps,
  batchId: BatchId,
  waiting: { jobId: JobId; index: number }[],
  records: (JobRecord | null)[],
): Promise<number> {
  const jobIdsOf = waiting.map(({ jobId }) => jobId);
  const known = await store.batches.indexesOf(batchId, jobIdsOf);
  const lost = waiting.filter(({ jobId }, at) => records[at]?.state !== 'live' || !known.has(jobId));
  const batch = lost.length > 0 ? await store.batches.get(batchId) : null;
  if (!batch) return 0;
  const { priority } = batch.options;
  const run = newRun(now());
  const jobIds = await store.batches.requeue(batchId, { items: lost, nowMs: now(), run, priority });
  const jobs = jobIds.map((jobId) => ({ jobId, run }));
  await queue.enqueue(jobs, priority);
  if (jobs.length > 0) log.warn({ batchId, jobs: jobs.length }, 'requeued jobs whose record was lost');
  return jobs.length;
}

/**
 * Whether the process that had a batch died on the way. Either the last step of recording it never came, so no caller knows the batch, or
 * the last step of cancelling it.
 */
export async function isOrphan({ store }: Pick<RequeueDeps, 'store'>, batchId: BatchId): Promise<boolean> {
  const batch = await store.batches.get(batchId);
  return batch !== null && batch.endedAtMs === null && (!batch.sealed || batch.cancelledAtMs !== null);
}

/** Cancels such a batch. */
export async function cancelOrphan({ store, queue, log, now }: RequeueDeps, batchId: BatchId): Promise<void> {
  const cancelled = await store.batches.cancel(batchId, now());
  await queue.cancel(cancelled?.withoutWaiters ?? []);
  log.warn({ batchId }, 'cancelled a batch that was not recorded, or not cancelled, to its end');
}
