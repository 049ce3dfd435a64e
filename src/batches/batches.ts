/** Taking batches in and telling how they stand. Knows the store and a way to enqueue; not BullMQ, not HTTP. */
import { randomBytes } from 'node:crypto';
import { addressOf, parseBookReference, type BookReference, type JobId } from '../books/identity.ts';
import { etaSeconds, type SourceNow } from '../crawl/source-now.ts';
import { foreignCursor, QuireError, type Fault } from '../errors.ts';
import type { Store, SubmitOutcome, SubmittedItem } from '../storage/store.ts';
import {
  inputOf,
  ITEM_STATES,
  type BatchId,
  type BatchItem,
  type BatchRecord,
  type ItemState,
  type Priority,
  type ShownState,
} from './batch.ts';
import type { AnsweredItem, Batches, ItemView, SubmitAnswer, SubmitRequest } from './views.ts';

/** Items the store decides on in one step: long enough to be fast, short enough not to hold up others. */
const SUBMIT_AT_ONCE = 250;
const MOST_FAULTS = 100;
/** Jobs looked at to tell active and delayed items from queued ones; beyond, they are counted as queued. */
const MOST_LIVE_RUNS = 1_000;

export interface BatchesOptions {
  store: Store;
  /** Lets in what may bring so many jobs, or throws. What it gives is told how many really came, once they are in the queue. */
  enter(jobs: number): Promise<(queued: number) => void>;
  enqueue(jobs: { jobId: JobId; run: string }[], priority: Priority): Promise<void>;
  raise(job: { jobId: JobId; run: string }, priority: Priority): Promise<void>;
  withdraw(jobs: { jobId: JobId; run: string }[]): Promise<void>;
  newRun(nowMs: number): string;
  /** Jobs that are being worked on, or wait for a time, at most `most`. */
  liveRuns(state: 'active' | 'delayed', most: number): Promise<JobId[]>;
  until(
    done: () => Promise<boolean>,
    options: { timeoutMs: number; signal: AbortSignal; subscribe(poke: () => void): () => void },
  ): Promise<boolean>;
  /** Jobs that wait in the queue, of all batches. */
  waiting(): Promise<number>;
  source(): SourceNow;
  now?: () => number;
}

/** 20 letters and digits; the first 9 are the time, so that batches sort by it. */
const newBatchId = (nowMs: number): BatchId =>
  (nowMs.toString(36).padStart(9, '0') +
    BigInt(`0x${randomBytes(8).toString('hex')}`)
      .toString(36)
      .slice(0, 11)
      .padStart(11, '0')) as BatchId;

/** The index of the next item, in base 36. */
const CURSOR = /^[0-9a-z]{1,6}$/;

interface Collapsed {
  item: SubmittedItem;
  reference: BookReference | null;
}

/** Each link once, in order of first appearance: links that name the same book are one item with a count. */
function collapse(links: readonly unknown[]): Collapsed[] {
  const byJob = new Map<string, Collapsed>();
  const all: Collapsed[] = [];
  for (const link of links) {
    const parsed = parseBookReference(link);
    const input = inputOf(link);
    const key = parsed.ok ? parsed.reference.jobId : `invalid ${input}`;
    const known = byJob.get(key);
    if (known) {
      known.item.duplicates += 1;
      continue;
    }
    const reference = parsed.ok ? parsed.reference : null;
    const entry: Collapsed = {
      reference,
      item: {
        index: all.length,
        input,
        jobId: reference?.jobId ?? null,
        bookId: reference?.kind === 'book' ? reference.bookId : null,
        duplicates: 0,
        reason: parsed.ok ? null : parsed.reason,
      },
    };
    byJob.set(key, entry);
    all.push(entry);
  }
  return all;
}

function refuseIfNothingIsValid(entries: Collapsed[]): void {
  if (entries.some((entry) => entry.reference)) return;
  const errors: Fault[] = entries
    .slice(0, MOST_FAULTS)
    .map(({ item }) => ({ pointer: `/${item.index}`, detail: item.reason ?? 'invalid' }));
  const which = entries.length === 1 ? 'The link names no Goodreads book' : `None of the ${entries.length} links names a Goodreads book`;
  throw new QuireError('no-valid-links', `${which}. A link looks like https://www.goodreads.com/book/show/2767052.`, { errors });
}

function answer({ item, reference }: Collapsed, outcome: SubmitOutcome, nowMs: number): AnsweredItem {
  const { input, duplicates } = item;
  const more = duplicates > 0 ? { duplicates } : {};
  if (!reference || outcome.status === 'invalid') return { input, status: 'invalid', reason: item.reason ?? 'invalid', ...more };
  const bookId = outcome.status === 'cached' ? outcome.bookId : item.bookId;
  const url = addressOf(reference.jobId, bookId) ?? reference.url;
  const named = bookId ? { input, bookId, url } : { input, url };
  switch (outcome.status) {
    case 'cached':
      return { ...named, status: 'cached', ageSeconds: Math.max(0, Math.floor((nowMs - outcome.fetchedAtMs) / 1000)), ...more };
    case 'missing':
      return { ...named, status: 'cached', state: 'not-found', ...more };
    default:
      return { ...named, status: outcome.status, jobId: reference.jobId, ...more };
  }
}

export function createBatches(options: BatchesOptions): Batches {
  const { store, now = Date.now } = options;

  const takeIn = async (entries: Collapsed[], { priority, maxAgeMs, webhook }: SubmitRequest): Promise<SubmitAnswer> => {
    const nowMs = now();
    const run = options.newRun(nowMs);
    const batchId = newBatchId(nowMs);
    const items: AnsweredItem[] = [];
    const counts = { total: entries.length, queued: 0, joined: 0, cached: 0, invalid: 0 };
    const enqueued: Promise<void>[] = [];
    const begin = (work: Promise<void>): void => {
      // Looked at when all steps are done; a step that fails leaves by itself, and nobody is told of the others then.
      work.catch(() => undefined);
      enqueued.push(work);
    };

    for (let from = 0; from < entries.length; from += SUBMIT_AT_ONCE) {
      const step = entries.slice(from, from + SUBMIT_AT_ONCE);
      const outcomes = await store.batches.submit({
        batch: { batchId, options: { priority, maxAgeMs, webhook }, total: entries.length, last: from + step.length === entries.length },
        nowMs,
        run,
        priority,
        maxAgeMs,
        items: step.map((entry) => entry.item),
      });
      const fresh: { jobId: JobId; run: string }[] = [];
      step.forEach((entry, at) => {
        const outcome = outcomes[at] ?? { status: 'invalid' as const };
        const jobId = entry.item.jobId;
        if (outcome.status === 'queued' && jobId) fresh.push({ jobId, run });
        if (outcome.status === 'joined' && outcome.raise && jobId) begin(options.raise({ jobId, run: outcome.raise }, priority));
        counts[outcome.status === 'missing' ? 'cached' : outcome.status] += 1;
        items.push(answer(entry, outcome, nowMs));
      });
      // The queue takes this step's jobs while the store decides on the next.
      if (fresh.length > 0) begin(options.enqueue(fresh, priority));
    }
    const failed = (await Promise.allSettled(enqueued)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    return { batchId, counts, items };
  };

  const submit = async (request: SubmitRequest): Promise<SubmitAnswer> => {
    const entries = collapse(request.links);
    refuseIfNothingIsValid(entries);
    // Which of them are cached or joined is known too late to refuse them.
    let jobs = entries.filter(({ reference }) => reference !== null).length;
    const leave = await options.enter(jobs);
    try {
      const answered = await takeIn(entries, request);
      jobs = answered.counts.queued;
      return answered;
    } finally {
      leave(jobs);
    }
  };

  /** The items of this batch whose jobs are active or delayed just now. */
  const liveItems = async (batchId: BatchId): Promise<Map<number, ShownState>> => {
    const states = new Map<number, ShownState>();
    for (const state of ['delayed', 'active'] as const) {
      const jobIds = await options.liveRuns(state, MOST_LIVE_RUNS);
      if (jobIds.length === 0) continue;
      for (const index of (await store.batches.indexesOf(batchId, jobIds)).values()) states.set(index, state);
    }
    return states;
  };

  const waitingState = (): ShownState => (options.source().mode === 'blocked' ? 'blocked' : 'queued');

  /** Interactive jobs go first; all others wait for the backlog, their own part of it included. */
  const eta = async ({ counts, options: { priority } }: BatchRecord): Promise<number | null> => {
    const source = options.source();
    // The queue is counted only where an estimate can come of it.
    if (etaSeconds(0, source, now()) === null) return null;
    const pages = priority === 'interactive' ? counts.queued : Math.max(counts.queued, await options.waiting());
    return etaSeconds(pages, source, now());
  };

  const toItemView = (item: BatchItem, live: Map<number, ShownState>): ItemView => ({
    index: item.index,
    input: item.input,
    state: item.state === 'queued' ? (live.get(item.index) ?? waitingState()) : item.state,
    jobId: item.jobId,
    bookId: item.bookId,
    url: addressOf(item.jobId, item.bookId),
    reason: item.reason,
    duplicates: item.duplicates,
  });

  return {
    submit,

    async view(batchId) {
      const record = await store.batches.get(batchId);
      if (!record) return null;
      const counts = { ...record.counts, active: 0, delayed: 0, blocked: 0 } as Record<ShownState, number>;
      if (record.counts.queued > 0) {
        for (const state of (await liveItems(batchId)).values()) {
          // An item may have settled between the two reads: the counts add up all the same.
          if (counts.queued === 0) break;
          counts.queued -= 1;
          counts[state] += 1;
        }
        if (waitingState() === 'blocked') {
          counts.blocked = counts.queued;
          counts.queued = 0;
        }
      }
      return {
        batchId,
        state: record.finishedAtMs === null ? 'running' : record.cancelledAtMs === null ? 'completed' : 'cancelled',
        total: record.total,
        counts,
        priority: record.options.priority,
        createdAt: new Date(record.createdAtMs).toISOString(),
        finishedAt: record.finishedAtMs === null ? null : new Date(record.finishedAtMs).toISOString(),
        etaSeconds: record.finishedAtMs === null ? await eta(record) : null,
      };
    },

    async items(batchId, { state, cursor, limit }) {
      if (cursor !== null && !CURSOR.test(cursor)) throw foreignCursor();
      const fromIndex = cursor === null ? 0 : Number.parseInt(cursor, 36);
      const kept: ItemState | null = state === null ? null : state in ITEM_STATES ? (state as ItemState) : 'queued';
      const page = await store.batches.items(batchId, { fromIndex, limit, state: kept });
      if (!page) return null;
      const live = page.items.some((item) => item.state === 'queued') ? await liveItems(batchId) : new Map<number, ShownState>();
      // `active`, `delayed` and `blocked` are told apart only here, so a page of those may be shorter than `limit`.
      const items = page.items.map((item) => toItemView(item, live)).filter((item) => state === null || item.state === state);
      return { items, cursor: page.nextIndex === null ? null : page.nextIndex.toString(36) };
    },

    async cancel(batchId) {
      const result = await store.batches.cancel(batchId, now());
      if (!result) return null;
      await options.withdraw(result.unwanted);
      return { cancelled: result.cancelled };
    },

    untilSettled: (batchId, timeoutMs, signal) =>
      options.until(async () => (await store.batches.get(batchId))?.finishedAtMs !== null, {
        timeoutMs,
        signal,
        subscribe: (poke) => store.signals.subscribe((s) => (s.kind === 'batch' && s.batchId === batchId ? poke() : undefined)),
      }),
  };
}
