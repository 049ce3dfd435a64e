/** Opening BullMQ's queues and workers on the store's connection, with what all of them share. */
import {
  DelayedError,
  Queue,
  WaitingError,
  Worker,
  type BackendFactory,
  type Processor,
  type QueueOptions,
  type WorkerOptions,
} from 'bullmq';
import type { Store } from '../storage/store.ts';
import { inSpan, traceparent } from '../tracing.ts';
import { workerName } from './worker-name.ts';

/** A worker that does not renew its lock for this long counts as dead. A running crawl or call renews the lock. */
export const LOCK_MS = 20_000;
const STALLED_CHECK_MS = 5_000;
/** Events of the queue kept on Redis, for the dashboard. */
const MAX_EVENTS = 1_000;

/** Opens a queue. The caller closes it. */
export function openBullQueue<Data, Result>(name: string, store: Store, onError: (error: Error) => void): Queue<Data, Result> {
  const { options, factory } = store.queueBackend;
  // BullMQ types the connection by backend, and only the store knows which backend this is.
  const settings = { ...options('producer'), streams: { events: { maxLen: MAX_EVENTS } } } as QueueOptions;
  const queue = new Queue(name, settings, factory as BackendFactory) as Queue<Data, Result>;
  queue.on('error', onError);
  return queue;
}

/** The data of a job that is added in a span which is kept. Workers of earlier versions leave the member alone. */
export interface TracedData {
  /** The span that added the job, as a W3C `traceparent`. */
  trace?: string;
}

/** What the span that runs now adds to the data of a job: nothing, unless the operator keeps the span. */
export function dataOfTrace(): TracedData {
  const cause = traceparent();
  return cause === undefined ? {} : { trace: cause };
}

/** Each run of a job is a trace of its own, linked to the span that added the job. So a job that waits for days makes no endless trace. */
function traced<Data, Result>(name: string, process: Processor<Data, Result>): Processor<Data, Result> {
  const run: Processor<Data, Result> = (...given) => {
    const [job] = given;
    const attributes = {
      'messaging.system': 'bullmq',
      'messaging.operation.type': 'process',
      'messaging.destination.name': name,
      'messaging.message.id': job.id ?? '',
      'quire.attempt': job.attemptsMade + 1,
    };
    const cause = (job.data as TracedData | undefined)?.trace;
    return inSpan(name, { kind: 'consumer', root: true, cause, attributes, isControlFlow }, () => process(...given));
  };
  // BullMQ gives a signal to functions of three parameters, and this one has none of its own.
  return Object.defineProperty(run, 'length', { value: 3 });
}

/** The job goes back to the queue, which is no failure. */
const isControlFlow = (error: unknown): boolean => error instanceof DelayedError || error instanceof WaitingError;

/** What one kind of worker adds to the options that all share. */
export type OwnWorkerOptions = Pick<WorkerOptions, 'concurrency' | 'maxStalledCount' | 'removeOnComplete' | 'removeOnFail'> &
  Partial<WorkerOptions> & {
    /** Wait before the next attempt, in milliseconds. */
    backoffMs: (attemptsMade: number, error: Error | undefined) => number;
    onError: (error: Error) => void;
  };

/** Opens a worker. It takes no job before `run`. The caller closes it. */
export function openBullWorker<Data, Result>(
  name: string,
  store: Store,
  processor: Processor<Data, Result>,
  { backoffMs, onError, ...own }: OwnWorkerOptions,
): Worker<Data, Result> {
  const { options, factory } = store.queueBackend;
  const settings = {
    ...options('worker'),
    name: workerName(),
    autorun: false,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    settings: { backoffStrategy: (attemptsMade: number, _type?: string, error?: Error) => backoffMs(attemptsMade, error) },
    ...own,
  } as WorkerOptions;
  const worker = new Worker(name, traced(name, processor), settings, factory as BackendFactory) as Worker<Data, Result>;
  worker.on('error', onError);
  // BullMQ tells of locks that it could not renew, and leaves it to its user to stop those jobs: another worker may have them by now.
  worker.on('lockRenewalFailed', (jobIds: string[]) => {
    for (const jobId of jobIds) worker.cancelJob(jobId, 'lock lost');
  });
  return worker;
}
