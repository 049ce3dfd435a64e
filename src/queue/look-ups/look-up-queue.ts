/** BullMQ's queue for questions to Goodreads that a caller waits for. The id of a job names its question, so equal questions share one job. */
import type { Processor, Queue, Worker } from 'bullmq';
import type { LookUpQueue } from '../../app/look-ups/look-ups.ts';
import { idOfQuestion, type Question } from '../../app/look-ups/question.ts';
import type { Store } from '../../storage/store.ts';
import { askQueue } from '../ask-queue.ts';
import { dataOfTrace, openBullQueue, openBullWorker, type OwnWorkerOptions, type TracedData } from '../open.ts';

/** Name of the queue: what the jobs in it do. Workers of earlier versions do not know it. */
export const LOOK_UP = 'look-up';

/** A look-up that lost its worker more often is given up: nobody waits for it by then. */
export const MAX_STALLED = 2;
/** Tries of a look-up while the store fails. */
const ATTEMPTS = 3;
const WAITING = ['waiting', 'delayed', 'prioritized'] as const;

export interface LookUpData extends TracedData {
  question: Question;
}
/** What BullMQ is told of a finished job. The store has the answer. */
export interface LookUpJobResult {
  outcome: string;
}
export type LookUpBullQueue = Queue<LookUpData, LookUpJobResult>;
export type LookUpBullWorker = Worker<LookUpData, LookUpJobResult>;

export const openLookUpQueue = (store: Store, onError: (error: Error) => void): LookUpBullQueue => openBullQueue(LOOK_UP, store, onError);

/** Implements app/look-ups/look-ups.ts on an open queue. The caller closes that queue. */
export function createLookUpQueue(queue: LookUpBullQueue): LookUpQueue {
  return {
    async add(question) {
      // An ended job is removed at once, so that its question can be asked again.
      const options = { jobId: idOfQuestion(question), attempts: ATTEMPTS, backoff: { type: 'custom' }, stackTraceLimit: 1 };
      await askQueue(queue.add(LOOK_UP, { question, ...dataOfTrace() }, { ...options, removeOnComplete: true, removeOnFail: true }));
    },
    async countWaiting() {
      const counts = await askQueue(queue.getJobCounts(...WAITING));
      return Object.values(counts).reduce((sum, n) => sum + n, 0);
    },
  };
}

export const openLookUpWorker = (
  store: Store,
  processor: Processor<LookUpData, LookUpJobResult>,
  options: Pick<OwnWorkerOptions, 'backoffMs' | 'onError'> & { concurrency: number },
): LookUpBullWorker =>
  openBullWorker(LOOK_UP, store, processor, {
    ...options,
    maxStalledCount: MAX_STALLED,
    // After an outage, and for an idle worker: in seconds and milliseconds as for books.
    runRetryDelay: 1_000,
    drainDelay: 1,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
