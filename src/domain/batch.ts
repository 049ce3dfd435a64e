/** A batch and its items: types and the table of states. No I/O. */
import type { BookId, JobId } from './identity.ts';
import { cutText, storableText } from './storable-text.ts';

declare const brand: unique symbol;
export type BatchId = string & { readonly [brand]: 'BatchId' };

/** Makes a `BatchId` of text of the right form, or `null`. */
export const parseBatchId = (text: string): BatchId | null => (/^[0-9a-z]{10,32}$/.test(text) ? (text as BatchId) : null);

/**
 * The states of an item in a store, each with the letter that stands for it. A `queued` item waits for its job. All other states are
 * settled and never change.
 */
export const ITEM_STATES = {
  queued: 'q',
  parsed: 'p',
  'not-found': 'n',
  failed: 'f',
  cancelled: 'x',
  cached: 'c',
  invalid: 'i',
} as const;
export type ItemState = keyof typeof ITEM_STATES;
export type SettledState = Exclude<ItemState, 'queued'>;

/** The states that readers see: a `queued` item may be `active`, `delayed` or `blocked` now. */
export type ShownState = ItemState | 'active' | 'delayed' | 'blocked';

const BY_CODE = new Map(Object.entries(ITEM_STATES).map(([state, code]) => [code as string, state as ItemState]));

/** The state that the letter `code` stands for. Throws for any other letter, which means that the store is corrupt. */
export function stateOfCode(code: string): ItemState {
  const state = BY_CODE.get(code);
  if (!state) throw new Error(`the store has an unknown item state ${JSON.stringify(code)}`);
  return state;
}

/** Counts of the items of a batch by stored state. They always add up to `total`. */
export type ItemCounts = Record<ItemState, number>;

/** One item as the store keeps it. `jobId` is `null` for invalid links. */
export interface BatchItem {
  /** Position in the batch, from 0. */
  index: number;
  /** What the caller sent, cut to 2,048 characters. */
  input: string;
  jobId: JobId | null;
  /** The book that the link names. Once the book is stored, its own number, which differs for an ISBN and for a merged book. */
  bookId: BookId | null;
  /** How often the link came again in the same request. */
  duplicates: number;
  /** Why the link is invalid. */
  reason: string | null;
  state: ItemState;
}

/** A batch as the store keeps it. */
export interface BatchRecord {
  batchId: BatchId;
  total: number;
  counts: ItemCounts;
  createdAtMs: number;
  /** `null` while items are not settled. */
  endedAtMs: number | null;
  /** When the last item was settled or the batch was created. The reconciler checks batches without progress. */
  progressedAtMs: number;
  cancelledAtMs: number | null;
  /** What the caller sent besides links: webhook, priority, maxAge. */
  options: BatchOptions;
}

/** Characters that are kept of a link, and of an entry that is not a string. */
const MAX_INPUT = 2_048;
const MAX_ODD_INPUT = 200;

/** What the caller sent for an item, as it is kept and shown: the link, or the start of another entry as JSON. */
export function inputOf(entry: unknown): string {
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
}

/** One entry of a batch's log: the n-th settled item (`seq` from 1) and its state. Replaying the log gives each event of the batch once. */
export interface SettledEntry {
  seq: number;
  index: number;
  state: SettledState;
  atMs: number;
}
