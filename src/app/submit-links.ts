/**
 * Submits a list of links. The store records the list in steps. Its jobs go to the queue after the last step, so a failed submission runs
 * no job.
 */
import { randomBytes } from 'node:crypto';
import { addressOf, type BookId } from '../domain/identity.ts';
import { QuireError } from '../errors.ts';
import type { Store, SubmitOutcome } from '../storage/store.ts';
import type { BatchId, Priority } from '../domain/batch.ts';
import { newRun, type JobRun } from '../domain/run-id.ts';
import { collapse, countBooks, readEntry, type ReadEntry, type SentEntry } from './sent-entries.ts';
import type { EnterQueue } from './backlog-limit.ts';
import { createBeginCollections, type BegunItem } from './collections/begin-collections.ts';
import type { CollectionQueue } from './collections/collection-queue.ts';
import { handOver, type HandOverDeps } from './batches/hand-over.ts';
import { reportCached } from './batches/hunt.ts';
import type { AnsweredItem, Batches, ItemsTold, SubmitAnswer, SubmitRequest, SubmitStatus } from './batches/batch-view.ts';

/** Items that the store records in one step: many enough to be fast, few enough not to delay others. */
export const SUBMIT_AT_ONCE = 250;
const RETRY_AFTER_SECONDS = 2;

export interface SubmitLinksOptions extends HandOverDeps {
  store: Pick<Store, 'batches' | 'books' | 'jobs'>;
  collections: Pick<CollectionQueue, 'enqueue' | 'cancel'>;
  enter: EnterQueue;
}

/** 20 letters and digits. The first 9 are the time, so that batches sort by it. */
const newBatchId = (nowMs: number): BatchId =>
  (nowMs.toString(36).padStart(9, '0') +
    BigInt(`0x${randomBytes(8).toString('hex')}`)
      .toString(36)
      .slice(0, 11)
      .padStart(11, '0')) as BatchId;

/** As what an outcome counts in the answer. */
const COUNTED_AS = {
  queued: 'queued',
  joined: 'joined',
  cached: 'cached',
  'not-found': 'cached',
  invalid: 'invalid',
  expanding: 'expanding',
  skipped: 'cached',
} as const satisfies Record<SubmitOutcome['status'], SubmitStatus>;

/** What the caller is told of an entry. */
export function answer({ item, reference, forbidden }: ReadEntry, outcome: SubmitOutcome, nowMs: number): AnsweredItem {
  const { input, duplicates } = item;
  const more = duplicates > 0 ? { duplicates } : {};
  if (forbidden !== null) return { input, status: 'disallowed', reason: forbidden, ...more };
  if (reference?.kind === 'collection') {
    const { kind, family, url } = reference;
    return { input, kind, family, url, status: COUNTED_AS[outcome.status], ...more };
  }
  if (!reference || outcome.status === 'invalid') return { input, status: 'invalid', reason: item.reason ?? 'invalid', ...more };
  const bookId = outcome.status === 'cached' ? outcome.bookId : item.bookId;
  const url = addressOf(reference.jobId, bookId) ?? reference.url;
  const { kind } = reference;
  const named = bookId ? { input, kind, bookId, url } : { input, kind, url };
  switch (outcome.status) {
    case 'cached':
      return { ...named, status: 'cached', ageSeconds: Math.max(0, Math.floor((nowMs - outcome.fetchedAtMs) / 1000)), ...more };
    case 'not-found':
      return { ...named, status: 'cached', state: 'not-found', ...more };
    case 'skipped':
      return { ...named, status: 'cached', state: 'skipped', ...more };
    default:
      return { ...named, status: COUNTED_AS[outcome.status], jobId: reference.jobId, ...more };
  }
}

/** The reconciler cancels a batch whose submission takes too long. That means that the store was too slow. */
const errorForCaller = (error: unknown): unknown =>
  error instanceof QuireError && error.code === 'cancelled'
    ? new QuireError('store-unavailable', 'The store took too long to record the list.', {
        cause: error,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      })
    : error;

export function createSubmitLinks(options: SubmitLinksOptions): Batches['submit'] {
  const { store, queue, log, now } = options;
  const beginCollections = createBeginCollections(options);

  /** Cancels a batch whose caller gets an error. While the store is away, the reconciler does it later. */
  const cancelFailed = async (batchId: BatchId, recorded: JobRun[], priority: Priority): Promise<void> => {
    const ended = await store.batches.cancel(batchId, now());
    if (!ended || ended.cancelled === 0) return;
    const withoutWaiters = new Set(ended.withoutWaiters.map(({ jobId }) => jobId));
    // Other batches joined these jobs in the meantime, and the queue does not have them yet.
    await queue.enqueue(
      recorded.filter(({ jobId }) => !withoutWaiters.has(jobId)),
      priority,
    );
  };

  const submit = async (
    sent: SentEntry[],
    { priority, maxAgeMs, webhook, collections, until, open = false, ahead = 0 }: SubmitRequest,
    told: ItemsTold,
  ): Promise<SubmitAnswer> => {
    const batchOptions = {
      priority,
      maxAgeMs,
      webhook,
      ...(collections && { collections }),
      ...(until && { until }),
      ...(ahead > 0 && { ahead }),
    };
    const nowMs = now();
    const run = newRun(nowMs);
    const batchId = newBatchId(nowMs);
    const items: AnsweredItem[] = [];
    const total = sent.length;
    const counts: SubmitAnswer['counts'] = { total, queued: 0, joined: 0, cached: 0, invalid: 0 };
    const begun: BegunItem[] = [];
    const recorded: JobRun[] = [];
    const raisedJobs: JobRun[] = [];

    const record = async (next: SentEntry[], last: boolean): Promise<void> => {
      const first = total - sent.length - next.length;
      const step = next.map((entry, at) => readEntry(entry, first + at));
      const outcomes = await store.batches.submit({
        batch: { batchId, options: batchOptions, total, last, ...(open && { open }) },
        nowMs,
        run,
        priority,
        maxAgeMs,
        items: step.map((entry) => entry.item),
      });
      step.forEach((entry, at) => {
        const outcome = outcomes[at] ?? { status: 'invalid' as const };
        const jobId = entry.item.jobId;
        if (entry.item.collection !== undefined) begun.push(entry.item);
        if (outcome.status === 'queued' && jobId) recorded.push({ jobId, run });
        if (outcome.status === 'joined' && outcome.raisedRun && jobId) raisedJobs.push({ jobId, run: outcome.raisedRun });
        const answered = answer(entry, outcome, nowMs);
        counts[answered.status] = (counts[answered.status] ?? 0) + 1;
        if (told === 'all' || answered.reason !== undefined) items.push(answered);
      });
      const cached = outcomes.flatMap((outcome): BookId[] => (outcome.status === 'cached' ? [outcome.bookId] : []));
      if (until) await reportCached(options, { batchId, until }, cached);
    };

    try {
      // What is recorded is let go: of a long file it is much.
      while (sent.length > 0) {
        const next = sent.splice(0, SUBMIT_AT_ONCE);
        await record(next, !until && sent.length === 0);
      }
      // The seal may end the batch, so it comes after all cached copies were reported.
      if (until) await record([], true);
    } catch (error) {
      // Not awaited: while the store is away, waiting only delays the answer.
      cancelFailed(batchId, recorded, priority).catch((err: unknown) =>
        log.warn({ err, batchId }, 'the batch of a failed submission could not be cancelled; the reconciler cancels it'),
      );
      throw errorForCaller(error);
    }
    await handOver(options, { batchId, priority, ahead, jobs: recorded, raised: raisedJobs, hunts: until !== undefined });
    await beginCollections(batchId, begun, priority);
    return { batchId, counts, items };
  };

  return async (request, told = 'all') => {
    const entries = collapse(request.links);
    // Only the store knows which of them are cached or joined, and that is too late to refuse the list.
    let jobs = countBooks(entries, request.links.length);
    const leave = await options.enter(jobs);
    try {
      const answered = await submit(entries, request, told);
      jobs = answered.counts.queued;
      return answered;
    } finally {
      leave(jobs);
    }
  };
}
