/** Records of jobs as a store keeps them. */
import type { BatchId, Priority } from '../../domain/batch.ts';
import type { JobId } from '../../domain/identity.ts';
import type { JobFailure, JobRecord, TimelineEntry } from '../../domain/job.ts';
import type { UntilCondition } from '../../domain/until.ts';
import type { ErrorCode } from '../../errors.ts';
import type { StoredBook } from './books.ts';

/**
 * The end of a job. Each step settles at most 1,000 of the items that wait. The last step settles the job, which stays live under its run
 * until then. The first step stores the copy, or remembers that there is none. A process that dies between two steps leaves a live job,
 * which runs again and settles the rest.
 */
export type Settlement = {
  jobId: JobId;
  /** Only the live run of that name is settled; `null` settles whichever is live. */
  run: string | null;
  nowMs: number;
  attempts: number;
  /** Of batches that look for books and wait for this job: whether the book is one of them. */
  judged?: ReadonlyMap<BatchId, boolean>;
} & JobEnd;

/** How a job is settled, and what the settlement brings. */
export type JobEnd =
  /** The copy is stored by the rules of {@link BookStore.put}, even when the run is no longer live. */
  | { outcome: 'parsed'; book: StoredBook; keepUntilMs: number }
  /** Goodreads has no such book. The store remembers it until `notFoundUntilMs`; a stored copy stays, and counts as fresh until then. */
  | { outcome: 'not-found'; error: JobFailure; notFoundUntilMs: number }
  | { outcome: 'failed' | 'cancelled'; error: JobFailure };

export interface Settled {
  /**
   * Whether this settlement settled the job. `false` when the run was not live any more: then only the copy was touched. It is `false` too
   * when another settlement settled the job between two steps.
   */
  settled: boolean;
  stored: 'stored' | 'older' | 'poorer' | null;
  /**
   * Batches that look for books, wait for this job, and are not in `judged`. The step that met them changed nothing: the caller judges the
   * book, and settles again with all verdicts. Empty when nothing is left to judge.
   */
  toJudge: { batchId: BatchId; until: UntilCondition }[];
  /** Batches that found the last book they looked for by this: the caller ends them with `cancel(batchId, nowMs, 'skipped')`. */
  stopped: BatchId[];
}

export interface JobStore {
  get(jobId: JobId): Promise<JobRecord | null>;
  /** Whether a job has a live run: costs the same however many wait for it, so it may be asked again and again. */
  isLive(jobId: JobId): Promise<boolean>;
  /**
   * Settles a job and every item that waits for it, each exactly once, and stores its book: all in one step up to 1,000 waiters. Items that
   * join between two steps are settled too, by the last step at the latest. The items of a batch that has found what it looks for become
   * `skipped`, whatever the outcome is.
   */
  settle(settlement: Settlement): Promise<Settled>;
  /** Appends to the timeline of the live run; the oldest entries beyond 50 go. No-op when the run is not live. */
  note(jobId: JobId, run: string, entry: TimelineEntry): Promise<void>;
  /**
   * Failed jobs, newest first; `reason` filters by error code. `cursor` is opaque (null: from the start). A cursor that the list did not
   * give out throws `invalid-request`. Jobs that fail between two pages neither repeat nor hide others.
   */
  listFailed(query: {
    reason: ErrorCode | null;
    cursor: string | null;
    limit: number;
  }): Promise<{ jobs: JobRecord[]; cursor: string | null }>;
  /**
   * Settles a live job and every item that waits for it as `cancelled`. Returns the run that was live, or `null`.
   * The caller removes it from BullMQ.
   */
  cancel(jobId: JobId, nowMs: number): Promise<string | null>;
  /** Live jobs that no batch waits for (refreshes, reads that submit), oldest first: the reconciler's list. */
  listSolo(limit: number): Promise<{ jobId: JobId; run: string; priority: Priority; createdAtMs: number }[]>;
}
