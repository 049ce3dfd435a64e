/** Queues the jobs of items that the store has recorded. The items count even when that fails: the reconciler queues the jobs later. */
import type { BatchId, Priority } from '../../domain/batch.ts';
import type { Log } from '../../domain/log.ts';
import type { JobRun } from '../../domain/run-id.ts';
import type { Store } from '../../storage/store.ts';
import type { CollectionQueue } from '../collections/collection-queue.ts';
import type { JobQueue } from '../job-queue.ts';
import { createEndBatch } from './end-batch.ts';
import { endFound } from './hunt.ts';

export interface HandOverDeps {
  store: Pick<Store, 'batches' | 'jobs'>;
  queue: Pick<JobQueue, 'enqueue' | 'raisePriority' | 'cancel'>;
  collections: Pick<CollectionQueue, 'cancel'>;
  log: Log;
  now: () => number;
}

/** What the store recorded for a batch and the queue does not know. */
export interface Recorded {
  batchId: BatchId;
  priority: Priority;
  /** Jobs of the same caller that wait already. */
  ahead: number;
  /** New jobs. */
  jobs: JobRun[];
  /** Jobs that are more urgent now. */
  raised: JobRun[];
  /** Whether the batch looks for books, and may have found enough in the meantime. */
  hunts: boolean;
}

/** Records read at once. */
const READ_AT_ONCE = 50;

/** Hands over what was recorded. Never rejects. */
export async function handOver(deps: HandOverDeps, recorded: Recorded): Promise<void> {
  const { batchId, hunts } = recorded;
  try {
    if (!hunts) return await queueAll(deps, recorded);
    if (!(await hasFound(deps, batchId))) await queueAll(deps, recorded);
    // A live job that the batch joined may end it at any time: then its jobs are not wanted, unless another batch joined them.
    if (await hasFound(deps, batchId)) await endRecorded(deps, recorded);
  } catch (error) {
    deps.log.warn({ err: error, batchId }, 'the queue did not take the jobs of a batch; the reconciler queues them');
  }
}

async function queueAll({ queue }: HandOverDeps, { jobs, raised, priority, ahead }: Omit<Recorded, 'hunts'>): Promise<void> {
  const work = raised.map((job) => queue.raisePriority(job, priority));
  if (jobs.length > 0) work.push(queue.enqueue(jobs, priority, ahead));
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

const hasFound = async ({ store }: HandOverDeps, batchId: BatchId): Promise<boolean> =>
  ((await store.batches.get(batchId))?.stoppedAtMs ?? null) !== null;

/** Ends a batch that has found enough. The queue keeps those of its jobs that somebody else wants, and no other. */
async function endRecorded(deps: HandOverDeps, recorded: Recorded): Promise<void> {
  const { store, queue } = deps;
  await endFound({ endBatch: createEndBatch(deps), log: deps.log }, [recorded.batchId]);
  const live: JobRun[] = [];
  const dead: JobRun[] = [];
  for (let from = 0; from < recorded.jobs.length; from += READ_AT_ONCE) {
    const step = recorded.jobs.slice(from, from + READ_AT_ONCE);
    const records = await Promise.all(step.map(({ jobId }) => store.jobs.get(jobId)));
    for (const [at, job] of step.entries()) {
      const record = records[at];
      (record?.state === 'live' && record.run === job.run ? live : dead).push(job);
    }
  }
  await queueAll(deps, { ...recorded, jobs: live, raised: [] });
  await queue.cancel(dead);
}
