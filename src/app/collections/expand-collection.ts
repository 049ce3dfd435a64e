/**
 * One run of a collection: reads page after page, and gives the books of each to the batch.
 *
 * The order makes it safe to die anywhere. A page is recorded in one step with its books, by compare-and-set on the item's record. Then the
 * jobs of the books go to the queue. A run that starts after a crash goes on behind the last recorded page. The reconciler requeues jobs
 * that were recorded and not queued.
 */
import { backoffMs } from '../../domain/backoff.ts';
import { collectionPath, slugOfAddress } from '../../domain/collection.ts';
import type { BookId } from '../../domain/identity.ts';
import { EXPORT } from '../../domain/links/disallowed.ts';
import { FAILURES, judge } from '../../domain/outcome.ts';
import { iso } from '../../domain/time/iso.ts';
import { QuireError } from '../../errors.ts';
import type { AskedListing, ListingReading } from '../../parser/listing/listing.ts';
import { readListing } from '../../parser/listing/read-listing.ts';
import { createEndBatch } from '../batches/end-batch.ts';
import { endFound, reportAgain } from '../batches/hunt.ts';
import { failureOfCrawl, failureOfReading, type Failure } from '../process-book.ts';
import type { CollectionItem } from './collection-queue.ts';
import { readExpansion, save, type ExpandDeps, type ExpandResult, type Expansion, type Step } from './expansion.ts';
import { createJoinBooks } from './join-books.ts';
import { note, type CollectionProgress } from './progress.ts';
import { seenBooks } from './seen-books.ts';
import { expanded, limitReached, takePage } from './take-page.ts';

/** One run, as the queue gives it. */
export interface ExpandTask extends CollectionItem {
  /** How often the run was started. */
  starts: number;
  /** Whether the worker stops soon: then no further page is read. */
  draining: () => boolean;
  /** As in {@link BookTask}. */
  signal: AbortSignal;
}

/** Wait in milliseconds after the store failed a run, doubled with each start. */
const STORE_BACKOFF_MS = 500;

/** Makes the use case. It rejects with unexpected errors alone. */
export function createExpandCollection(deps: ExpandDeps): (task: ExpandTask) => Promise<ExpandResult> {
  const { now, random } = deps;
  const run = createRun(deps);
  return async function expandCollection(task) {
    try {
      return await run(task);
    } catch (error) {
      if (!(error instanceof QuireError)) throw error;
      // The batch has ended, or has found what it looks for.
      if (error.code === 'cancelled') return { next: 'done' };
      if (error.code !== 'store-unavailable') throw error;
      // A run reads its record first. So a store that is away costs Goodreads no request, and the collection no attempt.
      return { next: 'later', atMs: now() + backoffMs(task.starts, { baseMs: STORE_BACKOFF_MS, retryAfterMs: null, random }) };
    }
  };
}

function createRun(deps: ExpandDeps) {
  const { now } = deps;
  const joinBooks = createJoinBooks(deps);
  const readPage = createPageReader(deps);

  const step = async (expansion: Expansion, task: ExpandTask): Promise<Step> => {
    const { signal, draining } = task;
    if (signal.aborted && signal.reason === 'cancelled') return { next: 'done' };
    // Another worker may have the collection now. At a shutdown, what was read is recorded first.
    if (signal.aborted && signal.reason !== 'shutdown') return { next: 'requeue' };
    const { progress, limits } = expansion;
    if (progress.pending.length > 0) return joinBooks(expansion);
    if (progress.end !== null) await reportRest(deps, expansion);
    if (progress.end !== null) return (await save(deps, expansion, progress, true)) ? { next: 'done' } : 'lost';
    const limit = limitReached(progress, limits, now());
    if (limit === null) return draining() || signal.aborted ? { next: 'requeue' } : readPage(expansion, task);
    expansion.progress = expanded(progress, limit);
    return null;
  };

  return async function run(task: ExpandTask): Promise<ExpandResult> {
    for (;;) {
      const expansion = await readExpansion(deps, task);
      if (expansion === null) return { next: 'done' };
      let next: Step = null;
      while (next === null) next = await step(expansion, task);
      if (next !== 'lost') return next;
    }
  };
}

/** What a process that died may not have reported. Its end may end the batch, so this comes before it. */
async function reportRest(deps: ExpandDeps, { batchId, batch, index, reported }: Expansion): Promise<void> {
  const { until } = batch.options;
  if (!until || reported) return;
  if (await reportAgain(deps, { batchId, until }, index)) await endFound({ endBatch: createEndBatch(deps), log: deps.log }, [batchId]);
}

function createPageReader(deps: ExpandDeps) {
  const { crawler, source, watch, store } = deps;
  return async function readPage(expansion: Expansion, task: ExpandTask): Promise<Step> {
    const { signal } = task;
    const { progress, limits } = expansion;
    const { family, id, slug, pages } = progress;
    if (family === null) throw new Error('a page that robots.txt forbids is never read');
    const seen = (expansion.seen ??= pages === 0 ? new Set<BookId>() : await seenBooks(store, expansion));
    const asked: AskedListing = { family, id, page: pages + 1 };
    const path = collectionPath(asked, asked.page, slug);
    try {
      const result = await crawler.crawl({ path, classify: (answer): ListingReading => readListing(answer, asked) }, { signal });
      const { reading } = result;
      watch.observeListing(asked, reading);
      if (reading.kind !== 'listing') return await fail(deps, expansion, task, failureOfReading(reading, result, source));
      const known = { ...progress, slug: slugOfAddress(asked, result.answer.url) ?? slug };
      expansion.progress = takePage(known, reading, { limits, isNew: (book) => !seen.has(book) });
      for (const book of reading.books) seen.add(book);
      // The next step records the page, with its books where it has any.
      return expansion.progress.pending.length > 0 || expansion.progress.end !== null ? null : await keepGoing(deps, expansion);
    } catch (error) {
      if (signal.aborted && signal.reason === 'cancelled') return { next: 'done' };
      const failure = failureOfCrawl(error, signal, source);
      if (failure === null || (error instanceof QuireError && error.code === 'cancelled')) throw error;
      return fail(deps, expansion, task, failure);
    }
  };
}

/** Records a page of which no book is taken. */
const keepGoing = async (deps: ExpandDeps, expansion: Expansion): Promise<Step> =>
  (await save(deps, expansion, expansion.progress)) ? null : 'lost';

/** Does what the table of failures says. A failure is one of the next page: a page that was read starts the attempts again. */
async function fail(deps: ExpandDeps, expansion: Expansion, { starts }: ExpandTask, failure: Failure): Promise<Step> {
  const { settings, now, random } = deps;
  const { progress } = expansion;
  const { detail, retryAfterMs = null, untilMs = 0 } = failure;
  const attempt = progress.attempts + 1;
  const atMs = now();
  const isSecond = failure.cause === 'missing' && progress.missingAtMs !== null;
  const times = failure.cause === 'unreachable' && untilMs <= atMs ? starts : isSecond ? 2 : 1;
  const { cause, next } = judge(failure.cause, { attempt, maxAttempts: settings.attempts, times });
  const page = `Page ${progress.pages + 1}`;
  switch (next) {
    case 'requeue':
      return { next };
    case 'wait-for-source': {
      const event = { atMs, event: 'blocked', detail: `${page}: ${detail} No attempt was used.` } as const;
      if (cause === 'blocked' && !(await save(deps, expansion, note(progress, event)))) return 'lost';
      return { next: 'wait', untilMs };
    }
    case 'look-again': {
      const againMs = atMs + settings.notFoundRecheckMs;
      const event = { atMs, event: 'recheck', detail: `${page}: ${detail} A second look follows at ${iso(againMs)}.` } as const;
      const saved = await save(deps, expansion, note({ ...progress, missingAtMs: atMs }, event));
      return saved ? { next: 'later', atMs: againMs } : 'lost';
    }
    case 'retry': {
      const event = { atMs, event: 'attempt-failed', detail: `${page}, attempt ${attempt} of ${settings.attempts}: ${detail}` } as const;
      const waitMs = backoffMs(attempt, { baseMs: settings.backoffBaseMs, retryAfterMs, random });
      const saved = await save(deps, expansion, note({ ...progress, attempts: attempt }, event));
      return saved ? { next: 'later', atMs: atMs + waitMs } : 'lost';
    }
    case 'settle':
      expansion.progress = { ...progress, attempts: attempt, ...endOf(progress, { ...failure, cause }) };
      return null;
  }
}

/** How a failure ends a collection. */
function endOf({ pages }: CollectionProgress, { cause, detail }: Failure): Pick<CollectionProgress, 'end'> {
  const page = pages + 1;
  if (cause === 'disallowed') return { end: { state: 'disallowed', reason: `${detail}. Quire never asks for such pages: ${EXPORT}.` } };
  if (FAILURES[cause].outcome === 'failed') return { end: { state: 'failed', reason: `Page ${page}: ${detail}` } };
  if (page === 1) return { end: { state: 'not-found', reason: detail } };
  return { end: { state: 'expanded', reason: `Goodreads has no page ${page} of it.` } };
}
