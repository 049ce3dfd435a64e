/** From a book reference to what its page says: robots.txt, the gate, the page, its reading, the report, in that order. */
import { unlessAborted } from '../domain/deadline.ts';
import { crawlPath, type BookReference } from '../domain/identity.ts';
import { watchClock } from '../domain/time/clock.ts';
import { QuireError } from '../errors.ts';
import type { FetchedPage, PageFetcher } from './fetch/fetch-page.ts';
import { FetchFault } from './fetch/fetch-fault.ts';
import type { Ledger } from './ledger.ts';
import type { OutcomeKind } from './source/pacing.ts';
import { parseRetryAfter } from '../domain/time/http-time.ts';
import type { Robots } from './robots.ts';
import type { Source } from './source/source.ts';
import type { Entry } from './source/turn.ts';
import { createFirstRobots } from './first-robots.ts';

/** The least that a reading of a page tells: what kind of answer it is. `reason` is a sentence for kinds other than `book`. */
export interface ReadingKind {
  kind: 'book' | 'missing' | 'blocked' | 'sign-in' | 'overloaded' | 'other-page' | 'unrecognised';
  reason?: string;
}

export interface CrawlResult<R extends ReadingKind> {
  reading: R;
  /** The answer itself; `body` is there so that a page that was not understood can be kept. */
  answer: FetchedPage;
  /** When the page was asked for, in milliseconds since the epoch: what the answer says is no older. */
  askedAtMs: number;
  /** How long Goodreads asked to be left alone, in milliseconds. */
  retryAfterMs: number | null;
}

export interface Crawler<R extends ReadingKind> {
  /**
   * Gets and reads the page of a book. Rejects with `SourceClosed` when the source may not be asked now (costs the job no
   * attempt), with `QuireError('disallowed')`, with a {@link FetchFault} (`crawl-failed`), with the signal's reason, or with
   * `store-unavailable`. A blocked, overloaded or missing page is no rejection but a reading.
   */
  crawl(reference: BookReference, options?: { signal?: AbortSignal }): Promise<CrawlResult<R>>;
}

export interface CrawlerOptions<R extends ReadingKind> {
  fetcher: PageFetcher;
  source: Source;
  robots: Robots;
  ledger: Pick<Ledger, 'record'>;
  classify: (answer: FetchedPage, asked: BookReference) => R;
  now?: () => number;
}

const OUTCOME: Record<ReadingKind['kind'], OutcomeKind> = {
  book: 'ok',
  'other-page': 'ok',
  missing: 'missing',
  unrecognised: 'unrecognised',
  blocked: 'blocked',
  'sign-in': 'blocked',
  overloaded: 'overloaded',
};

/** Puts the parts together. It owns none of them: whoever made them closes them. */
export function createCrawler<R extends ReadingKind>({
  fetcher,
  source,
  robots,
  ledger,
  classify,
  now = Date.now,
}: CrawlerOptions<R>): Crawler<R> {
  const firstRobots = createFirstRobots(robots, source, now);

  const mustBeAllowed = async (path: string): Promise<void> => {
    const verdict = await robots.check(path);
    if (!verdict.allowed) throw new QuireError('disallowed', `robots.txt does not allow ${path}: ${verdict.rule}`);
  };

  const get = async (path: string, entry: Entry, signal: AbortSignal | undefined): Promise<FetchedPage> => {
    try {
      return await fetcher.fetch(path, {
        ...(signal === undefined ? {} : { signal }),
        async beforeHop(next) {
          await mustBeAllowed(next);
          // A redirect costs a request like any other. A probe already has the source for itself.
          if (!entry.probe) await source.enter(signal === undefined ? {} : { signal });
        },
      });
    } catch (error) {
      // Only a fault of the exchange says something about the source; giving up, robots.txt and the gate do not.
      const kind = error instanceof FetchFault ? 'failed' : 'abandoned';
      ledger.record({ outcome: kind, requests: 1, bytes: 0 });
      await source.report({ ...entry, kind, status: 0, bytes: 0, ...(error instanceof FetchFault ? { reason: error.message } : {}) });
      throw error;
    }
  };

  const crawl: Crawler<R>['crawl'] = async (reference, { signal } = {}) => {
    signal?.throwIfAborted();
    await unlessAborted(firstRobots(), signal);
    const path = crawlPath(reference);
    await mustBeAllowed(path);
    const entry = await source.enter(signal === undefined ? {} : { signal });
    const askedAtMs = now();
    const clockWasPut = watchClock(now);
    const answer = await get(path, entry, signal);
    const { status } = answer;
    let reading: R;
    try {
      reading = classify(answer, reference);
    } catch (error) {
      await source.report({ ...entry, kind: 'abandoned', status, bytes: answer.wireBytes });
      throw error;
    }
    const retryAfterMs =
      OUTCOME[reading.kind] === 'blocked' || OUTCOME[reading.kind] === 'overloaded'
        ? parseRetryAfter(answer.headers['retry-after'], now())
        : null;
    const kind = OUTCOME[reading.kind];
    ledger.record({ outcome: kind, requests: answer.requests, bytes: answer.wireBytes });
    await source.report({
      ...entry,
      kind,
      status,
      bytes: answer.wireBytes,
      retryAfterMs,
      ...(reading.reason === undefined ? {} : { reason: reading.reason }),
    });
    // Which of two copies is newer is told by when they were asked for: by a clock put right meanwhile, this page would look older than older ones.
    if (reading.kind === 'book' && clockWasPut()) return crawl(reference, signal === undefined ? {} : { signal });
    return { reading, answer, askedAtMs, retryAfterMs };
  };
  return { crawl };
}
