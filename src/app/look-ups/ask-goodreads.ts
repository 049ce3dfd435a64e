/** One look-up: asks Goodreads the question through the gate, and keeps the answer. Workers alone do this. */
import { Disallowed, type CrawlResult, type Crawler } from '../../crawl/crawl.ts';
import { FetchFault } from '../../crawl/fetch/fetch-fault.ts';
import type { Source } from '../../crawl/source/source.ts';
import { SourceClosed } from '../../crawl/source/turn.ts';
import { FAILURES, type FailureCause } from '../../domain/outcome.ts';
import { QuireError } from '../../errors.ts';
import { readAutocomplete } from '../../parser/listing/autocomplete.ts';
import type { ListingReading, SuggestionsReading } from '../../parser/listing/listing.ts';
import { readListing } from '../../parser/listing/read-listing.ts';
import type { ParserWatch } from '../parser-watch.ts';
import type { Answer, Answers } from './answers.ts';
import { ACCEPT_SUGGESTIONS, idOfQuestion, pathOfQuestion, type Question } from './question.ts';

/** A question that waited for longer is not asked any more, in milliseconds: whoever asked has gone. */
const MOST_WAITED_MS = 600_000;

export interface AskGoodreadsDeps {
  crawler: Crawler;
  source: Pick<Source, 'current'>;
  answers: Answers;
  watch: Pick<ParserWatch, 'observeListing'>;
  now: () => number;
}

/** One run of a look-up, as the queue gives it. */
export interface LookUpTask {
  question: Question;
  /** When it was queued, in milliseconds since the epoch. */
  queuedAtMs: number;
  /** Fires when the worker stops. */
  signal: AbortSignal;
}

export type LookUpOutcome =
  | { next: 'done'; outcome: 'answered' | 'failed' | 'cached' | 'too-old' }
  /** It goes back to the queue, and the worker takes no job until then (milliseconds since the epoch). */
  | { next: 'wait-for-source'; untilMs: number }
  /** It goes back to the queue at once. */
  | { next: 'requeue' };

/** Asks for suggestions. Rejects as {@link Crawler.crawl} does. */
export const askForSuggestions = (
  crawler: Crawler,
  question: Question & { kind: 'find' },
  signal: AbortSignal,
): Promise<CrawlResult<SuggestionsReading>> =>
  crawler.crawl({ path: pathOfQuestion(question), accept: ACCEPT_SUGGESTIONS, classify: readAutocomplete }, { signal });

function crawlQuestion(
  { crawler, watch }: AskGoodreadsDeps,
  question: Question,
  signal: AbortSignal,
): Promise<CrawlResult<SuggestionsReading | ListingReading>> {
  if (question.kind === 'find') return askForSuggestions(crawler, question, signal);
  const asked = { family: question.family, id: question.id, page: 1 };
  const classify = (answer: Parameters<typeof readListing>[0]): ListingReading => {
    const reading = readListing(answer, asked);
    watch.observeListing(asked, reading);
    return reading;
  };
  return crawler.crawl({ path: pathOfQuestion(question), classify }, { signal });
}

/** Makes the use case. It rejects with `store-unavailable` and with unexpected errors: then the queue tries again. */
export function createAskGoodreads(deps: AskGoodreadsDeps): (task: LookUpTask) => Promise<LookUpOutcome> {
  const { source, answers, now } = deps;

  const keepFailure = async (id: string, cause: FailureCause, reason: string): Promise<LookUpOutcome> => {
    await answers.keep(id, { kind: 'failed', askedAtMs: now(), code: FAILURES[cause].code, reason });
    return { next: 'done', outcome: 'failed' };
  };

  const afterError = async (id: string, error: unknown, signal: AbortSignal): Promise<LookUpOutcome> => {
    if (signal.aborted) return { next: 'requeue' };
    if (error instanceof SourceClosed) return { next: 'wait-for-source', untilMs: error.untilMs };
    if (!(error instanceof QuireError) || error.code === 'store-unavailable') throw error;
    const { closed } = source.current();
    if (error.code === 'blocked') return { next: 'wait-for-source', untilMs: closed?.untilMs ?? 0 };
    const isUnreachable = error instanceof FetchFault && error.kind === 'unreachable';
    if (isUnreachable && closed !== null) return { next: 'wait-for-source', untilMs: closed.untilMs };
    return keepFailure(id, error instanceof Disallowed ? 'disallowed' : 'fetch-failed', error.message);
  };

  return async ({ question, queuedAtMs, signal }) => {
    const id = idOfQuestion(question);
    if (now() - queuedAtMs > MOST_WAITED_MS) return { next: 'done', outcome: 'too-old' };
    // A run that was interrupted may have kept its answer.
    const kept = await answers.read(id);
    if (kept !== null && kept.kind !== 'failed') return { next: 'done', outcome: 'cached' };
    let result: CrawlResult<SuggestionsReading | ListingReading>;
    try {
      result = await crawlQuestion(deps, question, signal);
    } catch (error) {
      return afterError(id, error, signal);
    }
    const { reading, askedAtMs } = result;
    switch (reading.kind) {
      case 'suggestions':
      case 'listing':
        await answers.keep(id, answerOf(reading, askedAtMs));
        return { next: 'done', outcome: 'answered' };
      case 'blocked':
      case 'sign-in':
        return { next: 'wait-for-source', untilMs: source.current().closed?.untilMs ?? 0 };
      case 'overloaded':
      case 'missing':
        return keepFailure(id, reading.kind, reading.reason);
      default:
        return keepFailure(id, 'not-recognised', reading.reason);
    }
  };
}

/** What is kept of an answer that could be read. */
function answerOf(reading: Extract<SuggestionsReading | ListingReading, { kind: 'suggestions' | 'listing' }>, askedAtMs: number): Answer {
  if (reading.kind === 'suggestions') return { kind: 'suggestions', askedAtMs, rows: reading.rows };
  const { title, totalBooks, next, books } = reading;
  return { kind: 'first-page', askedAtMs, page: { title, totalBooks, next, books } };
}
