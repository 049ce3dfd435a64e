/** Small records of other parts: documents, tallies, and pages for a person to look at. */
import type { JobId } from '../../domain/identity.ts';

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
