/**
 * The one kind of job: fetch a book's page, parse it, keep the book, settle everybody who waits.
 *
 * It may run twice, its effect may not: settling is fenced by the run, and storing by the time of the parse. Settling comes before BullMQ's own
 * bookkeeping, so a worker that dies in between leaves a job that runs again and finds nothing left to do.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { DelayedError, UnrecoverableError, WaitingError, type Job } from 'bullmq';
import type { Book, ParsedBook } from '../domain/book.ts';
import { referenceOfJob, type JobId } from '../domain/identity.ts';
import { richness } from '../domain/richness.ts';
import { serializeBook } from '../domain/serialize-book.ts';
import type { PageReading } from '../parser/read-page.ts';
import type { CrawlResult, Crawler } from '../crawl/crawl.ts';
import { SourceHeld } from '../crawl/source/source.ts';
import { QuireError, type ErrorCode } from '../errors.ts';
import type { Announcer } from '../webhooks/announcer.ts';
import type { Settlement, Store, StoredBook } from '../storage/store.ts';
import { parseRunId } from '../domain/run-id.ts';
import type { JobOutcome, TimelineEntry } from '../domain/job.ts';
import type { ParserWatch } from './parser-watch.ts';
import type { ParseBookData, ParseBookResult } from '../queue/parse-book-queue.ts';
import { backoffMs, spreadMs } from '../domain/backoff.ts';

/** Failed pages kept for a person to look at: how many, and for how long. */
const MAX_KEPT_PAGES = 200;
const KEEP_PAGE_MS = 7 * 86_400_000;

/** Wait in milliseconds after the store failed a job, doubled with each start of the job. */
const STORE_BACKOFF_MS = 500;
/** A job that was started more often than this pays with attempts for what the store fails: each start may be another request to Goodreads. */
const MOST_FORGIVEN_STARTS = 10;

export interface ParseBookSettings {
  attempts: number;
  bookTtlMs: number;
  bookRetentionMs: number;
  notFoundTtlMs: number;
  notFoundRecheckMs: number;
}

export interface ParseBookDeps {
  store: Store;
  crawler: Crawler<PageReading>;
  /** Until when the source is closed, as far as is known: where a blocked job waits for. */
  heldUntilMs(): number;
  settings: ParseBookSettings;
  log: { debug(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** Told that the source is closed until then: the worker takes no job before. */
  hold(untilMs: number): void;
  /** Told of every page that was read, for the parser's counters. */
  observe: ParserWatch['observe'];
  /** Told of every job that gave a book, after it was settled; told again when the worker may have died before. */
  announce?: Announcer['announceBook'];
  now?: () => number;
  random?: () => number;
}

/** An attempt failed in passing: BullMQ tries again after the backoff, which honours what the source asked for. */
export class AttemptFailed extends Error {
  readonly retryAfterMs: number | null;
  constructor(message: string, retryAfterMs: number | null) {
    super(message);
    this.name = 'AttemptFailed';
    this.retryAfterMs = retryAfterMs;
  }
}

type ParseBookJob = Job<ParseBookData, ParseBookResult>;

/** Turns a parse into what a store keeps. `etag` changes with the bytes. */
export function toStoredBook(parsed: ParsedBook, via: Book['via'], fetchedAtMs: number, freshForMs: number): StoredBook {
  const body = serializeBook({ ...parsed, fetchedAt: new Date(fetchedAtMs).toISOString(), via });
  return {
    bookId: parsed.id as StoredBook['bookId'],
    body,
    etag: createHash('sha1').update(body).digest('base64url').slice(0, 16),
    fetchedAtMs,
    freshUntilMs: fetchedAtMs + freshForMs,
    richness: richness(parsed),
  };
}

/** Builds the processor. It resolves when the job is settled, and throws what BullMQ understands otherwise. */
export function createParseBook(deps: ParseBookDeps) {
  const { store, crawler, heldUntilMs, settings, log, hold, observe, announce, now = Date.now, random = Math.random } = deps;

  const attemptBook = async (job: ParseBookJob, token: string, signal: AbortSignal): Promise<ParseBookResult> => {
    // The attempts are set here and not in the job, where a million waiting jobs would carry them along.
    Object.assign(job.opts, { attempts: settings.attempts, backoff: { type: 'custom' } });
    const ids = parseRunId(job.id ?? '');
    const reference = ids && referenceOfJob(ids.jobId);
    if (!ids || !reference) throw new UnrecoverableError(`invalid-request: ${job.id} is not the id of a ${job.name} job`);
    const { jobId, run } = ids;

    if (job.attemptsStarted > 1) {
      const record = await store.jobs.get(jobId);
      if (record && (record.state !== 'live' || record.run !== run)) {
        // Its worker may have died between settling and announcing. Announcing twice is the same as once.
        if (record.run === run && record.state === 'parsed' && record.settledAtMs !== null)
          await announce?.({ jobId, run, settledAtMs: record.settledAtMs, book: null });
        return { outcome: 'settled before' };
      }
    }
    // Should this worker be lost too, that may be the end of the job, and its failure names who had it. Nothing else depends on it.
    if (job.stalledCounter > 0 && job.processedBy)
      await job.updateData({ ...job.data, lastWorker: job.processedBy }).catch(() => undefined);
    const note = (event: TimelineEntry['event'], detail: string): Promise<void> =>
      store.jobs.note(jobId, run, { atMs: now(), event, detail });
    const settle = (outcome: JobOutcome, more: Partial<Settlement>): ReturnType<Store['jobs']['settle']> =>
      store.jobs.settle({
        jobId,
        run,
        nowMs: now(),
        outcome,
        attempts: job.attemptsMade + 1,
        error: null,
        book: null,
        keepUntilMs: now() + settings.bookRetentionMs,
        missingUntilMs: now() + settings.notFoundTtlMs,
        ...more,
      });

    const handBack = async (untilMs: number): Promise<never> => {
      hold(untilMs);
      await job.moveToWait(token);
      throw new WaitingError();
    };

    const failAttempt = async (code: ErrorCode, detail: string, retryAfterMs: number | null): Promise<never> => {
      const attempt = job.attemptsMade + 1;
      const asked = retryAfterMs === null ? '' : `, asked to wait ${Math.ceil(retryAfterMs / 1000)} s`;
      await note('attempt-failed', `Attempt ${attempt} of ${settings.attempts}: ${detail.replace(/\.$/, '')}${asked}.`);
      if (attempt >= settings.attempts) {
        await settle('failed', { error: { code, detail: `${detail.replace(/\.$/, '')} (after ${attempt} attempts).` } });
      }
      throw new AttemptFailed(`${code}: ${detail}`, retryAfterMs);
    };

    const failForGood = async (code: ErrorCode, detail: string): Promise<never> => {
      await settle('failed', { error: { code, detail } });
      throw new UnrecoverableError(`${code}: ${detail}`);
    };

    const lookAgain = async (): Promise<ParseBookResult> => {
      const firstAtMs = job.data.missingAtMs;
      if (firstAtMs === undefined) {
        // Goodreads says "not found" of living books now and then (4 of 2,200 requests in one crawl of 2025): a second look decides.
        const againAtMs = now() + settings.notFoundRecheckMs;
        await job.updateData({ ...job.data, missingAtMs: now() });
        await note('recheck', `Goodreads said "not found"; a second look follows at ${new Date(againAtMs).toISOString()}.`);
        await job.moveToDelayed(againAtMs, token);
        throw new DelayedError();
      }
      observe('missing', null, null);
      await settle('not-found', {
        error: { code: 'book-not-found', detail: `Goodreads said "not found" twice, first at ${new Date(firstAtMs).toISOString()}.` },
      });
      return { outcome: 'not-found' };
    };

    let result: CrawlResult<PageReading>;
    try {
      result = await crawler.crawl(reference, { signal });
    } catch (error) {
      if (signal.aborted) {
        if (signal.reason === 'cancelled') return { outcome: 'cancelled' };
        // The worker is going away: the job goes back and keeps its attempts.
        await job.moveToWait(token);
        throw new WaitingError();
      }
      if (error instanceof SourceHeld) return handBack(error.untilMs);
      if (!(error instanceof QuireError)) throw error;
      if (error.code === 'disallowed') return failForGood(error.code, error.message);
      if (error.code === 'store-unavailable') throw error;
      if (error.code === 'blocked') return handBack(heldUntilMs());
      return failAttempt(error.code, error.message, error.retryAfterSeconds === undefined ? null : error.retryAfterSeconds * 1000);
    }

    const { reading } = result;
    switch (reading.kind) {
      case 'book': {
        // The time of the request, not of the parse: a worker that hung in between, and wakes when another has crawled the book again,
        // must not put its older page over the newer one.
        const book = toStoredBook(reading.book, 'crawl', result.askedAtMs, spreadMs(settings.bookTtlMs, random));
        const settledAtMs = now();
        const { settled, stored } = await settle('parsed', { book, nowMs: settledAtMs });
        observe('book', reading.book, stored);
        if (settled) await announce?.({ jobId, run, settledAtMs, book });
        if (stored === 'poorer') log.warn({ jobId, richness: book.richness }, 'a poorer parse did not replace the richer copy');
        return { outcome: 'parsed' };
      }
      case 'missing':
        return lookAgain();
      case 'blocked':
      case 'sign-in':
        await note('blocked', `${reading.reason} No attempt was used.`);
        return handBack(heldUntilMs());
      case 'overloaded':
        return failAttempt('crawl-failed', reading.reason, result.retryAfterMs);
      case 'other-page':
      case 'unrecognised': {
        observe(reading.kind, null, null);
        await keepPage(store, jobId, result.answer.body, now());
        return failForGood('page-not-recognised', reading.reason);
      }
    }
  };

  return async function parseBook(job: ParseBookJob, token: string, signal: AbortSignal): Promise<ParseBookResult> {
    try {
      return await attemptBook(job, token, signal);
    } catch (error) {
      if (!(error instanceof QuireError) || error.code !== 'store-unavailable' || job.attemptsStarted > MOST_FORGIVEN_STARTS) throw error;
      // It was the store and not the source: that costs no attempt, or an outage of some seconds would use up all of them. Where the store is still
      // away, this rejects too; the lock ends then, and the check for stalled jobs finds the job.
      await job.moveToDelayed(now() + backoffMs(job.attemptsStarted, { baseMs: STORE_BACKOFF_MS, retryAfterMs: null, random }), token);
      throw new DelayedError();
    }
  };
}

/** Keeps what the source sent, so that a person can see what we saw (`GET /jobs/{id}/page`). */
async function keepPage(store: Store, jobId: JobId, body: Uint8Array, nowMs: number): Promise<void> {
  await store.pages.keep(jobId, gzipSync(body), { nowMs, expireAtMs: nowMs + KEEP_PAGE_MS, maxPages: MAX_KEPT_PAGES });
}
