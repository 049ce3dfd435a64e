/**
 * Submitting: what becomes of each link, in order.
 *
 * 0. A collection is expanding, until it is read.
 * 1. No job: the link is invalid.
 * 2. A fresh copy is there: the item is cached, and belongs to the copy's own book.
 * 3. "Missing" is remembered and fresh: the item is not found.
 * 4. The job is live: the item joins it. A more urgent wish raises the job's priority.
 * 5. Otherwise a new run of the job begins, and the record of the last run is forgotten.
 *
 * A batch that has found what it looks for needs no job: what would be expanding, join or be queued is skipped.
 *
 * Without `maxAgeMs`, what is known is fresh until its own time. With `maxAgeMs`, its age decides: 0 means that nothing is fresh, and what is
 * ahead of the caller's clock by more than clocks differ is not fresh.
 *
 * A cancelled batch takes no more items. A batch ends when it is sealed and no item of it is queued; items that were announced and did not come
 * yet count as queued. Items that are settled from the start are progress, but are not in the settled log.
 */
import { MOST_DUPLICATES, PRIORITIES, type BatchItem, type ItemState, type Priority } from '../../src/domain/batch.ts';
import type { JobId } from '../../src/domain/identity.ts';
import { CLOCK_TOLERANCE_MS } from '../../src/domain/time/clock.ts';
import { QuireError } from '../../src/errors.ts';
import { storableText } from '../../src/domain/storable-text.ts';
import type { AddedItem, Submission, SubmitOutcome } from '../../src/storage/store.ts';
import { endIfDone, unsettledIn } from './counts.ts';
import { follow, isOver } from './books.ts';
import { liveJob, type Batch, type Known, type World } from './records.ts';

function isFresh(known: Exclude<Known, { kind: 'alias' }>, { nowMs, maxAgeMs }: Wish): boolean {
  if (isOver(known, nowMs)) return false;
  const [sinceMs, untilMs] = known.kind === 'book' ? [known.book.fetchedAtMs, known.book.freshUntilMs] : [known.sinceMs, known.untilMs];
  if (maxAgeMs === null) return nowMs < untilMs;
  const ageMs = nowMs - sinceMs;
  return maxAgeMs > 0 && ageMs <= maxAgeMs && ageMs >= -CLOCK_TOLERANCE_MS;
}

const isMoreUrgent = (one: Priority, other: Priority): boolean => PRIORITIES.indexOf(one) < PRIORITIES.indexOf(other);

/** A new run of a job, in the place of the record of the last. */
export function beginRun(world: World, jobId: JobId, wish: { run: string; priority: Priority; nowMs: number; solo: boolean }): void {
  const { run, priority, nowMs, solo } = wish;
  const nothingYet = { settledAtMs: null, settledNo: 0, attempts: 0, waiters: 0, error: null, bookId: null };
  world.jobs.set(jobId, { jobId, run, state: 'live', priority, createdAtMs: nowMs, solo, timeline: [], ...nothingYet });
}

/** How a wish for jobs is told. */
export type Wish = Pick<Submission, 'nowMs' | 'run' | 'priority' | 'maxAgeMs'>;

function joinOrQueue(world: World, jobId: JobId, batch: Batch | null, { run, priority, nowMs }: Wish): SubmitOutcome {
  if (batch !== null && batch.stoppedAtMs !== null) return { status: 'skipped' };
  const solo = batch === null;
  const job = liveJob(world, jobId);
  if (job === null) {
    beginRun(world, jobId, { run, priority, nowMs, solo });
    return { status: 'queued' };
  }
  job.solo ||= solo;
  if (!isMoreUrgent(priority, job.priority)) return { status: 'joined', raisedRun: null };
  job.priority = priority;
  return { status: 'joined', raisedRun: job.run };
}

/** Decides one item. */
export function decide(world: World, { jobId, collection = null }: AddedItem, batch: Batch | null, wish: Wish): SubmitOutcome {
  if (collection !== null) return { status: batch !== null && batch.stoppedAtMs !== null ? 'skipped' : 'expanding' };
  if (jobId === null) return { status: 'invalid' };
  const { known } = follow(world, jobId);
  if (known === null || !isFresh(known, wish)) return joinOrQueue(world, jobId, batch, wish);
  if (known.kind === 'not-found') return { status: 'not-found' };
  return { status: 'cached', bookId: known.book.bookId, fetchedAtMs: known.book.fetchedAtMs };
}

const stateOf = ({ status }: SubmitOutcome): ItemState => (status === 'joined' ? 'queued' : status);

/** A decided item as the batch keeps it, behind those it has. */
export function keepItem(batch: Batch, item: AddedItem, outcome: SubmitOutcome, via: number | null): void {
  const bookId = outcome.status === 'cached' ? outcome.bookId : item.bookId;
  const { jobId, collection = null } = item;
  batch.items.push({
    index: batch.items.length,
    input: storableText(item.input),
    jobId,
    bookId,
    duplicates: Math.min(item.duplicates, MOST_DUPLICATES),
    reason: item.reason && storableText(item.reason),
    state: stateOf(outcome),
    collection: collection === null ? null : { version: 1, json: storableText(collection) },
    via,
  } satisfies BatchItem);
}

/** The batch of a submission, made when this is the first of it. */
function batchOf(world: World, { batch, nowMs }: Submission): Batch | null {
  if (batch === null) return null;
  const have = world.batches.get(batch.batchId);
  if (have) return have;
  const { batchId, total, options, open = false } = batch;
  const times = { createdAtMs: nowMs, progressedAtMs: nowMs, addedAtMs: nowMs, endedAtMs: null, cancelledAtMs: null, stoppedAtMs: null };
  const nothingYet = { items: [], log: [], found: [], sealed: false, announced: false, cancelledAs: null };
  const made: Batch = { batchId, total, options, open, ...times, ...nothingYet };
  world.batches.set(batchId, made);
  return made;
}

export function submit(world: World, submission: Submission): SubmitOutcome[] {
  const batch = batchOf(world, submission);
  if (batch !== null && batch.cancelledAtMs !== null) throw new QuireError('cancelled', 'The batch was cancelled.');
  const outcomes = submission.items.map((item) => decide(world, item, batch, submission));
  if (batch === null) return outcomes;

  submission.items.forEach((item, at) => keepItem(batch, item, outcomes[at]!, null));
  if (outcomes.some((outcome) => !['queued', 'expanding'].includes(stateOf(outcome)))) batch.progressedAtMs = submission.nowMs;
  batch.sealed ||= submission.batch?.last === true;
  if (batch.sealed && !batch.open && unsettledIn(batch) === 0) {
    endIfDone(batch, submission.nowMs);
    world.tell({ kind: 'batch', batchId: batch.batchId });
  }
  return outcomes;
}
