/**
 * The port between Quire and what it keeps its records in. It has two implementations: `redis/`, and `postgres/`, which is also the
 * embedded one, on PGlite. `test/contract/` holds them to one behaviour: every sentence here has a test there. `test/specification/`
 * states the rules in plain TypeScript.
 *
 * Rules for all:
 * - Times are milliseconds since the epoch, and the caller gives them.
 * - Each method is one atomic step. {@link JobStore.settle} and {@link JobStore.cancel} take one step for every thousand waiters, so that
 *   no step grows with their number.
 * - A store that cannot be reached makes a method reject with `QuireError('store-unavailable')` within 2 s of such a step. It never hangs.
 */
import type { BatchStore } from './port/batches.ts';
import type { BookStore } from './port/books.ts';
import type { DocumentStore, PageStore, TallyStore } from './port/documents.ts';
import type { JobStore } from './port/jobs.ts';
import type { SearchStore } from './port/search.ts';
import type { Signals } from './port/signals.ts';
import type { QueueBackend } from './queue-backend.ts';
import type { Transfer } from './transfer.ts';

export type * from './port/batches.ts';
export type * from './port/books.ts';
export type * from './port/documents.ts';
export type * from './port/jobs.ts';
export type * from './port/search.ts';
export type * from './port/signals.ts';

/** How full the place is that a store keeps its data in. */
export interface Fullness {
  /** The part that is used, 0 to 1. */
  used: number;
  /** What fills up: completes the sentence "… is nearly full". */
  what: string;
}

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
  /** How full its place is; `null` where the store cannot tell, as PostgreSQL cannot of its disk. */
  fullness(): Promise<Fullness | null>;
  readonly books: BookStore;
  readonly jobs: JobStore;
  readonly batches: BatchStore;
  readonly documents: DocumentStore;
  readonly tallies: TallyStore;
  readonly pages: PageStore;
  readonly search: SearchStore;
  /** For migrations alone. */
  readonly transfer: Transfer;
  readonly signals: Signals;
  readonly queueBackend: QueueBackend;
}

/** How records are kept; the same for every implementation. */
export interface StoreSettings {
  /** Keys start with `{prefix}:` on Redis, tables lie in schema `prefix` on PostgreSQL. */
  prefix: string;
  batchTtlMs: number;
  /** Settled job records kept, the oldest go first: those that failed are counted apart from all others. */
  maxSettledJobs: number;
  maxFailedJobs: number;
}
