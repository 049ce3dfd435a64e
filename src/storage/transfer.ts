/**
 * Moving the records of one store into another: what each store reads out and takes in, in one form that belongs to none of them.
 * Implemented beside the stores; `migrate/` decides what is moved. Nobody else may use either store meanwhile.
 */
import type { BatchId, BatchItem, BatchRecord, SettledEntry } from '../domain/batch.ts';
import type { BookId, JobId } from '../domain/identity.ts';
import type { JobRecord } from '../domain/job.ts';
import type { StoredBook } from './store.ts';

/** In the order in which they are moved. */
export const TRANSFER_KINDS = ['books', 'batches', 'jobs', 'documents', 'tallies', 'pages'] as const;
export type TransferKind = (typeof TRANSFER_KINDS)[number];

/** The document in which a migration notes how far it came. It is the target's own and never moved. */
export const MIGRATION_DOCUMENT = 'migration';

/** The document that tells how far the search entries of a store are. Books get their entries anew where they are moved to. */
export const SEARCH_DOCUMENT = 'search-index';

/** Documents that are a store's own and never moved. */
export const OWN_DOCUMENTS: readonly string[] = [MIGRATION_DOCUMENT, SEARCH_DOCUMENT];

/** What is known under a job's name: a copy, another name of a book, or that Goodreads has none. */
export type KnownRecord = { name: JobId; keepUntilMs: number } & (
  | { kind: 'book'; book: StoredBook }
  | { kind: 'alias'; bookId: BookId }
  | { kind: 'not-found'; sinceMs: number; untilMs: number }
);

/** A batch without its items and its log, which are read through `BatchStore` and written in pages. */
export interface MovedBatch extends BatchRecord {
  /** Its end was told to webhooks. */
  announced: boolean;
  /** When a caller last added items to an open batch. Absent unless the batch is open. */
  addedAtMs?: number;
  /** Items that were submitted so far: fewer than `total` while the batch is not sealed. */
  itemCount: number;
  /** Entries of the settled log. */
  logLength: number;
  /** `null` while it is not finished. */
  keepUntilMs: number | null;
}

export interface MovedJob extends JobRecord {
  /** Wanted by itself, not only by batches. */
  solo: boolean;
  /** `batchId.index` of each item that waits for it, sorted; empty once it is settled. */
  waiting: string[];
}

export interface MovedDocument {
  key: string;
  version: number;
  json: string;
  /** `null`: for ever. */
  expireAtMs: number | null;
}

/** The counters of one series in one hour. Its name is `series:hour`. */
export interface MovedTally {
  series: string;
  /** Hours since the epoch. */
  hour: number;
  counts: Record<string, number>;
  /** `null`: the store drops old hours when it counts new ones. */
  keepUntilMs: number | null;
}

export interface MovedPage {
  jobId: JobId;
  bytes: Buffer;
  keptAtMs: number;
  expireAtMs: number;
}

export interface TransferRecords {
  books: KnownRecord;
  batches: MovedBatch;
  jobs: MovedJob;
  documents: MovedDocument;
  tallies: MovedTally;
  pages: MovedPage;
}

/** One kind of record. */
export interface KindTransfer<Moved> {
  /**
   * Names of records, some at a time (about `limit`), in an order of the store's own. `cursor` is opaque; `null` begins, and is returned at
   * the end. A name may come twice, and a name whose record is gone may come too.
   */
  names(cursor: string | null, limit: number, nowMs: number): Promise<{ names: string[]; cursor: string | null }>;
  /** The records of these names; those that do not exist, or whose time is over, are left out. */
  read(names: readonly string[], nowMs: number): Promise<Map<string, Moved>>;
  /** Puts the records there, over what has their name. Each is written whole or not at all. */
  write(records: readonly Moved[]): Promise<void>;
}

export type Kinds = { readonly [K in TransferKind]: KindTransfer<TransferRecords[K]> };

export interface Transfer {
  readonly kinds: Kinds;
  /** Removes a batch with its items and its log, or what was written of them so far. */
  dropBatch(batchId: BatchId): Promise<void>;
  /** Appends items to those written so far. They come before their batch. */
  writeItems(batchId: BatchId, items: readonly BatchItem[]): Promise<void>;
  /** Appends to the settled log. All items are there, the batch is not. */
  writeLog(batchId: BatchId, entries: readonly SettledEntry[]): Promise<void>;
  /** After the last job was written: brings the settled ones into the order in which they ended. */
  orderSettled(): Promise<void>;
  /** How many records of each kind there are, about: for the progress bar, and to tell an empty store. */
  totals(): Promise<Record<TransferKind, number>>;
  /** How many other connections of Quire use this store now, a migration's included. Where nobody else can: 0. */
  others(): Promise<number>;
}

const HOUR_MS = 3_600_000;
/** The longest that any series is kept. */
const MOST_TALLY_HOURS = 90 * 24;

/** Hours up to this one are past their time. */
export const oldestTallyHour = (nowMs: number): number => Math.floor(nowMs / HOUR_MS) - MOST_TALLY_HOURS;
/** Until when counters of this hour are kept where the series itself does not say. */
export const tallyKeepUntilMs = (hour: number): number => (hour + MOST_TALLY_HOURS) * HOUR_MS;

/** A tally's name. */
export const tallyName = (series: string, hour: number): string => `${series}:${hour}`;
/** The parts of a {@link tallyName}. */
export function parseTallyName(name: string): { series: string; hour: number } {
  const colon = name.lastIndexOf(':');
  return { series: name.slice(0, colon), hour: Number(name.slice(colon + 1)) };
}
