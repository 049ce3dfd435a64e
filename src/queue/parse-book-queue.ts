/** BullMQ's queue and worker for one kind of job, with the options that every process shares. */
import type { Processor, Queue, Worker } from 'bullmq';
import type { Priority } from '../domain/batch.ts';
import { MAX_LOST_WORKERS } from '../domain/outcome.ts';
import type { Store } from '../storage/store.ts';
import { openBullQueue, openBullWorker, type OwnWorkerOptions, type TracedData } from './open.ts';

/** Name of the queue: what the jobs in it do. */
export const PARSE_BOOK = 'parse-book';

/** How often a job may lose its worker before it fails as `poison`. */
const MAX_STALLED = MAX_LOST_WORKERS;
/** The same for the embedded store, which dies with its worker. There one crash interrupts every running job, and most did not cause it. */
export const MAX_INTERRUPTED = 10;

/** How many finished BullMQ jobs are kept for the dashboard, by age in seconds and by count. */
const KEEP_COMPLETED = { age: 86_400, count: 1_000 };
const KEEP_FAILED = { age: 7 * 86_400, count: 5_000 };

/**
 * BullMQ's number for a priority: the lower, the sooner. Jobs without a number (0) come before all others. Jobs with the same number come
 * in order of arrival.
 */
export const BULLMQ_PRIORITY: Record<Priority, number> = { interactive: 0, normal: 1, bulk: 2 };

/** The priority of a job by BullMQ's number. */
export const priorityOf = (number: number): Priority => (number === 0 ? 'interactive' : number === 1 ? 'normal' : 'bulk');

/** From how many waiting jobs of one caller on the next bulk job goes behind those of others: one band for each. */
const BANDS = [10, 100, 1_000];

/**
 * BullMQ's number for a job, when its caller has so many that wait before it. Bulk jobs lie in bands: the first 10 of a caller, up to its
 * 100th, up to its 1,000th, and the rest. So a caller with five jobs waits for at most nine or ten jobs of any other caller, however many that
 * one has. Within a caller the order stays.
 */
export const numberOf = (priority: Priority, ahead: number): number =>
  BULLMQ_PRIORITY[priority] + (priority === 'bulk' ? BANDS.filter((band) => ahead >= band).length : 0);

/** The numbers of all bulk jobs, in order. */
export const BULK_NUMBERS: readonly number[] = [0, ...BANDS].map((ahead) => numberOf('bulk', ahead));

/** The data of a job. Its id names the book. The data stays small, because a million jobs may wait. */
export interface ParseBookData extends TracedData {
  /** When Goodreads first said "not found". The second look decides. */
  missingAtMs?: number;
  /** Name of the last worker of a job that was lost before. BullMQ's own `processedBy` may name the worker that found the job stalled. */
  lastWorker?: string;
}
/** What BullMQ keeps of a finished job. The store has the book. */
export interface ParseBookResult {
  outcome: string;
}

export type ParseBookQueue = Queue<ParseBookData, ParseBookResult>;
export type ParseBookWorker = Worker<ParseBookData, ParseBookResult>;

export const openQueue = (store: Store, onError: (error: Error) => void): ParseBookQueue => openBullQueue(PARSE_BOOK, store, onError);

export interface ParseBookWorkerOptions extends Pick<OwnWorkerOptions, 'backoffMs' | 'onError'> {
  concurrency: number;
  /** For tests, which cannot wait that long. */
  lockMs?: number | undefined;
  stalledCheckMs?: number | undefined;
}

export function openWorker(
  store: Store,
  processor: Processor<ParseBookData, ParseBookResult>,
  { lockMs, stalledCheckMs, ...options }: ParseBookWorkerOptions,
): ParseBookWorker {
  return openBullWorker(PARSE_BOOK, store, processor, {
    ...options,
    ...(lockMs === undefined ? {} : { lockDuration: lockMs }),
    ...(stalledCheckMs === undefined ? {} : { stalledInterval: stalledCheckMs }),
    maxStalledCount: MAX_STALLED,
    // After an outage BullMQ waits 15 s by default. One question a second is no burden for the store.
    runRetryDelay: 1_000,
    // Seconds that an idle worker waits for a job. The default of 5 s would delay the probe of a blocked source.
    drainDelay: 1,
    removeOnComplete: KEEP_COMPLETED,
    removeOnFail: KEEP_FAILED,
  });
}
