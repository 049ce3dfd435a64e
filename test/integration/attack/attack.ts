/** What the tables of this folder are made of. */

/** A request that means harm. `fetch` would tidy up its path and its headers, so it is sent as it stands. */
export interface Attack {
  /** Kind of attack: one test each. */
  kind: string;
  /** What is tried, for the message of a failure. */
  what: string;
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** The statuses that are right. Left out: anything below 500. */
  statuses?: readonly number[];
}

/** Bytes on a bare connection. */
export interface WireAttack {
  what: string;
  bytes: Buffer;
  /** Statuses of all answers on the connection, in their order; 0 when the connection is closed without one. */
  statuses: readonly (readonly number[])[];
}

/** Stands in every text that tries to leave a mark: a key, a table, a file, a script. */
export const MARK = 'pwned';

/** What tests of this folder stand on. */
export interface Ground {
  /** A stored book. No attack may change or delete it. */
  bookId: string;
  /** An ended batch. */
  batchId: string;
  /** A batch that takes more links. */
  openBatchId: string;
  /** Looks like that of a standing webhook. There is none: it would be called. */
  webhookId: string;
  /** Listens on loopback, and nobody may ever come. */
  trapPort: number;
}
