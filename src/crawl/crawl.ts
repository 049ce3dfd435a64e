/**
 * From a path to the reading of its page: a book, a page that lists books, or suggestions. The steps are robots.txt, the gate, the page,
 * its reading and the report, in that order. The caller brings the path and the reader; everything goes through one gate.
 */
import { unlessAborted } from '../domain/deadline.ts';
import { watchClock } from '../domain/time/clock.ts';
import { QuireError } from '../errors.ts';
import type { FetchedPage, PageFetcher } from './fetch/fetch-page.ts';
import { FetchFault, outcomeOf } from './fetch/fetch-fault.ts';
import type { Ledger } from './ledger.ts';
import type { OutcomeKind } from './source/pacing.ts';
import { parseRetryAfter } from '../domain/time/http-time.ts';
import type { Robots } from './robots.ts';
import type { Source } from './source/source.ts';
import { SourceClosed, type Entry } from './source/turn.ts';
import type { Log } from '../domain/log.ts';
import { createFirstRobots } from './first-robots.ts';
import { inSpan } from '../tracing.ts';

/** What every reading of a page has: the kind of answer, and for kinds without a result a sentence that says why. */
export interface ReadingKind {
  kind: 'book' | 'listing' | 'suggestions' | 'missing' | 'blocked' | 'sign-in' | 'overloaded' | 'other-page' | 'unrecognised';
  reason?: string;
}

/** What to ask for, and how to read the answer. */
export interface PageRequest<R extends ReadingKind> {
  /** A path of the source with its query, such as `/book/show/2767052`. Quire itself builds it: no user text comes in unencoded. */
  path: string;
  /** The value of `Accept`. Default: an HTML page. */
  accept?: string;
  classify: (answer: FetchedPage) => R;
}

/** `disallowed`: robots.txt does not allow a path. */
export class Disallowed extends QuireError {
  /** The rule, quoted: `line 4: Disallow: /search`. */
  readonly rule: string;

  constructor(path: string, rule: string) {
    super('disallowed', `robots.txt does not allow ${path}: ${rule}`);
    this.name = 'Disallowed';
    this.rule = rule;
  }
}

export interface CrawlResult<R extends ReadingKind> {
  reading: R;
  /** The answer itself. Its `body` is kept when the page is not recognised. */
  answer: FetchedPage;
  /** When the page was asked for, in milliseconds since the epoch. The answer is no older. */
  askedAtMs: number;
  /** How long Goodreads asked to be left alone, in milliseconds. */
  retryAfterMs: number | null;
}

export interface Crawler {
  /**
   * Gets and reads a page. Rejects with `SourceClosed` when the source may not be asked now, which costs the job no attempt.
   * Rejects also with {@link Disallowed}, a {@link FetchFault} (`crawl-failed`), the signal's reason, or `store-unavailable`.
   * A blocked, overloaded or missing page is a reading, not a rejection.
   */
  crawl<R extends ReadingKind>(request: PageRequest<R>, options?: { signal?: AbortSignal }): Promise<CrawlResult<R>>;
}

export interface CrawlerOptions {
  fetcher: PageFetcher;
  source: Source;
  robots: Robots;
  ledger: Pick<Ledger, 'record'>;
  log: Pick<Log, 'trace'>;
  now?: () => number;
}

const OUTCOME: Record<ReadingKind['kind'], OutcomeKind> = {
  book: 'ok',
  listing: 'ok',
  suggestions: 'ok',
  'other-page': 'ok',
  missing: 'missing',
  unrecognised: 'unrecognised',
  blocked: 'blocked',
  'sign-in': 'blocked',
  overloaded: 'overloaded',
};

/** The job waits until the source opens, which is no failure. */
const isControlFlow = (error: unknown): boolean => error instanceof SourceClosed;

/** Combines the parts. The caller made them, and closes them. */
export function createCrawler({ fetcher, source, robots, ledger, log, now = Date.now }: CrawlerOptions): Crawler {
  const firstRobots = createFirstRobots(robots, source, now);

  const mustBeAllowed = async (path: string): Promise<void> => {
    const verdict = await robots.check(path);
    if (!verdict.allowed) throw new Disallowed(path, verdict.rule);
  };

  const get = async ({ path, accept }: PageRequest<ReadingKind>, entry: Entry, signal: AbortSignal | undefined): Promise<FetchedPage> => {
    let requests = 0;
    try {
      return await fetcher.fetch(path, {
        onSent: () => (requests += 1),
        ...(signal === undefined ? {} : { signal }),
        ...(accept === undefined ? {} : { accept }),
        async beforeHop(next) {
          await mustBeAllowed(next);
          // A redirect is a request like any other. A probe is already alone at the source.
          if (!entry.probe) await source.enter(signal === undefined ? {} : { signal });
        },
      });
    } catch (error) {
      // Only a fault of the exchange says something about the source. An abort, robots.txt and the gate do not.
      const kind = error instanceof FetchFault ? outcomeOf(error, requests) : 'abandoned';
      ledger.record({ outcome: kind, requests, bytes: 0 });
      log.trace({ path, outcome: kind, err: (error as Error).message }, 'a request to the source failed');
      await source.report({ ...entry, kind, status: 0, bytes: 0, ...(error instanceof FetchFault ? { reason: error.message } : {}) });
      throw error;
    }
  };

  const crawl = async <R extends ReadingKind>(
    request: PageRequest<R>,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<CrawlResult<R>> => {
    signal?.throwIfAborted();
    await unlessAborted(firstRobots(), signal);
    await mustBeAllowed(request.path);
    const entry = await inSpan('wait for turn', { isControlFlow }, () => source.enter(signal === undefined ? {} : { signal }));
    const askedAtMs = now();
    const clockWasPut = watchClock(now);
    // Without the query, which has the words of a caller.
    const [page = ''] = request.path.split('?', 1);
    const answer = await inSpan('fetch', { kind: 'client', attributes: { 'url.path': page } }, async (span) => {
      const got = await get(request, entry, signal);
      span.set({ 'http.response.status_code': got.status, 'http.response.size': got.wireBytes, 'quire.requests': got.requests });
      return got;
    });
    const { status } = answer;
    let reading: R;
    try {
      reading = inSpan('parse', {}, (span) => {
        const read = request.classify(answer);
        span.set({ 'quire.page': read.kind });
        return read;
      });
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
    log.trace({ path: request.path, status, outcome: kind, bytes: answer.wireBytes, ms: now() - askedAtMs }, 'the source answered');
    await source.report({
      ...entry,
      kind,
      status,
      bytes: answer.wireBytes,
      retryAfterMs,
      ...(reading.reason === undefined ? {} : { reason: reading.reason }),
    });
    // The time of the request decides which of two copies is newer. The clock was corrected in the meantime, so this time may be wrong.
    if (reading.kind === 'book' && clockWasPut()) return crawl(request, signal === undefined ? {} : { signal });
    return { reading, answer, askedAtMs, retryAfterMs };
  };
  return { crawl };
}
