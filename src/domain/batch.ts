/** A batch and its items: types and the table of states. No I/O. */
import type { BookId, JobId } from './identity.ts';
import { isRefused } from './links/refused-entry.ts';
import { cutText, storableText } from './storable-text.ts';
import type { UntilCondition } from './until.ts';

declare const brand: unique symbol;
export type BatchId = string & { readonly [brand]: 'BatchId' };

/** Makes a `BatchId` of text of the right form, or `null`. */
export const parseBatchId = (text: string): BatchId | null => (/^[0-9a-z]{10,32}$/.test(text) ? (text as BatchId) : null);

/**
 * The states of an item in a store, each with the letter that stands for it. A `queued` item waits for its job. All other states are
 * settled and never change. `expanded` and `disallowed` end a collection. Items that a batch no longer needs are `skipped`, or `expired`.
 */
export const ITEM_STATES = {
  queued: 'q',
  parsed: 'p',
  'not-found': 'n',
  failed: 'f',
  cancelled: 'x',
  cached: 'c',
  invalid: 'i',
  expanded: 'e',
  disallowed: 'd',
  skipped: 's',
  expired: 'o',
} as const;
type KeptState = keyof typeof ITEM_STATES;
export type SettledState = Exclude<KeptState, 'queued'>;

/**
 * The states that a store answers with. A collection that is still read is `expanding`. The store keeps it as `queued` without a job, so a
 * process of an earlier version leaves it alone and does not end its batch.
 */
export type ItemState = KeptState | 'expanding';
export const ALL_ITEM_STATES: readonly ItemState[] = [...(Object.keys(ITEM_STATES) as KeptState[]), 'expanding'];

/** The states that readers see: a `queued` item may be `active`, `delayed` or `blocked` now. */
export type ShownState = ItemState | 'active' | 'delayed' | 'blocked';

const BY_CODE = new Map(Object.entries(ITEM_STATES).map(([state, code]) => [code as string, state as KeptState]));

/** The state that the letter `code` stands for. Throws for any other letter, which means that the store is corrupt. */
export function stateOfCode(code: string): KeptState {
  const state = BY_CODE.get(code);
  if (!state) throw new Error(`the store has an unknown item state ${JSON.stringify(code)}`);
  return state;
}

/** Counts of the items of a batch by state. They always add up to `total`. */
export type ItemCounts = Record<ItemState, number>;
export const NO_ITEMS = Object.freeze(Object.fromEntries(ALL_ITEM_STATES.map((state) => [state, 0]))) as Readonly<ItemCounts>;

/** The letter that a state is kept as. */
export const codeOfState = (state: ItemState): string => ITEM_STATES[state === 'expanding' ? 'queued' : state];

/** How often a link came again is counted up to this number: a list of 50,000 rows may name one book. */
export const MOST_DUPLICATES = 32_767;

/** What a collection keeps of its progress: JSON that the store does not read, with a version for compare-and-set. */
export interface CollectionRecord {
  /** Starts at 1, grows with every change. */
  version: number;
  json: string;
}

/** One item as the store keeps it. `jobId` is `null` for invalid links and collections. */
export interface BatchItem {
  /** Position in the batch, from 0. */
  index: number;
  /** What the caller sent, cut to 2,048 characters. */
  input: string;
  jobId: JobId | null;
  /** The book that the link names. Once the book is stored, its own number, which differs for an ISBN and for a merged book. */
  bookId: BookId | null;
  /** How often the book came again: in the same request, or from another source of the batch. At most {@link MOST_DUPLICATES}. */
  duplicates: number;
  /** Why the link is invalid, or why the collection ended without being read whole. */
  reason: string | null;
  state: ItemState;
  /** What a collection item keeps; `null` for all others. */
  collection: CollectionRecord | null;
  /** Index of the collection item that brought this one; `null` when the caller sent it. */
  via: number | null;
}

/** A batch as the store keeps it. */
export interface BatchRecord {
  batchId: BatchId;
  /** Items announced so far. It grows while collections are read, and while the batch is open. */
  total: number;
  counts: ItemCounts;
  createdAtMs: number;
  /** `null` while items are not settled. */
  endedAtMs: number | null;
  /** When the last item was settled or the batch was created. The reconciler checks batches without progress. */
  progressedAtMs: number;
  /** When it was cancelled, or its time was over. */
  cancelledAtMs: number | null;
  /** Whether the last step of recording it came. Before, no caller knows the batch. */
  sealed: boolean;
  /** Takes more items from callers, and does not end before it is closed. */
  open: boolean;
  /** Books that satisfy `options.until`, in the order in which they were found; never more than its `count`. */
  found: BookId[];
  /** When the last of the books that it looks for was found; `null` while it looks, and for a batch that looks for none. */
  stoppedAtMs: number | null;
  /** What the caller sent besides links: webhook, priority, maxAge. */
  options: BatchOptions;
}

/** Characters that are kept of a link, and of an entry that is not a string. */
const MAX_INPUT = 2_048;
const MAX_ODD_INPUT = 200;

/** What the caller sent for an item, as it is kept and shown: the link, or the start of another entry as JSON. */
export function inputOf(entry: unknown): string {
  if (isRefused(entry)) return entry.input;
  if (typeof entry === 'string') return storableText(cutText(entry, MAX_INPUT));
  try {
    return storableText(cutText(JSON.stringify(entry) ?? String(entry), MAX_ODD_INPUT));
  } catch {
    // JSON.parse reads nesting that is too deep for the stack of JSON.stringify.
    return Array.isArray(entry) ? '[…]' : '{…}';
  }
}

/** The key of an entry that names no book. Two entries with the same key are the same entry, sent twice. */
export function keyOfEntry(entry: unknown): string {
  if (isRefused(entry)) return `refused ${entry.input}`;
  if (typeof entry === 'string') return `text ${entry}`;
  try {
    return `json ${JSON.stringify(entry)}`;
  } catch {
    return `deep ${inputOf(entry)}`;
  }
}

export const PRIORITIES = ['interactive', 'normal', 'bulk'] as const;
export type Priority = (typeof PRIORITIES)[number];

export interface BatchOptions {
  priority: Priority;
  /** Milliseconds; `null` means that `BOOK_TTL` decides what is fresh. */
  maxAgeMs: number | null;
  webhook: { url: string; secret: string | null } | null;
  /** The books that the batch looks for. Absent in batches of earlier versions. */
  until?: UntilCondition | null;
  /** Jobs of the same caller that waited when the batch was submitted. Absent when none did. */
  ahead?: number;
  /** Limits of every collection in the batch. Absent in batches of earlier versions. */
  collections?: CollectionLimits | null;
}

/** How much of a collection is read. */
export interface CollectionLimits {
  /** Books taken from one collection at most. */
  maxBooks: number;
  /** Pages read of one collection at most; `null`: as many as there are. */
  maxPages: number | null;
  /** When reading ends, in milliseconds since the epoch; `null`: no limit. */
  deadlineMs: number | null;
  /** Whether two editions of one work are two books. */
  editions: 'as-listed' | 'one-per-work';
}

/** One entry of a batch's log: the n-th settled item (`seq` from 1) and its state. Replaying the log gives each event of the batch once. */
export interface SettledEntry {
  seq: number;
  index: number;
  state: SettledState;
  atMs: number;
}
