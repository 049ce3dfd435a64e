/** The queue of jobs on BullMQ: implements app/job-queue.ts. */
import type { JobQueue, LiveRun } from '../app/job-queue.ts';
import type { JobId } from '../domain/identity.ts';
import { parseRunId, runIdOf } from '../domain/run-id.ts';
import type { Store } from '../storage/store.ts';
import { askQueue } from './ask-queue.ts';
import { createBacklog } from './backlog.ts';
import { EXPAND_COLLECTION } from './collections/expand-collection-queue.ts';
import { DELIVER_WEBHOOK } from './deliver-webhook-queue.ts';
import { LOCK_MS } from './open.ts';
import { PARSE_BOOK, type ParseBookQueue } from './parse-book-queue.ts';
import { createProducer } from './producer.ts';

export interface BookJobs extends JobQueue {
  /** Stops the later additions. */
  close(): void;
}

/** Works on an open queue. The caller closes that queue. */
export function createBookJobs(store: Store, queue: ParseBookQueue, now: () => number = Date.now): BookJobs {
  return {
    ...createProducer(store, queue),
    ...createBacklog(queue, now),
    find: ({ jobId, run }) => findRun(queue, runIdOf(jobId, run)),
    async listJobs(state, most) {
      const runIds = await askQueue(queue.getRanges(state === 'waiting' ? ['waiting', 'prioritized'] : [state], 0, most - 1));
      return runIds.flatMap((id): JobId[] => {
        const ids = parseRunId(id);
        return ids ? [ids.jobId] : [];
      });
    },
    has: (runs) =>
      store.queueBackend.has(
        PARSE_BOOK,
        runs.map(({ jobId, run }) => runIdOf(jobId, run)),
      ),
    async correctTimes() {
      for (const name of [PARSE_BOOK, EXPAND_COLLECTION, DELIVER_WEBHOOK]) await store.queueBackend.correctTimes(name, LOCK_MS);
    },
  };
}

async function findRun(queue: ParseBookQueue, runId: string): Promise<LiveRun | null> {
  // The state comes first: a job that is read later has at least what led to it, such as the failure before a delay.
  const state = await askQueue(queue.getJobState(runId));
  const job = await askQueue(queue.getJob(runId));
  if (!job) return null;
  return {
    state: state === 'active' || state === 'delayed' ? state : 'waiting',
    attempts: job.attemptsMade,
    // BullMQ counts the delay from when it moved the job, soon after the attempt began.
    dueAtMs: state === 'delayed' ? (job.processedOn ?? job.timestamp) + (job.delay ?? 0) : null,
    failedReason: job.failedReason,
  };
}
