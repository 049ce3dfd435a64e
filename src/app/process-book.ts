/**
 * One run of a job: fetch the page, parse it, store the book, settle the job and its waiters.
 *
 * A run may happen twice, but it takes effect once. The run fences settling; the time at which the page was asked for fences storing.
 * The queue completes its own record after that. When a worker dies in between, the job runs again and finds nothing to do.
 */
import { gzipSync } from 'node:zlib';
import { Disallowed, type CrawlResult, type Crawler } from '../crawl/crawl.ts';
import { FetchFault } from '../crawl/fetch/fetch-fault.ts';
import { type Source } from '../crawl/source/source.ts';
import { SourceClosed } from '../crawl/source/turn.ts';
import { backoffMs, spreadMs } from '../domain/backoff.ts';
import type { ParsedBook } from '../domain/book.ts';
import { crawlPath, type BookReference, type JobId } from '../domain/identity.ts';
import type { TimelineEntry } from '../domain/job.ts';
import type { Log } from '../domain/log.ts';
import { FAILURES, judge, type FailureCause } from '../domain/outcome.ts';
import { QuireError, type ErrorCode } from '../errors.ts';
import { cameWhole, readPage, type NoBook, type PageReading } from '../parser/read-page.ts';
import type { Store } from '../storage/store.ts';
import type { AnnounceBook } from './announce.ts';
import { tellFailed, type TellFailedDeps } from './jobs/tell-failed.ts';
import { createAnswers } from './look-ups/answers.ts';
import { crawlByAsin, type AsinResult } from './look-ups/crawl-by-asin.ts';
import type { EndBatch } from './batches/end-batch.ts';
import { settleParsed } from './batches/hunt.ts';
import type { ParserWatch } from './parser-watch.ts';
import { toStoredBook } from './stored-book.ts';
import { iso } from '../domain/time/iso.ts';

/** Pages that were not recognised are kept for a person to look at: at most this many, for this long. */
export const MAX_KEPT_PAGES = 200;
const KEEP_PAGE_MS = 7 * 86_400_000;

/** Wait in milliseconds after the store failed a job, doubled with each start of the job. */
const STORE_BACKOFF_MS = 500;

export interface ProcessBookSettings {
  /** CRAWL_ATTEMPTS. */
  attempts: number;
  bookTtlMs: number;
  bookRetentionMs: number;
  notFoundTtlMs: number;
  notFoundRecheckMs: number;
}

export interface ProcessBookDeps extends Pick<TellFailedDeps, 'announceFailure'> {
  store: Store;
  crawler: Crawler;
  source: Pick<Source, 'current'>;
  settings: ProcessBookSettings;
  log: Log;
  endBatch: EndBatch;
  /** Counts what the parser finds. */
  watch: Pick<ParserWatch, 'observe'>;
  /** Is called for every job that gave a book, after it was settled. Is called again when the worker may have died before. */
  announce: AnnounceBook;
  now: () => number;
  random: () => number;
}

/** One run of a job, as the queue gives it. */
export interface BookTask {
  jobId: JobId;
  run: string;
  reference: BookReference;
  /** The attempt that this run is, from 1. */
  attempt: number;
  /** How often the run was started, attempts and free starts together. */
  starts: number;
  /** When Goodreads first said "not found"; `null` when it has not. */
  missingAtMs: number | null;
  /** Its reason is `cancelled` when the job was cancelled. With any other reason the worker gives the job back. */
  signal: AbortSignal;
}

/** What the queue does with the job now. */
export type TaskResult =
  /** The job is settled. */
  | { next: 'done'; outcome: 'parsed' | 'not-found' | 'cancelled' | 'settled before' }
  /** The job is settled as failed. */
  | { next: 'settle'; code: ErrorCode; detail: string }
  /** It runs again after a backoff. This attempt counts. */
  | { next: 'retry'; code: ErrorCode; detail: string; retryAfterMs: number | null }
  /** It runs again at this time. This attempt does not count. */
  | { next: 'later'; atMs: number; missingAtMs: number | null }
  /** It goes back to the queue, and the worker takes no job until then. This attempt does not count. */
  | { next: 'wait-for-source'; untilMs: number }
  /** It goes back to the queue at once. This attempt does not count. */
  | { next: 'requeue' };

/** Why a page gave nothing. */
export interface Failure {
  cause: FailureCause;
  /** A sentence. */
  detail: string;
  /** How long Goodreads asked to be left alone, in milliseconds. */
  retryAfterMs?: number | null;
  /** Until when the source is closed, in milliseconds since the epoch. */
  untilMs?: number;
}

const withoutStop = (sentence: string): string => sentence.replace(/\.$/, '');

/** Makes the use case. It rejects with unexpected errors, and with `store-unavailable` once a job has used up its free starts. */
export function createProcessBook(deps: ProcessBookDeps): (task: BookTask) => Promise<TaskResult> {
  const { settings, now, random } = deps;
  return async function processBook(task) {
    try {
      return (await settledBefore(deps, task)) ?? (await crawlAndSettle(deps, task));
    } catch (error) {
      if (!(error instanceof QuireError) || error.code !== 'store-unavailable') throw error;
      const verdict = judge('store-away', { attempt: task.attempt, maxAttempts: settings.attempts, times: task.starts });
      if (verdict.costsAttempt) throw error;
      const waitMs = backoffMs(task.starts, { baseMs: STORE_BACKOFF_MS, retryAfterMs: null, random });
      return { next: 'later', atMs: now() + waitMs, missingAtMs: task.missingAtMs };
    }
  };
}

/**
 * A run that was started before may have settled its job. Its worker may have died before it announced the book; announcing twice is
 * harmless.
 */
async function settledBefore(
  { store, announce, announceFailure }: ProcessBookDeps,
  { jobId, run, starts }: BookTask,
): Promise<TaskResult | null> {
  if (starts <= 1) return null;
  const record = await store.jobs.get(jobId);
  if (!record || (record.state === 'live' && record.run === run)) return null;
  if (record.run === run && record.state === 'parsed' && record.settledAtMs !== null)
    await announce({ jobId, run, settledAtMs: record.settledAtMs, book: null });
  if (record.run === run && record.state === 'failed') await announceFailure(record);
  return { next: 'done', outcome: 'settled before' };
}

async function crawlAndSettle(deps: ProcessBookDeps, task: BookTask): Promise<TaskResult> {
  let result: AsinResult;
  try {
    result = await crawlReference(deps, task);
  } catch (error) {
    if (task.signal.aborted && task.signal.reason === 'cancelled') return { next: 'done', outcome: 'cancelled' };
    const failure = failureOfCrawl(error, task.signal, deps.source);
    if (failure === null) throw error;
    return fail(deps, task, failure);
  }
  if ('notNamed' in result) return fail(deps, task, { cause: 'not-named', detail: result.notNamed });
  const { reading } = result;
  if (reading.kind === 'book') return settleBook(deps, task, reading.book, result.askedAtMs);
  const failure = failureOfReading(reading, result, deps.source);
  if (reading.kind === 'other-page' || reading.kind === 'unrecognised') {
    if (failure.cause !== 'cut-off') deps.watch.observe(reading.kind, null, null);
    await keepPage(deps, task.jobId, result.answer.body);
  }
  return fail(deps, task, failure);
}

function crawlReference(deps: ProcessBookDeps, { reference, missingAtMs, signal }: BookTask): Promise<AsinResult> {
  if (reference.kind === 'asin')
    return crawlByAsin({ ...deps, answers: createAnswers(deps) }, { asin: reference.asin, anew: missingAtMs !== null, signal });
  return deps.crawler.crawl({ path: crawlPath(reference), classify: (answer): PageReading => readPage(answer, reference) }, { signal });
}

/** What an error of the crawler means; `null` for one that is not about the crawl. */
export function failureOfCrawl(error: unknown, signal: AbortSignal, source: ProcessBookDeps['source']): Failure | null {
  if (signal.aborted) return { cause: 'worker-stopped', detail: 'The worker stops.' };
  if (error instanceof SourceClosed) return { cause: 'source-closed', detail: error.message, untilMs: error.untilMs };
  if (!(error instanceof QuireError) || error.code === 'store-unavailable') return null;
  if (error instanceof Disallowed) return { cause: 'disallowed', detail: error.message };
  if (error.code === 'blocked') return { cause: 'source-closed', detail: error.message, untilMs: closedUntilMs(source) };
  if (error instanceof FetchFault && error.kind === 'unreachable')
    return { cause: 'unreachable', detail: error.message, untilMs: closedUntilMs(source) };
  const { retryAfterSeconds } = error;
  return { cause: 'fetch-failed', detail: error.message, retryAfterMs: retryAfterSeconds === undefined ? null : retryAfterSeconds * 1000 };
}

/** What a page without a book, or without the books of a collection, means. */
export function failureOfReading(
  reading: NoBook,
  { answer, retryAfterMs }: Pick<CrawlResult<NoBook>, 'answer' | 'retryAfterMs'>,
  source: ProcessBookDeps['source'],
): Failure {
  const { kind, reason } = reading;
  switch (kind) {
    case 'missing':
      return { cause: 'missing', detail: reason };
    case 'blocked':
    case 'sign-in':
      return { cause: 'blocked', detail: reason, untilMs: closedUntilMs(source) };
    case 'overloaded':
      return { cause: 'overloaded', detail: reason, retryAfterMs };
    case 'other-page':
    case 'unrecognised':
      return { cause: cameWhole(answer) ? 'not-recognised' : 'cut-off', detail: reason };
  }
}

const closedUntilMs = (source: ProcessBookDeps['source']): number => source.current().closed?.untilMs ?? 0;

/**
 * Does what the table of failures says: notes the failure, settles the job where the table says so, and returns what the queue does next.
 */
async function fail(deps: ProcessBookDeps, task: BookTask, failure: Failure): Promise<TaskResult> {
  const { settings, now } = deps;
  const { detail, retryAfterMs = null, untilMs = 0 } = failure;
  const times = timesOf(failure, task, now());
  const { cause, next } = judge(failure.cause, { attempt: task.attempt, maxAttempts: settings.attempts, times });
  const { code } = FAILURES[cause];
  await noteFailure(deps, task, { ...failure, cause }, next);
  switch (next) {
    case 'retry':
      return { next, code, detail, retryAfterMs };
    case 'wait-for-source':
      return { next, untilMs };
    case 'requeue':
      return { next };
    case 'look-again':
      return { next: 'later', atMs: now() + settings.notFoundRecheckMs, missingAtMs: now() };
    case 'settle':
      return settleFailure(deps, task, { ...failure, cause });
  }
}

/** How often a failure has happened, as the table of failures counts. While the source is closed, `unreachable` is free for ever. */
function timesOf({ cause, untilMs = 0 }: Failure, { missingAtMs, starts }: BookTask, nowMs: number): number {
  if (cause === 'unreachable' && untilMs <= nowMs) return starts;
  return cause === 'missing' && missingAtMs !== null ? 2 : 1;
}

async function noteFailure(deps: ProcessBookDeps, task: BookTask, failure: Failure, next: string): Promise<void> {
  const { store, settings, log, now } = deps;
  const note = (event: TimelineEntry['event'], detail: string): Promise<void> =>
    store.jobs.note(task.jobId, task.run, { atMs: now(), event, detail });
  const { cause, detail, retryAfterMs = null } = failure;
  const { jobId, attempt } = task;
  log.debug({ jobId, attempt, code: FAILURES[cause].code, next }, detail);
  if (cause === 'blocked') return note('blocked', `${detail} No attempt was used.`);
  if (next === 'look-again') {
    const atMs = now() + settings.notFoundRecheckMs;
    return note('recheck', `Goodreads said "not found"; a second look follows at ${iso(atMs)}.`);
  }
  if (FAILURES[cause].next !== 'retry') return;
  const asked = retryAfterMs === null ? '' : `, asked to wait ${Math.ceil(retryAfterMs / 1000)} s`;
  await note('attempt-failed', `Attempt ${task.attempt} of ${settings.attempts}: ${withoutStop(detail)}${asked}.`);
}

async function settleFailure(deps: ProcessBookDeps, task: BookTask, { cause, detail }: Failure): Promise<TaskResult> {
  const { store, settings, watch, now } = deps;
  const { jobId, run, attempt: attempts, missingAtMs } = task;
  const { code, outcome, next } = FAILURES[cause];
  const nowMs = now();
  const base = { jobId, run, nowMs, attempts };
  if (cause === 'cut-off') watch.observe('unrecognised', null, null);
  if (outcome === 'not-found') {
    const isMissing = cause === 'missing';
    if (isMissing) watch.observe('missing', null, null);
    const error = { code, detail: isMissing ? `Goodreads said "not found" twice, first at ${iso(missingAtMs ?? nowMs)}.` : detail };
    await store.jobs.settle({ ...base, outcome, error, notFoundUntilMs: nowMs + settings.notFoundTtlMs });
    return { next: 'done', outcome };
  }
  const lastDetail = next === 'retry' ? `${withoutStop(detail)} (after ${attempts} attempts).` : detail;
  await store.jobs.settle({ ...base, outcome, error: { code, detail: lastDetail } });
  await tellFailed(deps, { jobId, run, attempts, code, detail: lastDetail });
  return { next: 'settle', code, detail };
}

async function settleBook(deps: ProcessBookDeps, task: BookTask, parsed: ParsedBook, askedAtMs: number): Promise<TaskResult> {
  const { settings, watch, announce, log, now, random } = deps;
  const { jobId, run } = task;
  // The time of the request, not of the parse: a worker that hung in between must not replace a newer page with its older one.
  const book = toStoredBook(parsed, 'crawl', askedAtMs, spreadMs(settings.bookTtlMs, random));
  const settledAtMs = now();
  const { settled, stored } = await settleParsed(deps, {
    jobId,
    run,
    nowMs: settledAtMs,
    outcome: 'parsed',
    attempts: task.attempt,
    book,
    keepUntilMs: settledAtMs + settings.bookRetentionMs,
  });
  watch.observe('book', parsed, stored);
  if (settled) await announce({ jobId, run, settledAtMs, book });
  if (stored === 'poorer') log.warn({ jobId, richness: book.richness }, 'a poorer parse did not replace the richer copy');
  return { next: 'done', outcome: 'parsed' };
}

/** Keeps what the source sent, so that a person can see it (`GET /jobs/{id}/page`). */
async function keepPage({ store, now }: ProcessBookDeps, jobId: JobId, body: Uint8Array): Promise<void> {
  const nowMs = now();
  await store.pages.keep(jobId, gzipSync(body), { nowMs, expireAtMs: nowMs + KEEP_PAGE_MS, maxPages: MAX_KEPT_PAGES });
}
