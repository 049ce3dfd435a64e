/**
 * What a failure of a job means. Every path that can fail reads this one table: the crawl, the parse, the store, a lost worker, and an
 * unexpected error. docs/errors.md prints it.
 */
import type { ErrorCode } from '../errors.ts';

/** What happens to the job next. */
export type NextStep =
  /** It runs again after a backoff, until its attempts are used up. Then it is settled. */
  | 'retry'
  /** It waits in the queue until the source opens. */
  | 'wait-for-source'
  /** It runs once more after NOT_FOUND_RECHECK. The second time it is settled. */
  | 'look-again'
  /** It goes back to the queue at once. */
  | 'requeue'
  /** It is settled now. */
  | 'settle';

export interface FailureRule {
  /** What happened, as a sentence for the documents. */
  when: string;
  /** Whether the failure uses one of the job's attempts (CRAWL_ATTEMPTS). */
  costsAttempt: boolean;
  next: NextStep;
  /** What the gate does with all other pages. */
  source: 'closed' | 'slowed' | 'unchanged';
  /** The state of the job and its items, when this failure settles them. */
  outcome: 'failed' | 'not-found';
  /** The error that a settled job keeps. */
  code: ErrorCode;
  /** How often this failure costs the job nothing. After that, `beyond` applies. */
  free?: { most: number; beyond: 'unforeseen' | 'fetch-failed' | 'settle' };
}

/** A job that lost its worker more often than this fails as `poison`. */
export const MAX_LOST_WORKERS = 2;
/**
 * After this many starts, a failure of the store costs the job an attempt: each start may be another request to Goodreads. So does a
 * connection that does not come about while others do.
 */
export const MAX_FREE_STARTS = 10;

export const FAILURES = {
  blocked: {
    when: 'Goodreads answers with a challenge, a captcha, a refusal or a sign-in page.',
    costsAttempt: false,
    next: 'wait-for-source',
    source: 'closed',
    outcome: 'failed',
    code: 'blocked',
  },
  'source-closed': {
    when: 'The source is closed when the job asks for its turn: blocked, unreachable, quiet hours, or a wait that Goodreads asked for.',
    costsAttempt: false,
    next: 'wait-for-source',
    source: 'unchanged',
    outcome: 'failed',
    code: 'blocked',
  },
  overloaded: {
    when: 'Goodreads answers with 429 or 5xx, or says that it is down.',
    costsAttempt: true,
    next: 'retry',
    source: 'slowed',
    outcome: 'failed',
    code: 'crawl-failed',
  },
  unreachable: {
    when: 'The request finds no way to Goodreads: no name service, no route, no connection, or a proxy that refuses. While the source is `unreachable`, this is free for ever.',
    costsAttempt: false,
    next: 'wait-for-source',
    source: 'closed',
    outcome: 'failed',
    code: 'crawl-failed',
    free: { most: MAX_FREE_STARTS, beyond: 'fetch-failed' },
  },
  'fetch-failed': {
    when: 'The page cannot be fetched: no encrypted connection, no answer in time, an answer that breaks off.',
    costsAttempt: true,
    next: 'retry',
    source: 'slowed',
    outcome: 'failed',
    code: 'crawl-failed',
  },
  missing: {
    when: 'Goodreads says that there is no such book.',
    costsAttempt: false,
    next: 'look-again',
    source: 'unchanged',
    outcome: 'not-found',
    code: 'book-not-found',
  },
  'not-named': {
    when: 'The search box of Goodreads proposes no book for an ASIN, or one whose page does not name it.',
    costsAttempt: true,
    next: 'settle',
    source: 'unchanged',
    outcome: 'not-found',
    code: 'book-not-found',
  },
  'not-recognised': {
    when: 'The page is of another kind, of another book, or none that Quire knows.',
    costsAttempt: true,
    next: 'settle',
    source: 'unchanged',
    outcome: 'failed',
    code: 'page-not-recognised',
  },
  'cut-off': {
    when: 'The page ends early, and no book can be read from what came.',
    costsAttempt: true,
    next: 'retry',
    source: 'unchanged',
    outcome: 'failed',
    code: 'page-not-recognised',
  },
  disallowed: {
    when: 'robots.txt does not allow the page.',
    costsAttempt: true,
    next: 'settle',
    source: 'unchanged',
    outcome: 'failed',
    code: 'disallowed',
  },
  'store-away': {
    when: 'The store does not answer.',
    costsAttempt: false,
    next: 'retry',
    source: 'unchanged',
    outcome: 'failed',
    code: 'internal-error',
    free: { most: MAX_FREE_STARTS, beyond: 'unforeseen' },
  },
  'worker-lost': {
    when: 'The worker dies, or stops renewing its lock on the job.',
    costsAttempt: false,
    next: 'requeue',
    source: 'unchanged',
    outcome: 'failed',
    code: 'poison',
    free: { most: MAX_LOST_WORKERS, beyond: 'settle' },
  },
  'worker-stopped': {
    when: 'The worker is told to stop, and its drain time is over.',
    costsAttempt: false,
    next: 'requeue',
    source: 'unchanged',
    outcome: 'failed',
    code: 'internal-error',
  },
  unforeseen: {
    when: 'An unexpected error.',
    costsAttempt: true,
    next: 'retry',
    source: 'unchanged',
    outcome: 'failed',
    code: 'internal-error',
  },
} as const satisfies Record<string, FailureRule>;

/** Why a run of a job did not give a book. */
export type FailureCause = keyof typeof FAILURES;

/** What is known of the job when it fails. */
export interface RunFacts {
  /** The attempt that this run is, from 1. */
  attempt: number;
  maxAttempts: number;
  /** How often this failure has happened so far, including this time. For `store-away` and `unreachable`, how often the job was started. */
  times: number;
}

/** What a failure means for one job. */
export interface Verdict {
  /** The failure that counts: another one than the given, when that was free too often. */
  cause: FailureCause;
  next: NextStep;
  costsAttempt: boolean;
}

/** Decides by {@link FAILURES} what a job does after a failure. */
export function judge(cause: FailureCause, { attempt, maxAttempts, times }: RunFacts): Verdict {
  const rule: FailureRule = FAILURES[cause];
  if (rule.free && times > rule.free.most) {
    return rule.free.beyond === 'settle'
      ? { cause, next: 'settle', costsAttempt: false }
      : judge(rule.free.beyond, { attempt, maxAttempts, times: 1 });
  }
  const last = (rule.next === 'retry' && rule.costsAttempt && attempt >= maxAttempts) || (rule.next === 'look-again' && times > 1);
  return { cause, next: last ? 'settle' : rule.next, costsAttempt: rule.costsAttempt };
}
