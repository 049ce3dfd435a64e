/** What a caller asked for: a batch and its items. Types and the state table; no I/O. */
import type { BookId, JobId } from './identity.ts';
import { cutText, storableText } from './storable-text.ts';

declare const brand: unique symbol;
export type BatchId = string & { readonly [brand]: 'BatchId' };

/** Makes a `BatchId` of text of the right form, or `null`. */
export const parseBatchId = (text: string): BatchId | null => (/^[0-9a-z]{10,32}$/.test(text) ? (text as BatchId) : null);

/**
 * The states of an item that a store keeps, each with the one-letter code it is kept as. `queued` waits for its job,
 * all others are settled and never change again.
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

/** What a reader is shown: a `queued` item may be `active`, `delayed` or `blocked` just now. */
export type ShownState = ItemState | 'active' | 'delayed' | 'blocked';

const BY_CODE = new Map(Object.entries(ITEM_STATES).map(([state, code]) => [code as string, state as ItemState]));

/** The state kept as `code`. Throws on a letter that is no code, since that means a corrupt store. */
export function stateOfCode(code: string): ItemState {
  const state = BY_CODE.get(code);
  if (!state) throw new Error(`the store holds an unknown item state ${JSON.stringify(code)}`);
  return state;
}

/** Counts of a batch's items by kept state. They always add up to `total`. */
export type ItemCounts = Record<ItemState, number>;

/** One item as the store keeps it. `jobId` is `null` for invalid links. */
export interface BatchItem {
  /** Position in the batch, from 0. */
  index: number;
  /** What the caller sent, cut to 2,048 characters. */
  input: string;
  jobId: JobId | null;
  /** The book that the link names; once there is a book, that one. It differs for an ISBN and for a merged book. */
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
  /** When the last item settled or the batch was created; the reconciler looks at those that stand still. */
  progressedAtMs: number;
  cancelledAtMs: number | null;
  /** What the caller asked for besides links, as he gave it (webhook, priority, maxAge). */
  options: BatchOptions;
}

/** Characters kept of what was sent: of a link, and of an entry that is no string at all. */
const MAX_INPUT = 2_048;
const MAX_ODD_INPUT = 200;

/** What the caller sent for an item, as it is kept and shown: the link, or the start of an entry that is no string, as JSON. */
export function inputOf(entry: unknown): string {
  if (typeof entry === 'string') return storableText(cutText(entry, MAX_INPUT));
  try {
    return storableText(cutText(JSON.stringify(entry) ?? String(entry), MAX_ODD_INPUT));
  } catch {
    // JSON.parse reads nesting that JSON.stringify has not the stack to write.
    return Array.isArray(entry) ? '[…]' : '{…}';
  }
}

/** Tells entries that name no book apart: two with the same key are the same entry sent twice. */
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
  /** Milliseconds; `null` means the store's own idea of fresh (`BOOK_TTL`). */
  maxAgeMs: number | null;
  webhook: { url: string; secret: string | null } | null;
}

/** One entry of a batch's settled log: the n-th item to settle (`seq` from 1) and how. Replaying the log gives the batch's events without gap or double. */
export interface SettledEntry {
  seq: number;
  index: number;
  state: SettledState;
  atMs: number;
}
