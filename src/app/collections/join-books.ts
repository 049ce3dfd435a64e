/** Gives the books of a page to the batch: recorded first, queued then. */
import { bookReference, type BookId } from '../../domain/identity.ts';
import { newRun, type JobRun } from '../../domain/run-id.ts';
import { QuireError } from '../../errors.ts';
import type { AddedItem, AddOutcome } from '../../storage/store.ts';
import { handOver } from '../batches/hand-over.ts';
import { reportCached } from '../batches/hunt.ts';
import { save, type ExpandDeps, type Expansion, type Step } from './expansion.ts';
import { writeProgress } from './progress.ts';

/** The most books that join a batch in one step. */
const MOST_AT_ONCE = 1_000;
/** How long reading pauses while the queue of jobs is full, in milliseconds. */
const FULL_MS = 2_000;

/**
 * Makes the step. It takes the pending books, as many as the queue may ever have. While there is no room for them it records them as
 * pending, so their page is not read again.
 */
export function createJoinBooks(deps: ExpandDeps): (expansion: Expansion) => Promise<Step> {
  const { store, enter, settings, now } = deps;

  return async function joinBooks(expansion) {
    const { batchId, index, version, batch, progress } = expansion;
    const most = Math.min(MOST_AT_ONCE, settings.maxWaitingJobs === 0 ? MOST_AT_ONCE : settings.maxWaitingJobs);
    let books = progress.pending.slice(0, most);
    let leave = await enterOrNull(enter, books.length);
    // A part of them may fit.
    if (leave === null) leave = await enterOrNull(enter, (books = books.slice(0, Math.ceil(books.length / 4))).length);
    if (leave === null) return (await save(deps, expansion, progress)) ? { next: 'wait', untilMs: now() + FULL_MS } : 'lost';

    const nowMs = now();
    const run = newRun(nowMs);
    const after = { ...progress, pending: progress.pending.slice(books.length) };
    const items = books.map((bookId): AddedItem => {
      const { jobId, url } = bookReference(bookId);
      return { input: url, jobId, bookId, duplicates: 0, reason: null };
    });
    const recorded: JobRun[] = [];
    try {
      const { priority, maxAgeMs, ahead = 0 } = batch.options;
      const json = writeProgress(after);
      const from = { index, ifVersion: version, json, end: null };
      const added = await store.batches.add({ batchId, nowMs, run, priority, maxAgeMs, items, from });
      if (added === null) return 'lost';
      Object.assign(expansion, { progress: after, json, version: version + 1 });
      recorded.push(...queuedOf(items, added.outcomes, run));
      const { until } = batch.options;
      const stopped = until ? await reportCached(deps, { batchId, until }, cachedOf(added.outcomes)) : false;
      const raised = raisedOf(items, added.outcomes);
      const behind = ahead + (added.outcomes[0]?.index ?? 0);
      await handOver(deps, { batchId, priority, ahead: behind, jobs: recorded, raised, hunts: Boolean(until) });
      return stopped ? { next: 'done' } : null;
    } finally {
      leave(recorded.length);
    }
  };
}

/** `null`: the queue is full. */
async function enterOrNull(enter: ExpandDeps['enter'], jobs: number): Promise<((queued: number) => void) | null> {
  try {
    return await enter(jobs);
  } catch (error) {
    if (error instanceof QuireError && error.code === 'rate-limited') return null;
    throw error;
  }
}

const cachedOf = (outcomes: AddOutcome[]): BookId[] => outcomes.flatMap((outcome) => (outcome.status === 'cached' ? [outcome.bookId] : []));

const queuedOf = (items: AddedItem[], outcomes: AddOutcome[], run: string): JobRun[] =>
  items.flatMap(({ jobId }, at) => (jobId !== null && outcomes[at]?.status === 'queued' ? [{ jobId, run }] : []));

const raisedOf = (items: AddedItem[], outcomes: AddOutcome[]): JobRun[] =>
  items.flatMap(({ jobId }, at) => {
    const outcome = outcomes[at];
    return jobId !== null && outcome?.status === 'joined' && outcome.raisedRun !== null ? [{ jobId, run: outcome.raisedRun }] : [];
  });
