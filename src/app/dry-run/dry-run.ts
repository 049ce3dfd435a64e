/**
 * What a submission would bring, without making it: the books of each entry, those that are stored, and the requests that are left. Nothing
 * is recorded or queued but look-ups of first pages, and those only on request.
 */
import type { Source } from '../../crawl/source/source.ts';
import { etaSeconds } from '../../crawl/source/source-now.ts';
import type { CollectionFamily, CollectionReference } from '../../domain/collection.ts';
import type { EntryKind } from '../../domain/entry.ts';
import { bookReference, type BookReference, type JobId } from '../../domain/identity.ts';
import type { Found, Store } from '../../storage/store.ts';
import { DEFAULT_LIMITS } from '../collections/take-page.ts';
import { collapse, readEntry, type ReadEntry } from '../sent-entries.ts';
import type { FirstPage } from '../look-ups/answers.ts';
import type { LookUpResult, LookUps } from '../look-ups/look-ups.ts';
import { firstPageQuestion } from '../look-ups/question.ts';
import { sizeOfCollection, type SizeLimits } from './collection-size.ts';

/** Collections of one dry run whose first pages Goodreads is asked for. Of the others only kept answers count. */
export const MOST_ASKED = 20;
/** Books that are looked up at once. */
const FIND_AT_ONCE = 32;
/** Requests that a book without a fresh copy takes: an ISBN is redirected to its book, and an ASIN is asked for first. */
const REQUESTS = { book: 1, isbn: 2, asin: 2 } as const;

export interface DryRunRequest {
  links: readonly unknown[];
  /** As in a submission. */
  maxAgeMs: number | null;
  limits?: SizeLimits;
  /** `offline`: Goodreads is not asked for anything. */
  mode: 'ask' | 'offline';
}

export interface DryRunEntry {
  input: string;
  /** `null`: it names nothing, or a page that robots.txt forbids. */
  kind: EntryKind | null;
  family?: CollectionFamily;
  /** Books that the entry gives; `null` while that is unknown. */
  books: number | null;
  /** Of these, those with a copy and those that need no request. Of a collection only the books of its first page are looked up. */
  stored: number;
  fresh: number;
  /** Requests to Goodreads that are left: pages of the collection, and books that are not fresh. */
  pages: number | null;
  /** How long these take at the present rate; `null` without an estimate. */
  seconds: number | null;
  /** Of a collection: how its first page was got. */
  source?: LookUpResult['state'] | 'not-asked';
  /** Why it names nothing, or why it is unknown: a sentence. */
  reason?: string;
  duplicates?: number;
}

/** Sums of what is known. `unknown` counts the entries without a number of books. */
export interface DryRunTotals {
  entries: number;
  books: number;
  stored: number;
  fresh: number;
  pages: number;
  seconds: number | null;
  unknown: number;
}

export interface DryRunAnswer {
  entries: DryRunEntry[];
  totals: DryRunTotals;
}

export interface DryRunOptions {
  store: Pick<Store, 'books'>;
  lookUps: Pick<LookUps, 'ask' | 'kept'>;
  source: Pick<Source, 'current'>;
  now: () => number;
}

/** Resolves within about eight seconds, beside the time that the store takes. Rejects with `store-unavailable`. */
export type DryRun = (request: DryRunRequest, closing: AbortSignal) => Promise<DryRunAnswer>;

/** Whether what is known of a book needs no request: the rule of a submission. */
function isFresh(found: Found, maxAgeMs: number | null, nowMs: number): boolean {
  const [sinceMs, untilMs] = found.kind === 'book' ? [found.book.fetchedAtMs, found.book.freshUntilMs] : [found.sinceMs, found.untilMs];
  return maxAgeMs === null ? nowMs < untilMs : maxAgeMs > 0 && nowMs - sinceMs <= maxAgeMs;
}

interface Known {
  stored: boolean;
  fresh: boolean;
}

export function createDryRun({ store, lookUps, source, now }: DryRunOptions): DryRun {
  /** What is known of each of these books. */
  const look = async (jobIds: readonly JobId[], maxAgeMs: number | null): Promise<Map<JobId, Known>> => {
    const known = new Map<JobId, Known>();
    const left = [...new Set(jobIds)];
    const next = async (): Promise<void> => {
      for (let jobId = left.pop(); jobId !== undefined; jobId = left.pop()) {
        const nowMs = now();
        const found = await store.books.find(jobId, nowMs);
        if (found) known.set(jobId, { stored: found.kind === 'book', fresh: isFresh(found, maxAgeMs, nowMs) });
      }
    };
    await Promise.all(Array.from({ length: FIND_AT_ONCE }, next));
    return known;
  };

  const seconds = (pages: number | null): number | null => {
    if (pages === null) return null;
    return pages === 0 ? 0 : etaSeconds(pages, source.current(), now());
  };

  /** The first pages of collections, or why there is none. */
  const firstPages = async (
    collections: readonly CollectionReference[],
    mode: DryRunRequest['mode'],
    closing: AbortSignal,
  ): Promise<(LookUpResult | null)[]> => {
    let asked = 0;
    return Promise.all(
      collections.map(async ({ family, id }) => {
        const question = firstPageQuestion(family, id);
        if (mode === 'offline') return lookUps.kept(question);
        const kept = await lookUps.kept(question);
        if (kept !== null) return kept;
        asked += 1;
        const reason = `One dry run asks Goodreads for at most ${MOST_ASKED} collections: send the others in another one.`;
        return asked > MOST_ASKED ? { state: 'unknown', reason } : lookUps.ask(question, closing);
      }),
    );
  };

  return async ({ links, maxAgeMs, limits = DEFAULT_LIMITS, mode }, closing) => {
    const entries = collapse(links).map(readEntry);
    const collections = entries.flatMap(({ reference }) => (reference?.kind === 'collection' ? [reference] : []));
    const pages = await firstPages(collections, mode, closing);
    const resultOf = new Map(collections.map((reference, at) => [reference, pages[at] ?? null]));
    const booksOf = (reference: BookReference | CollectionReference): JobId[] =>
      reference.kind === 'collection' ? booksOfPage(pageOf(resultOf.get(reference)), limits) : [reference.jobId];
    const known = await look(
      entries.flatMap(({ reference }) => (reference === null ? [] : booksOf(reference))),
      maxAgeMs,
    );

    const answer = ({ item: { input, duplicates, reason: fault }, reference, forbidden }: ReadEntry): DryRunEntry => {
      const reason = fault ?? forbidden;
      const more = { ...(reason === null ? {} : { reason }), ...(duplicates > 0 ? { duplicates } : {}) };
      if (reference === null) return { input, kind: null, books: 0, stored: 0, fresh: 0, pages: 0, seconds: 0, ...more };
      const looked = booksOf(reference).map((jobId) => known.get(jobId));
      const stored = looked.filter((one) => one?.stored).length;
      const fresh = looked.filter((one) => one?.fresh).length;
      const size = sizeOf(reference, resultOf, limits);
      const left = size.books === null || size.pages === null ? null : size.pages + requestsOf(reference) * (size.books - fresh);
      const told = { input, kind: reference.kind, ...(reference.kind === 'collection' ? { family: reference.family } : {}) };
      return { ...told, books: size.books, stored, fresh, pages: left, seconds: seconds(left), ...sourceOf(reference, resultOf), ...more };
    };
    const answered = entries.map(answer);
    return { entries: answered, totals: totalsOf(answered, seconds) };
  };
}

type Results = ReadonlyMap<CollectionReference, LookUpResult | null>;

function pageOf(result: LookUpResult | null | undefined): FirstPage | null {
  if (!result || result.state === 'unknown' || result.answer.kind !== 'first-page') return null;
  return result.answer.page;
}

const booksOfPage = (page: FirstPage | null, { maxBooks }: SizeLimits): JobId[] =>
  (page?.books ?? []).slice(0, maxBooks).map((bookId) => bookReference(bookId).jobId);

const requestsOf = ({ kind }: BookReference | CollectionReference): number => (kind === 'collection' ? 1 : REQUESTS[kind]);

/** Books, and pages of the collection itself. */
function sizeOf(reference: BookReference | CollectionReference, results: Results, limits: SizeLimits) {
  if (reference.kind !== 'collection') return { books: 1, pages: 0 };
  const page = pageOf(results.get(reference));
  return page === null ? { books: null, pages: null } : sizeOfCollection(reference.family, page, limits);
}

function sourceOf(reference: BookReference | CollectionReference, results: Results): Pick<DryRunEntry, 'source' | 'reason'> {
  if (reference.kind !== 'collection') return {};
  const result = results.get(reference) ?? null;
  if (result === null) return { source: 'not-asked', reason: 'Goodreads was not asked (dryRun: "offline").' };
  if (result.state === 'unknown') return { source: 'unknown', reason: result.reason };
  const size = sizeOf(reference, results, DEFAULT_LIMITS);
  return { source: result.state, ...(size.books === null ? { reason: 'Its first page does not say how many books there are.' } : {}) };
}

function totalsOf(entries: readonly DryRunEntry[], seconds: (pages: number) => number | null): DryRunTotals {
  const sum = (of: (entry: DryRunEntry) => number | null): number => entries.reduce((total, entry) => total + (of(entry) ?? 0), 0);
  const pages = sum((entry) => entry.pages);
  return {
    entries: entries.length,
    books: sum(({ books }) => books),
    stored: sum(({ stored }) => stored),
    fresh: sum(({ fresh }) => fresh),
    pages,
    seconds: seconds(pages),
    unknown: entries.filter(({ books }) => books === null).length,
  };
}
