/**
 * What robots.txt allows. The crawler's own client fetches it, and the store keeps it for all processes for a day, or longer while a newer
 * copy cannot be fetched. RFC 9309, section 2.3.1, says what each answer means: see docs/crawler.md.
 */
import { doublingMs } from '../domain/backoff.ts';
import { QuireError } from '../errors.ts';
import type { DocumentStore } from '../storage/store.ts';
import type { FetchedPage, PageFetcher } from './fetch/fetch-page.ts';
import { FetchFault, outcomeOf } from './fetch/fetch-fault.ts';
import type { Ledger } from './ledger.ts';
import type { Log } from '../domain/log.ts';
import { createClaim } from './claim.ts';
import { readRobotsRules, type RobotsRules } from './robots-rules.ts';
import type { OutcomeKind } from './source/pacing.ts';
import { parseRetryAfter } from '../domain/time/http-time.ts';
import { iso } from '../domain/time/iso.ts';

export type RobotsVerdict = { allowed: true } | { allowed: false; rule: string };

/** The part of `GET /source` about robots.txt. */
export interface RobotsView {
  /** `null` before the first copy. */
  fetchedAt: string | null;
  /** Whether the site has the file. A site without it allows everything. */
  present: boolean;
  /** Whether book pages are allowed. */
  allowsBooks: boolean;
  /** The line that disallows them. */
  rule: string | null;
  crawlDelaySeconds: number | null;
}

/** The result of fetching robots.txt, in the terms of the gate. */
export interface RobotsAttempt {
  kind: OutcomeKind;
  status: number;
  bytes: number;
  retryAfterMs: number | null;
  reason?: string;
}

export interface Robots {
  /** Whether a copy of any age is known, here or in the store. */
  known(): Promise<boolean>;
  /**
   * Claims the first fetch for all processes; `false` when another process has it. {@link letGo} releases it. A dead process loses it in
   * six seconds.
   */
  claim(): Promise<boolean>;
  letGo(): Promise<void>;
  /** Fetches robots.txt now, and keeps it when the fetch succeeds. Rejects only when the store fails. */
  fetchNow(): Promise<RobotsAttempt>;
  /**
   * Whether `path` may be requested. An old copy answers while a newer one is fetched in the background. Rejects with `crawl-failed`
   * without a copy.
   */
  check(path: string): Promise<RobotsVerdict>;
  /** Milliseconds between pages that robots.txt asks for; 0 when it asks for none or is not known. */
  crawlDelayMs(): number;
  view(): Promise<RobotsView>;
  /** Waits for a running fetch. */
  close(): Promise<void>;
}

export interface RobotsOptions {
  documents: DocumentStore;
  fetcher: PageFetcher;
  ledger?: Pick<Ledger, 'record'>;
  origin: string;
  /** Groups of robots.txt use the part before `/`. */
  userAgent: string;
  log: Log;
  /** Whether the source is closed now: then an old copy is not renewed. */
  closed?: () => boolean;
  now?: () => number;
}

/** A stored copy. */
interface Copy {
  /** `null`: the site has no such file. */
  text: string | null;
  fetchedAtMs: number;
  /** The next refresh happens no earlier than this. */
  nextTryAtMs: number;
  failures: number;
}

const FRESH_MS = 86_400_000;
const FIRST_RETRY_MS = 60_000;
const MAX_RETRY_MS = 3_600_000;
/** How old the copy in memory may be: another process may have stored a newer one. */
const LOCAL_MS = 60_000;
/** RFC 9309 requires at least 500 KiB. */
const MAX_TEXT_BYTES = 512 * 1024;

/** Makes the reader of robots.txt for one origin. It fetches nothing before the first call. */
export function createRobots(options: RobotsOptions): Robots {
  const { documents, fetcher, ledger, origin, userAgent, log, closed = () => false, now = Date.now } = options;
  const key = `robots/${new URL(origin).host}`;
  const claim = createClaim(documents, `${key}/claim`, now);
  let copy: Copy | null = null;
  let rules: RobotsRules | null = null;
  let loadedAtMs = 0;
  let fetching: Promise<RobotsAttempt> | undefined;

  const take = (next: Copy): void => {
    if (rules === null || next.text !== copy?.text) rules = readRobotsRules(next.text, origin, userAgent);
    copy = next;
    loadedAtMs = now();
  };
  const load = async (): Promise<void> => {
    const document = await documents.get(key, now());
    const stored = document === null ? null : (JSON.parse(document.json) as Copy);
    if (stored !== null && (copy === null || stored.fetchedAtMs >= copy.fetchedAtMs)) take(stored);
    else loadedAtMs = now();
  };
  const store = async (next: Copy): Promise<void> => {
    take(next);
    await documents.put(key, JSON.stringify(next), { nowMs: now(), expireAtMs: null });
  };

  const attempt = async (): Promise<RobotsAttempt> => {
    const nowMs = now();
    const { outcome, text } = await request(fetcher, ledger, now);
    if (outcome.kind === 'ok' || outcome.kind === 'missing') {
      await store({ text, fetchedAtMs: nowMs, nextTryAtMs: nowMs + FRESH_MS, failures: 0 });
      return outcome;
    }
    const { status, reason, retryAfterMs } = outcome;
    log.warn({ status, reason, copyFrom: copy === null ? null : iso(copy.fetchedAtMs) }, 'robots.txt could not be fetched');
    if (copy !== null) {
      const failures = copy.failures + 1;
      const waitMs = Math.max(retryAfterMs ?? 0, doublingMs(failures, FIRST_RETRY_MS, MAX_RETRY_MS));
      await store({ ...copy, failures, nextTryAtMs: now() + waitMs });
    }
    return outcome;
  };
  const fetchNow = async (): Promise<RobotsAttempt> => {
    fetching ??= attempt().finally(() => (fetching = undefined));
    return fetching;
  };

  return {
    async known() {
      if (copy === null) await load();
      return copy !== null;
    },
    claim: claim.take,
    letGo: claim.letGo,
    fetchNow,
    async check(path) {
      if (copy === null || Math.abs(now() - loadedAtMs) > LOCAL_MS) await load();
      if (copy === null || rules === null)
        throw new QuireError('crawl-failed', "Goodreads' robots.txt could not be read yet, and without it nothing is requested.");
      if (copy.nextTryAtMs <= now() && !closed())
        void fetchNow().catch((error: unknown) => log.warn({ err: error }, 'a newer robots.txt could not be stored'));
      const rule = rules.disallowing(path);
      return rule === null ? { allowed: true } : { allowed: false, rule };
    },
    crawlDelayMs: () => rules?.crawlDelayMs ?? 0,
    async view() {
      await load();
      const rule = rules?.disallowing('/book/show/1') ?? null;
      return {
        fetchedAt: copy === null ? null : iso(copy.fetchedAtMs),
        present: typeof copy?.text === 'string',
        allowsBooks: rule === null,
        rule,
        crawlDelaySeconds: rules === null || rules.crawlDelayMs === 0 ? null : rules.crawlDelayMs / 1000,
      };
    },
    async close() {
      claim.close();
      await fetching?.catch(() => {});
    },
  };
}

/** Requests the file once. `text` is `null` when the answer has no rules. */
async function request(
  fetcher: PageFetcher,
  ledger: Pick<Ledger, 'record'> | undefined,
  now: () => number,
): Promise<{ outcome: RobotsAttempt; text: string | null }> {
  let requests = 0;
  try {
    const answer = await fetcher.fetch('/robots.txt', { accept: 'text/plain,*/*;q=0.5', onSent: () => (requests += 1) });
    ledger?.record({ outcome: 'robots', requests: answer.requests, bytes: answer.wireBytes });
    const outcome = judge(answer, now());
    const text = outcome.kind === 'ok' ? Buffer.from(answer.body).subarray(0, MAX_TEXT_BYTES).toString('utf8') : null;
    return { outcome, text };
  } catch (error) {
    if (!(error instanceof FetchFault)) throw error;
    const { message: reason } = error;
    const kind = outcomeOf(error, requests);
    ledger?.record({ outcome: kind === 'unreachable' ? kind : 'robots', requests, bytes: 0 });
    return { outcome: { kind, status: 0, bytes: 0, retryAfterMs: null, reason }, text: null };
  }
}

/** What an answer to `/robots.txt` means: `ok` has rules, `missing` allows everything, all others give no copy. */
function judge(answer: FetchedPage, nowMs: number): RobotsAttempt {
  const { status, headers, wireBytes: bytes } = answer;
  const found = { status, bytes, retryAfterMs: status === 429 || status === 503 ? parseRetryAfter(headers['retry-after'], nowMs) : null };
  const challenged = headers['x-amzn-waf-action'] !== undefined || status === 202;
  if (challenged) return { ...found, kind: 'blocked', reason: `robots.txt itself was answered with a challenge (status ${status})` };
  if (status === 200) return { ...found, kind: 'ok' };
  if (status === 429 || status >= 500) return { ...found, kind: 'overloaded', reason: `robots.txt was answered with status ${status}` };
  if (status >= 400) return { ...found, kind: 'missing' };
  return { ...found, kind: 'failed', reason: `robots.txt was answered with status ${status}` };
}
