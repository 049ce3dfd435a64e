/** Everything that a store holds, in one form for all stores: what the audit after a run of faults looks at. */

/** The queues there are, and how many ended jobs BullMQ may keep in each. */
export const QUEUES: Readonly<Record<string, { completed: number; failed: number }>> = {
  'parse-book': { completed: 1_000, failed: 5_000 },
  'expand-collection': { completed: 0, failed: 0 },
  'deliver-webhook': { completed: 1_000, failed: 1_000 },
  'look-up': { completed: 0, failed: 0 },
};

export interface KeptJob {
  jobId: string;
  run: string;
  /** `l` for a live one, else the code of `ITEM_STATES`. */
  state: string;
  solo: boolean;
  createdAtMs: number;
  settledAtMs: number | null;
  bookId: string | null;
}

export interface KeptBatch {
  batchId: string;
  total: number;
  /** Items that are not settled, by the batch's own count. */
  queued: number;
  finished: boolean;
}

export interface KeptItem {
  batchId: string;
  index: number;
  jobId: string | null;
  /** One letter, as in `ITEM_STATES`. */
  state: string;
}

/** What is known under a name such as `book-1`: a copy, an alias (`leadsTo`), or that there is no such book. */
export interface KeptName {
  name: string;
  leadsTo: string | null;
  copy: { fetchedAtMs: number; freshUntilMs: number; etag: string; body: string } | null;
}

/** A job in BullMQ. */
export interface KeptRun {
  queue: string;
  id: string;
  /** `completed` and `failed` are ended, all others are not. */
  state: string;
}

export interface Contents {
  readAtMs: number;
  jobs: KeptJob[];
  batches: KeptBatch[];
  items: KeptItem[];
  names: KeptName[];
  documents: { key: string; json: string; expireAtMs: number | null }[];
  tallies: { series: string; hour: number }[];
  pages: { jobId: string; expireAtMs: number }[];
  runs: KeptRun[];
  /** What is wrong with the store's own structure: an index without entry, a key of an unknown kind. */
  remarks: string[];
}

export const emptyContents = (readAtMs: number): Contents => ({
  readAtMs,
  jobs: [],
  batches: [],
  items: [],
  names: [],
  documents: [],
  tallies: [],
  pages: [],
  runs: [],
  remarks: [],
});
