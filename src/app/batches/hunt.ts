/**
 * Batches that look for books: whether a book is one of them, and how a batch that has found enough is ended, in every process at once.
 * Settling counts each book in its atomic step, so a batch never finds more than it wants.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { BatchId } from '../../domain/batch.ts';
import type { BookId } from '../../domain/identity.ts';
import type { Log } from '../../domain/log.ts';
import { compileUntil, type UntilCondition } from '../../domain/until.ts';
import type { Settled, Settlement, Store, StoredBook } from '../../storage/store.ts';
import type { EndBatch } from './end-batch.ts';

/** Books that are judged between two reads of the store, which reads at most 100 at once. */
const READ_AT_ONCE = 100;
/** Books that are reported in one step. */
const REPORTED_AT_ONCE = 1_000;
const ITEMS_AT_ONCE = 500;

/** Conditions that stay compiled. A pattern may keep up to 8 MiB of what it has learned. */
const MOST_JUDGES = 20;

type Judge = ReturnType<typeof compileUntil>;
const judges = new LRUCache<string, Judge>({ max: MOST_JUDGES });

/** The test that a condition stands for, compiled once. One that cannot be compiled any more finds nothing, and harms no job. */
function judgeOf(until: UntilCondition): Judge {
  const key = JSON.stringify(until);
  let judge = judges.get(key);
  if (!judge) {
    try {
      judge = compileUntil(until);
    } catch {
      judge = () => false;
    }
    judges.set(key, judge);
  }
  return judge;
}

/** Whether the JSON of a book satisfies a condition. */
const satisfies = ({ body }: Pick<StoredBook, 'body'>, until: UntilCondition): boolean =>
  judgeOf(until)(JSON.parse(body.toString('utf8')) as Record<string, unknown>);

export interface HuntDeps {
  endBatch: EndBatch;
  log: Log;
}

/**
 * Ends batches that have found enough: what is queued is skipped, and running fetches that nobody else wants are aborted. What fails here
 * is logged, and the reconciler ends the batch.
 */
export async function endFound({ endBatch, log }: HuntDeps, batchIds: Iterable<BatchId>): Promise<void> {
  for (const batchId of batchIds) {
    try {
      await endBatch(batchId, 'skipped');
    } catch (error) {
      log.warn({ err: error, batchId }, 'a batch that found what it looks for could not be ended; the reconciler ends it');
    }
  }
}

/**
 * Settles a job with the book that it gave. Judges the book for every batch that looks for books and waits for the job, and ends the
 * batches that found enough by it. `nextTurn` lets other work pass between two judgements.
 */
export async function settleParsed(
  deps: HuntDeps & { store: { jobs: Pick<Store['jobs'], 'settle'> } },
  settlement: Extract<Settlement, { outcome: 'parsed' }>,
): Promise<Pick<Settled, 'settled' | 'stored'>> {
  const judged = new Map<BatchId, boolean>();
  const stopped = new Set<BatchId>();
  let stored: Settled['stored'] = null;
  for (;;) {
    const answer = await deps.store.jobs.settle(judged.size === 0 ? settlement : { ...settlement, judged });
    // A settlement in several steps may have stored the copy and ended batches before a step met a batch that was not judged.
    stored ??= answer.stored;
    for (const batchId of answer.stopped) stopped.add(batchId);
    if (answer.toJudge.length === 0) {
      await endFound(deps, stopped);
      return { settled: answer.settled, stored };
    }
    for (const { batchId, until } of answer.toJudge) {
      judged.set(batchId, satisfies(settlement.book, until));
      await nextTurn();
    }
  }
}

export interface ReportDeps {
  store: Pick<Store, 'books'> & { batches: Pick<Store['batches'], 'report' | 'items'> };
  now: () => number;
}

/** A batch that looks for books. */
interface Hunt {
  batchId: BatchId;
  until: UntilCondition;
}

/**
 * Tells a batch which of the books that were fresh when they were submitted it looks for. Resolves to `true` when it has found enough. The
 * caller then ends it with {@link endFound}, once it is sealed.
 */
export async function reportCached({ store, now }: ReportDeps, { batchId, until }: Hunt, cached: readonly BookId[]): Promise<boolean> {
  const found: BookId[] = [];
  for (let from = 0; from < cached.length && found.length < until.count; from += READ_AT_ONCE) {
    for (const book of await store.books.read(cached.slice(from, from + READ_AT_ONCE), now())) {
      if (satisfies(book, until)) found.push(book.bookId);
      // A pattern may take long on each book.
      if (until.matches !== undefined) await nextTurn();
    }
    await nextTurn();
  }
  if (found.length === 0) return false;
  return (await store.batches.report(batchId, found.slice(0, REPORTED_AT_ONCE), now())).stopped;
}

/**
 * Reports every item that was fresh once more: a process may have died after it recorded some, and before it reported them. A book counts
 * once, however often it is reported. `via`: only what that collection brought.
 */
export async function reportAgain(deps: ReportDeps, hunt: Hunt, via: number | null = null): Promise<boolean> {
  for (let fromIndex: number | null = via === null ? 0 : via + 1; fromIndex !== null;) {
    const query = { fromIndex, limit: ITEMS_AT_ONCE, state: 'cached' as const };
    const page: Awaited<ReturnType<Store['batches']['items']>> = await deps.store.batches.items(hunt.batchId, query);
    const books = (page?.items ?? []).flatMap((item) => (item.bookId !== null && (via === null || item.via === via) ? [item.bookId] : []));
    if (await reportCached(deps, hunt, books)) return true;
    fromIndex = page?.nextIndex ?? null;
  }
  return false;
}
