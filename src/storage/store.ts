/**
 * The port between Quire and what it keeps its records in. Two implementations: `redis/` and `postgres/` (which is also
 * the embedded one, on PGlite). `test/contract/` holds them to one behaviour: every sentence here has a test there. `test/specification/` states the
 * rules in plain TypeScript.
 *
 * Rules for all: times are milliseconds since the epoch and are given by the caller; each method is one atomic step, except that
 * {@link JobStore.settle} and {@link JobStore.cancel} take one for every thousand waiters, so that no step grows with their number; a
 * store that cannot be reached makes a method reject with `QuireError('store-unavailable')` within 2 s (of such a step), never hang.
 */
import type { BatchId, BatchItem, BatchOptions, BatchRecord, ItemState, Priority, SettledEntry } from '../domain/batch.ts';
import type { BookId, JobId } from '../domain/identity.ts';
import type { JobFailure, JobRecord, TimelineEntry } from '../domain/job.ts';
import type { ErrorCode } from '../errors.ts';
import type { QueueBackend } from './queue-backend.ts';
import type { Transfer } from './transfer.ts';

export interface Store {
  readonly kind: 'embedded' | 'redis' | 'postgres';
  /** One line for the log: what and where, without credentials. */
  readonly description: string;
  /** Connects, migrates, takes locks. Idempotent. */
  start(): Promise<void>;
  /** Ends every connection and releases every lock. Idempotent, and allowed before `start`. */
  stop(): Promise<void>;
  /** Resolves when the store answers, rejects otherwise, within 2 s. */
  ping(): Promise<void>;
  /** Facts about the store that an operator should know at start, such as an eviction policy that loses jobs. */
  warnings(): Promise<string[]>;
  readonly books: BookStore;
  readonly jobs: JobStore;
  readonly batches: BatchStore;
  readonly documents: DocumentStore;
  readonly tallies: TallyStore;
  readonly pages: PageStore;
  /** For migrations alone. */
  readonly transfer: Transfer;
  readonly signals: Signals;
  readonly queueBackend: QueueBackend;
}

/** A book as it is stored: the very bytes that are served, and what is needed to decide about them without parsing. */
export interface StoredBook {
  bookId: BookId;
  /** The JSON of the Book, UTF-8. */
  body: Buffer;
  /** 16 characters that change whenever `body` does; letters, digits, `-` and `_`. */
  etag: string;
  fetchedAtMs: number;
  /** From then on the copy is stale. */
  freshUntilMs: number;
  /** Count of fields that carry a value, 0 to 999: see domain/richness.ts. */
  richness: number;
}

/** What is known of a book: a copy, or that Goodreads has none. */
export type Found = { kind: 'book'; book: StoredBook } | { kind: 'missing'; sinceMs: number; untilMs: number };

export interface BookStore {
  /**
   * What is known under `jobId` (`book-…` or `isbn-…`), following an alias to the book it names. One read in the common
   * case. A "missing" past its time is not returned.
   */
  find(jobId: JobId, nowMs: number): Promise<Found | null>;
  /**
   * Keeps a copy outside of any job (an upload): stored unless the copy there is newer (`older`) or richer (`poorer`).
   * `aliases` are other names that lead to it from now on. The name of another book among them says that both are one:
   * every name that led to the other leads here. Of a richer copy that stays, `freshUntilMs` and the end are moved on to
   * those of the refused one, so that it is not crawled again at once and stays as long as it is confirmed. A name that
   * leads to a book is kept as long as the book is.
   */
  put(book: StoredBook, aliases: JobId[], keepUntilMs: number): Promise<'stored' | 'older' | 'poorer'>;
  /** Removes the copy or the "missing" mark. `false` when there was none, or an alias. Aliases that lead to it lead nowhere then. */
  delete(bookId: BookId): Promise<boolean>;
  /** Stored books in ascending numeric order of id, those after `afterId`; at most `limit`. */
  list(afterId: BookId | null, limit: number): Promise<StoredBook[]>;
  /** How many books are stored (an expired one may be counted for some time). Beyond 10,000 an estimate of the last second will do: it is asked for with every look at the metrics. */
  count(): Promise<number>;
}

/** A link of a submission, as the caller of {@link BatchStore.submit} hands it over. */
export interface SubmittedItem {
  index: number;
  input: string;
  /** `null` for an invalid link. */
  jobId: JobId | null;
  bookId: BookId | null;
  duplicates: number;
  reason: string | null;
}

export interface Submission {
  /** `null` for a wish without a batch (a refresh, a read that submits): the job then counts as wanted by itself. */
  batch: {
    batchId: BatchId;
    options: BatchOptions;
    /** Items of the whole batch, over all its submissions. */
    total: number;
    /** The last submission of a batch seals it: only a sealed batch can finish. */
    last: boolean;
  } | null;
  nowMs: number;
  /** Names the run of every job this submission makes: unique in time, letters and digits. */
  run: string;
  priority: Priority;
  /** A copy fetched at most so long ago counts as fresh; `null`: a copy before its `freshUntilMs` does. 0: none does. A remembered "missing" is fresh by the same rule. */
  maxAgeMs: number | null;
  /** At most 1,000, their indexes one after the other; no two of the same job. */
  items: SubmittedItem[];
}

/** What became of a submitted item. */
export type SubmitOutcome =
  /** A new live job was recorded under `run`; the caller must now give it to BullMQ. */
  | { status: 'queued' }
  /** A live job existed. `raise` names its run when the new wish is more urgent than the job was so far. */
  | { status: 'joined'; raise: string | null }
  /** A fresh copy exists; `bookId` is the book's own (after an alias). */
  | { status: 'cached'; bookId: BookId; fetchedAtMs: number }
  /** Goodreads' "no such book" is remembered: the item is settled as `not-found`. */
  | { status: 'missing' }
  | { status: 'invalid' };

/**
 * The end of a job. Where more than 1,000 items wait for it, it comes in steps: each settles at most so many, and the last ends the job, which stays live
 * under its run until then. The first step stores the copy, or remembers that there is none. Who dies between two steps leaves a live job, which runs
 * again and settles the rest.
 */
export type Settlement = {
  jobId: JobId;
  /** Only the live run of that name is settled; `null` settles whichever is live. */
  run: string | null;
  nowMs: number;
  attempts: number;
} & JobEnd;

/** How a job ends, and what this end brings. */
export type JobEnd =
  /** The copy is stored by the rules of {@link BookStore.put}, even when the run is no longer live. */
  | { outcome: 'parsed'; book: StoredBook; keepUntilMs: number }
  /** Goodreads has no such book. The store remembers it until `missingUntilMs`; a stored copy stays, and counts as fresh until then. */
  | { outcome: 'not-found'; error: JobFailure; missingUntilMs: number }
  | { outcome: 'failed' | 'cancelled'; error: JobFailure };

export interface Settled {
  /**
   * Whether this settlement ended the job. `false` when the run was not live any more: nothing but the copy was touched, unless somebody else ended the
   * job between two steps.
   */
  settled: boolean;
  stored: 'stored' | 'older' | 'poorer' | null;
}

export interface JobStore {
  get(jobId: JobId): Promise<JobRecord | null>;
  /** Whether a job has a live run: costs the same however many wait for it, so it may be asked again and again. */
  isLive(jobId: JobId): Promise<boolean>;
  /**
   * Settles a job and every item that waits for it, each exactly once, and stores its book: all in one step up to 1,000 waiters. Items that join between
   * two steps are settled too, by the last one at the latest.
   */
  settle(settlement: Settlement): Promise<Settled>;
  /** Appends to the timeline of the live run; the oldest entries beyond 50 go. No-op when the run is not live. */
  note(jobId: JobId, run: string, entry: TimelineEntry): Promise<void>;
  /**
   * Failed jobs, newest first; `reason` filters by error code. `cursor` is opaque (null: from the start); one that the list did not give out throws
   * `invalid-request`. Jobs that fail between two pages neither repeat nor hide others.
   */
  listFailed(query: {
    reason: ErrorCode | null;
    cursor: string | null;
    limit: number;
  }): Promise<{ jobs: JobRecord[]; cursor: string | null }>;
  /**
   * Ends a live job for every waiter (items settle as `cancelled`) and returns the run that was live, or `null`.
   * The caller removes it from BullMQ.
   */
  cancel(jobId: JobId, nowMs: number): Promise<string | null>;
  /** Live jobs that nobody's batch waits for (refreshes, reads that submit), oldest first: the reconciler's list. */
  listSolo(limit: number): Promise<{ jobId: JobId; run: string; priority: Priority; createdAtMs: number }[]>;
}

export interface BatchStore {
  /** Records a submission and decides each item, in order, in one step. Throws `QuireError('cancelled')`, and records nothing, when the batch was cancelled. */
  submit(submission: Submission): Promise<SubmitOutcome[]>;
  get(batchId: BatchId): Promise<BatchRecord | null>;
  /**
   * Batches in descending order of their ids, which is the newest first; those before `before` (null: from the newest), at most `limit`. `ended` keeps those
   * that have ended, or those that have not. `next` is what to go on before, `null` at the end; a page may be shorter than `limit` all the same.
   */
  list(query: { before: BatchId | null; limit: number; ended: boolean | null }): Promise<{ batches: BatchRecord[]; next: BatchId | null }>;
  /** Items from `fromIndex` on, in order; at most `limit`; only those in `state` when given. `nextIndex` is where to go on, `null` at the end. */
  items(
    batchId: BatchId,
    query: { fromIndex: number; limit: number; state: ItemState | null },
  ): Promise<{ items: BatchItem[]; nextIndex: number | null } | null>;
  /** Which of these jobs an item of this batch waits for: index by job. */
  indexesOf(batchId: BatchId, jobIds: JobId[]): Promise<Map<JobId, number>>;
  /** Entries of the settled log after `afterSeq`, in order; at most `limit`. */
  settledSince(batchId: BatchId, afterSeq: number, limit: number): Promise<SettledEntry[]>;
  /** Settles every queued item as `cancelled` and takes it off its job; announced items that never came count as cancelled too. Returns the jobs that nobody wants any more; they are settled as `cancelled`, and the caller removes them from BullMQ. The end of a batch that was not sealed is not announced: nobody was told of it. `null`: no such batch. */
  cancel(batchId: BatchId, nowMs: number): Promise<{ cancelled: number; unwanted: { jobId: JobId; run: string }[] } | null>;
  /**
   * Makes those queued items of an unfinished batch that no live job settles (its record was lost: evicted, or deleted by hand) wait for one. Returns the
   * jobs that are live under `run` now: the caller must give them to BullMQ. Changes nothing for items that are settled, or wait for a live job already.
   */
  rejoin(
    batchId: BatchId,
    wish: { items: { jobId: JobId; index: number }[]; nowMs: number; run: string; priority: Priority },
  ): Promise<JobId[]>;
  /** Unfinished batches without progress since `beforeMs`, at most `limit`, longest first. */
  listIdle(beforeMs: number, limit: number): Promise<BatchId[]>;
  /** Unfinished batches whose last progress lies after `afterMs`, at most `limit`: with a time in the future, those that a clock gone wrong left. */
  listAhead(afterMs: number, limit: number): Promise<BatchId[]>;
  /** Finished batches whose end nobody has announced yet (webhooks); they stay until acknowledged. */
  listUnannounced(limit: number): Promise<BatchId[]>;
  acknowledge(batchId: BatchId): Promise<void>;
  /** Removes batches that finished before `beforeMs`, at most 500 at once; returns how many. (Redis lets them expire and returns 0.) */
  sweep(beforeMs: number): Promise<number>;
}

/** A small JSON document with a version: for state that is shared by all processes and changed by compare-and-set. */
export interface StoredDocument {
  key: string;
  /** Starts at 1, grows with every put. */
  version: number;
  json: string;
}

export interface DocumentStore {
  get(key: string, nowMs: number): Promise<StoredDocument | null>;
  /**
   * Writes `json`. With `ifVersion` only when the document has that version (0: does not exist); returns the new version, or `null` when it
   * had another. `expireAtMs: null` keeps it for ever.
   */
  put(key: string, json: string, options: { nowMs: number; ifVersion?: number; expireAtMs: number | null }): Promise<number | null>;
  delete(key: string): Promise<boolean>;
  /** Documents whose key starts with `prefix`, in order of key, those after `afterKey`; at most `limit`. */
  list(prefix: string, query: { nowMs: number; afterKey: string | null; limit: number }): Promise<StoredDocument[]>;
  /**
   * Leaves at most `most` documents whose key starts with `prefix`: those that end first go, but none that ends before `sparedUntilMs`
   * (it goes by itself), and none that is kept for ever. Takes at most 10,000 at once; returns how many it took.
   */
  trim(prefix: string, limits: { most: number; sparedUntilMs: number }): Promise<number>;
}

/** Counters by series and hour: the source's ledger, the parser's layer counts. */
export interface TallyStore {
  /** Adds to the counters of one hour (`hour` = hours since the epoch). Hours are dropped after `keepHours`. */
  add(series: string, hour: number, counts: Record<string, number>, keepHours: number): Promise<void>;
  /** The hours from `fromHour` to `toHour`, both included, that have counters. */
  read(series: string, fromHour: number, toHour: number): Promise<{ hour: number; counts: Record<string, number> }[]>;
}

/** The pages of failed parses, compressed by the caller, so that a person can see what we saw. */
export interface PageStore {
  /** Keeps `bytes` under `jobId`; beyond `maxPages` the oldest go, and all go at `expireAtMs`. */
  keep(jobId: JobId, bytes: Buffer, options: { nowMs: number; expireAtMs: number; maxPages: number }): Promise<void>;
  get(jobId: JobId, nowMs: number): Promise<{ bytes: Buffer; keptAtMs: number } | null>;
}

/** A word to every process, now: delivered at most once, to those that listen. Whoever must not miss anything reads the store. */
export type Signal =
  /** Items of this batch settled, or it ended. Sent by the store itself. */
  | { kind: 'batch'; batchId: BatchId }
  /** What is known of this book changed: its copy, that it is missing, or that it leads to another book. Sent by the store itself. */
  | { kind: 'book'; bookId: BookId }
  /** The run is not wanted any more: whoever works on it, stop. */
  | { kind: 'cancel'; jobId: JobId; run: string }
  /** The state of the source changed. */
  | { kind: 'source' };

export interface Signals {
  publish(signal: Signal): Promise<void>;
  /** Returns a function that ends the subscription. */
  subscribe(listener: (signal: Signal) => void): () => void;
}

/** How records are kept; the same for every implementation. */
export interface StoreSettings {
  /** Keys start with `{prefix}:` on Redis, tables lie in schema `prefix` on PostgreSQL. */
  prefix: string;
  batchTtlMs: number;
  /** Settled job records kept, the oldest go first: those that failed are counted apart from all others. */
  maxFinishedJobs: number;
  maxFailedJobs: number;
}
