/**
 * Settling: how a job ends.
 *
 * - The copy that a settlement brings is stored in any case, and the job's name leads to its book from then on.
 * - Only the live run is settled (with `run`, only the run of that name). Otherwise nothing but the copy changes.
 * - Each item that waits is settled once, and learns the book that the job gave.
 * - A batch that looks for books is told of a parsed one by a verdict. Without the verdict a step changes nothing.
 * - An item of a batch that has found what it looks for is skipped, whatever the outcome is.
 * - 1,000 items are settled in one step. While more wait, the job stays live, and others may act between two steps.
 * - Settled records beyond the caps are forgotten, the one settled first goes first. Failed jobs are counted apart from all others.
 */
import type { BatchItem, SettledState } from '../../src/domain/batch.ts';
import type { BookId, JobId } from '../../src/domain/identity.ts';
import type { JobFailure, JobOutcome } from '../../src/domain/job.ts';
import { storableText } from '../../src/domain/storable-text.ts';
import type { Settled, Settlement } from '../../src/storage/store.ts';
import { endIfDone } from './counts.ts';
import { markMissing, putCopy } from './books.ts';
import { takeFound } from './found.ts';
import { liveJob, waitersOf, type Batch, type Job, type World } from './records.ts';

const MOST_WAITERS_A_STEP = 1_000;

export function settleItem(
  world: World,
  batch: Batch,
  item: BatchItem,
  end: { state: SettledState; nowMs: number; bookId?: BookId },
): void {
  item.state = end.state;
  if (end.bookId !== undefined) item.bookId = end.bookId;
  batch.log.push({ seq: batch.log.length + 1, index: item.index, state: end.state, atMs: end.nowMs });
  batch.progressedAtMs = end.nowMs;
  endIfDone(batch, end.nowMs);
  world.tell({ kind: 'batch', batchId: batch.batchId });
}

interface End {
  state: JobOutcome;
  nowMs: number;
  attempts: number;
  error: JobFailure | null;
  bookId: BookId | null;
}

/** Ends the record of a live job that nobody waits for any more. */
export function endJob(world: World, job: Job, { state, nowMs, attempts, error, bookId }: End): void {
  Object.assign(job, { state, settledAtMs: nowMs, settledNo: ++world.settledJobs, attempts, error, bookId, solo: false });
  const { maxSettledJobs, maxFailedJobs } = world.settings;
  const settled = [...world.jobs.values()].filter((other) => other.state !== 'live').sort((a, b) => b.settledNo - a.settledNo);
  const failed = settled.filter((other) => other.state === 'failed');
  const others = settled.filter((other) => other.state !== 'failed');
  for (const old of [...failed.slice(maxFailedJobs), ...others.slice(maxSettledJobs)]) world.jobs.delete(old.jobId);
}

/** Batches of these waiters that look for a book and were not judged. */
function unjudged(waiting: { batch: Batch }[], { outcome, judged }: Settlement): Settled['toJudge'] {
  if (outcome !== 'parsed') return [];
  return waiting.flatMap(({ batch: { batchId, options, stoppedAtMs } }) =>
    options.until && stoppedAtMs === null && !judged?.has(batchId) ? [{ batchId, until: options.until }] : [],
  );
}

export async function settle(world: World, settlement: Settlement): Promise<Settled> {
  const { jobId, nowMs, outcome, attempts, judged } = settlement;
  const book = outcome === 'parsed' ? settlement.book : null;
  const error = outcome === 'parsed' ? null : { ...settlement.error, detail: storableText(settlement.error.detail) };
  const first = liveJob(world, jobId, settlement.run);
  const answer: Settled = { settled: false, stored: null, toJudge: [], stopped: [] };

  for (let isFirst = true; ; isFirst = false) {
    // `null` in a later step: somebody else ended it between two steps.
    const job = first && liveJob(world, jobId, first.run);
    const waiting = job === null ? [] : waitersOf(world, jobId);
    const now = waiting.slice(0, MOST_WAITERS_A_STEP);
    const toJudge = unjudged(now, settlement);
    if (toJudge.length > 0) return { ...answer, toJudge };

    if (isFirst && outcome === 'parsed') answer.stored = putCopy(world, settlement.book, [jobId], settlement.keepUntilMs);
    if (job === null) return answer;
    if (isFirst && outcome === 'not-found') markMissing(world, jobId, nowMs, settlement.notFoundUntilMs);
    for (const { batch, item } of now) {
      const state = batch.stoppedAtMs === null ? outcome : 'skipped';
      if (book && judged?.get(batch.batchId) && takeFound(batch, book.bookId, nowMs)) answer.stopped.push(batch.batchId);
      settleItem(world, batch, item, { state, nowMs, ...(book && { bookId: book.bookId }) });
    }
    job.waiters += now.length;
    if (now.length === waiting.length) {
      endJob(world, job, { state: outcome, nowMs, attempts, error, bookId: book?.bookId ?? null });
      return { ...answer, settled: true };
    }
    await Promise.resolve();
  }
}

/** Cancels a live job for all who wait for it; names its run. */
export async function cancelJob(world: World, jobId: JobId, nowMs: number): Promise<string | null> {
  const job = liveJob(world, jobId);
  if (job === null) return null;
  const error = { code: 'cancelled' as const, detail: 'The job was cancelled.' };
  const { settled } = await settle(world, { jobId, run: job.run, nowMs, outcome: 'cancelled', attempts: 0, error });
  return settled ? job.run : null;
}
