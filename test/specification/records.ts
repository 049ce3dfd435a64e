/**
 * What a store keeps, as plain data. The other files of this folder are its rules, one file for each part of the port in
 * `src/storage/store.ts`. They are written to be read: nothing here is fast, and nothing waits. The property tests hold every real store to them.
 *
 * Text is kept as it came, except for NUL and halves of characters: U+FFFD takes their place.
 */
import type { BatchId, BatchItem, BatchRecord, SettledEntry } from '../../src/domain/batch.ts';
import type { BookId, JobId } from '../../src/domain/identity.ts';
import type { JobRecord } from '../../src/domain/job.ts';
import type { CancelledAs, Signal, Store, StoredBook, StoreSettings } from '../../src/storage/store.ts';

/** The part of a store that has rules: no connections, no queue. */
export type Records = Pick<Store, 'books' | 'jobs' | 'batches' | 'documents' | 'tallies' | 'pages' | 'signals'>;

/** What is known under the name of a job. An alias has no end of its own: it lives as long as the copy it leads to. */
export type Known =
  | { kind: 'book'; book: StoredBook; keepUntilMs: number }
  | { kind: 'not-found'; sinceMs: number; untilMs: number }
  | { kind: 'alias'; bookId: BookId };

/** The latest run of a job. `waiters` counts the items that are settled; the others are found in the batches. */
export interface Job extends JobRecord {
  /** Wanted by itself, not only by batches. */
  solo: boolean;
  /** The place in the order of settling; 0 while live. */
  settledNo: number;
}

/** A batch. Its counts follow from its items. */
export interface Batch extends Omit<BatchRecord, 'counts'> {
  items: BatchItem[];
  log: SettledEntry[];
  announced: boolean;
  /** When a caller last added items. */
  addedAtMs: number;
  /** What announced items count as that never came. */
  cancelledAs: CancelledAs | null;
}

export interface World {
  settings: StoreSettings;
  known: Map<JobId, Known>;
  jobs: Map<JobId, Job>;
  batches: Map<BatchId, Batch>;
  /** Jobs settled so far. */
  settledJobs: number;
  /** The store's own clock. It decides what comes from the future, and nothing else. */
  clock: () => number;
  tell: (signal: Signal) => void;
}

export const jobOfBook = (bookId: BookId): JobId => `book-${bookId}` as JobId;

/** The book that a job's name gives; `null` for an ISBN. */
export const bookOfJob = (jobId: JobId): BookId | null => (jobId.startsWith('book-') ? (jobId.slice(5) as BookId) : null);

/** The batch of this id, unless it has ended. */
export function unendedBatch(world: World, batchId: BatchId): Batch | null {
  const batch = world.batches.get(batchId);
  return batch?.endedAtMs === null ? batch : null;
}

/** The live run of a job; with `run`, only if it has that name. */
export function liveJob(world: World, jobId: JobId, run: string | null = null): Job | null {
  const job = world.jobs.get(jobId);
  return job?.state === 'live' && (run === null || job.run === run) ? job : null;
}

/** The items that wait for a job, each with its batch. */
export function waitersOf(world: World, jobId: JobId): { batch: Batch; item: BatchItem }[] {
  return [...world.batches.values()].flatMap((batch) =>
    batch.items.filter((item) => item.jobId === jobId && item.state === 'queued').map((item) => ({ batch, item })),
  );
}
