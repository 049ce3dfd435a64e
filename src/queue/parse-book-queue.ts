/** BullMQ's queue and worker for one kind of job, with the options that every process shares. */
import { Queue, Worker, type BackendFactory, type Processor, type QueueOptions, type WorkerOptions } from 'bullmq';
import type { Priority } from '../domain/batch.ts';
import { MAX_LOST_WORKERS } from '../domain/outcome.ts';
import type { Store } from '../storage/store.ts';
import { workerName } from './worker-name.ts';

/** Name of the one queue: what the jobs in it do. */
export const PARSE_BOOK = 'parse-book';

/** A worker that does not renew its lock for this long is taken for dead. Longer than the longest crawl (`CRAWL_TIMEOUT` renews while it runs). */
export const LOCK_MS = 20_000;
const STALLED_CHECK_MS = 5_000;
/** How often a job may lose its worker before it ends as `poison`. */
const MAX_STALLED = MAX_LOST_WORKERS;
/**
 * The same for a store that dies with its worker: there, one crash interrupts every job that runs, and most are innocent.
 */
export const MAX_INTERRUPTED = 10;

/** Finished BullMQ jobs kept for the dashboard, by age in seconds and count. */
const KEEP_COMPLETED = { age: 86_400, count: 1_000 };
const KEEP_FAILED = { age: 7 * 86_400, count: 5_000 };

/**
 * BullMQ's number for a priority: the lower, the sooner. Jobs without a number (0) are taken before all others, in order of arrival;
 * those with one are taken by number and then in order of arrival.
 */
export const BULLMQ_PRIORITY: Record<Priority, number> = { interactive: 0, normal: 1, bulk: 2 };

/** What a job carries. Its book is in its id; the data stays small, since a million of them may wait. */
export interface ParseBookData {
  /** When Goodreads first said "not found": the second look decides. */
  missingAtMs?: number;
  /** Name of the worker that took the job last, once it has lost one: BullMQ's own note (`processedBy`) tells who finds it dead in the end. */
  lastWorker?: string;
}
/** What BullMQ keeps of a finished job. The book itself lies in the store, once. */
export interface ParseBookResult {
  outcome: string;
}

export type ParseBookQueue = Queue<ParseBookData, ParseBookResult>;
export type ParseBookWorker = Worker<ParseBookData, ParseBookResult>;

export function openQueue(store: Store, onError: (error: Error) => void): ParseBookQueue {
  const { options, factory } = store.queueBackend;
  // BullMQ types the connection by backend; which one this is, only the store knows.
  const settings = { ...options('producer'), streams: { events: { maxLen: 1_000 } } } as QueueOptions;
  const queue = new Queue(PARSE_BOOK, settings, factory as BackendFactory) as ParseBookQueue;
  queue.on('error', onError);
  return queue;
}

export function openWorker(
  store: Store,
  processor: Processor<ParseBookData, ParseBookResult>,
  options: {
    concurrency: number;
    backoffMs: (attemptsMade: number, error: Error | undefined) => number;
    onError: (error: Error) => void;
    /** For tests, which cannot wait as long as production should. */
    lockMs?: number | undefined;
    stalledCheckMs?: number | undefined;
  },
): ParseBookWorker {
  const { options: backend, factory } = store.queueBackend;
  const settings = {
    ...backend('worker'),
    name: workerName(),
    autorun: false,
    concurrency: options.concurrency,
    lockDuration: options.lockMs ?? LOCK_MS,
    stalledInterval: options.stalledCheckMs ?? STALLED_CHECK_MS,
    maxStalledCount: MAX_STALLED,
    // BullMQ would wait 15 s after an outage; the store is asked once a second.
    runRetryDelay: 1_000,
    // Seconds that an idle worker waits for a job before it looks around: a probe of a blocked source must not be 5 s late.
    drainDelay: 1,
    removeOnComplete: KEEP_COMPLETED,
    removeOnFail: KEEP_FAILED,
    settings: { backoffStrategy: (attemptsMade: number, _type?: string, error?: Error) => options.backoffMs(attemptsMade, error) },
  } as WorkerOptions;
  const worker = new Worker(PARSE_BOOK, processor, settings, factory as BackendFactory) as ParseBookWorker;
  worker.on('error', options.onError);
  return worker;
}
