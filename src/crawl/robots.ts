/**
 * What robots.txt allows us. Fetched with the crawler's own client, kept a day in the store for all processes, and kept
 * on while a newer one cannot be had. How each answer counts follows RFC 9309, section 2.3.1: see docs/crawler.md.
 */
import robotsModule, { type Robot } from 'robots-parser';
import { QuireError } from '../errors.ts';
import type { DocumentStore } from '../storage/store.ts';
import type { FetchedPage, PageFetcher } from './fetch/fetch-page.ts';
import { FetchFault } from './fetch/fetch-fault.ts';
import type { Ledger } from './ledger.ts';
import type { Log } from '../domain/log.ts';
import type { OutcomeKind } from './source/pacing.ts';
import { parseRetryAfter } from './fetch/parse-retry-after.ts';

export type RobotsVerdict = { allowed: true } | { allowed: false; rule: string };

/** The part of `GET /source` that tells about robots.txt. */
export interface RobotsView {
  /** `null` while none was ever had. */
  fetchedAt: string | null;
  /** Whether there is one: a site without allows everything. */
  present: boolean;
  /** Whether book pages are allowed. */
  allowsBooks: boolean;
  /** The line that disallows them. */
  rule: string | null;
  crawlDelaySeconds: number | null;
}

/** How the fetch of a robots.txt went, in the terms of the gate. */
export interface RobotsAttempt {
  kind: OutcomeKind;
  status: number;
  bytes: number;
  retryAfterMs: number | null;
  reason?: string;
}

export interface Robots {
  /** Whether a copy is known, here or in the store, however old. */
  known(): Promise<boolean>;
  /** Takes on the first fetch for all processes; `false` when another has it. Let go with {@link letGo}; of a process that dies it is gone within six seconds. */
  claim(): Promise<boolean>;
  letGo(): Promise<void>;
  /** Fetches robots.txt now and keeps it if it can be had. Never rejects but for the store. */
  fetchNow(): Promise<RobotsAttempt>;
  /** Whether `path` may be requested. An old copy answers while a newer one is fetched behind it. Rejects with `crawl-failed` when no copy is known. */
  check(path: string): Promise<RobotsVerdict>;
  /** Milliseconds between pages that robots.txt asks for; 0 for none, and while it is not known. */
  crawlDelayMs(): number;
  view(): Promise<RobotsView>;
  /** Waits for a fetch under way. */
  close(): Promise<void>;
}

export interface RobotsOptions {
  documents: DocumentStore;
  fetcher: PageFetcher;
  ledger?: Pick<Ledger, 'record'>;
  origin: string;
  /** Its part before `/` is the name that groups of robots.txt are looked up by. */
  userAgent: string;
  log: Log;
  /** Tells that the source may not be asked just now, so that an old copy is not renewed. */
  held?: () => boolean;
  now?: () => number;
}

/** A stored copy. */
interface Copy {
  /** `null`: the site has none. */
  text: string | null;
  fetchedAtMs: number;
  /** Not before then is a newer one tried for. */
  nextTryAtMs: number;
  failures: number;
}

/** The package is CommonJS whose export is the function itself; its types describe an ES module. */
const robotsParser = robotsModule as unknown as (url: string, text: string) => Robot;
const FRESH_MS = 86_400_000;
/** A claim is renewed while its process lives: one that was killed in the middle must not keep all others waiting. */
const CLAIM_MS = 6_000;
const RENEW_MS = 2_000;
const FIRST_RETRY_MS = 60_000;
const MAX_RETRY_MS = 3_600_000;
/** How old the local copy of the stored copy may grow: another process may have a newer one. */
const LOCAL_MS = 60_000;
/** RFC 9309 wants at least 500 KiB read. */
const MAX_TEXT_BYTES = 512 * 1024;

/** Makes the reader of robots.txt for one origin. Nothing is fetched before it is asked for. */
export function createRobots({
  documents,
  fetcher,
  ledger,
  origin,
  userAgent,
  log,
  held = () => false,
  now = Date.now,
}: RobotsOptions): Robots {
  const key = `robots/${new URL(origin).host}`;
  const claimKey = `${key}/claim`;
  const url = `${origin}/robots.txt`;
  let copy: Copy | null = null;
  let parsed: Robot | null = null;
  let loadedAtMs = 0;
  let fetching: Promise<RobotsAttempt> | undefined;
  let renewal: NodeJS.Timeout | undefined;

  const take = (next: Copy): void => {
    if (parsed === null || next.text !== copy?.text) parsed = robotsParser(url, next.text ?? '');
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
    let outcome: RobotsAttempt;
    try {
      const answer = await fetcher.fetch('/robots.txt', { accept: 'text/plain,*/*;q=0.5' });
      outcome = judge(answer, now());
      ledger?.record({ outcome: 'robots', requests: answer.requests, bytes: answer.wireBytes });
      if (outcome.kind === 'ok' || outcome.kind === 'missing') {
        const text = outcome.kind === 'ok' ? Buffer.from(answer.body).subarray(0, MAX_TEXT_BYTES).toString('utf8') : null;
        await store({ text, fetchedAtMs: nowMs, nextTryAtMs: nowMs + FRESH_MS, failures: 0 });
        return outcome;
      }
    } catch (error) {
      if (!(error instanceof FetchFault)) throw error;
      ledger?.record({ outcome: 'robots', requests: 1, bytes: 0 });
      outcome = { kind: 'failed', status: 0, bytes: 0, retryAfterMs: null, reason: error.message };
    }
    log.warn(
      { status: outcome.status, reason: outcome.reason, copyFrom: copy === null ? null : new Date(copy.fetchedAtMs).toISOString() },
      'robots.txt could not be had',
    );
    if (copy !== null) {
      const failures = copy.failures + 1;
      const waitMs = Math.max(outcome.retryAfterMs ?? 0, Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 10)));
      await store({ ...copy, failures, nextTryAtMs: now() + waitMs });
    }
    return outcome;
  };
  const fetchNow = async (): Promise<RobotsAttempt> => {
    fetching ??= attempt().finally(() => (fetching = undefined));
    return fetching;
  };

  const disallowing = (robot: Robot, path: string): string | null => {
    if (robot.isAllowed(origin + path, userAgent) !== false) return null;
    const line = robot.getMatchingLineNumber(origin + path, userAgent);
    const lines = copy?.text?.split(/\r\n|\r|\n/) ?? [];
    const text = lines
      .at(line - 1)
      ?.trim()
      .slice(0, 200);
    return line < 1 || text === undefined ? 'a rule of robots.txt' : `line ${line}: ${text}`;
  };
  const delaySeconds = (): number => {
    const seconds = parsed?.getCrawlDelay(userAgent) ?? 0;
    return Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
  };
  /** Crawl-delay is asked for with every slot, so it is worked out once a copy. */
  let delay: { of: Robot | null; ms: number } = { of: null, ms: 0 };

  return {
    async known() {
      if (copy === null) await load();
      return copy !== null;
    },
    async claim() {
      const put = (ifVersion: number) => documents.put(claimKey, '{}', { nowMs: now(), ifVersion, expireAtMs: now() + CLAIM_MS });
      let version = await put(0);
      if (version === null) return false;
      clearInterval(renewal);
      renewal = setInterval(() => {
        // By its version: what was let go, or has passed to another, is not taken back.
        if (version !== null)
          put(version)
            .then((next) => (version = next))
            .catch(() => undefined);
      }, RENEW_MS).unref();
      return true;
    },
    async letGo() {
      clearInterval(renewal);
      await documents.delete(claimKey);
    },
    fetchNow,
    async check(path) {
      if (copy === null || Math.abs(now() - loadedAtMs) > LOCAL_MS) await load();
      if (copy === null || parsed === null)
        throw new QuireError('crawl-failed', "Goodreads' robots.txt could not be read yet, and without it nothing is requested.");
      if (copy.nextTryAtMs <= now() && !held())
        void fetchNow().catch((error: unknown) => log.warn({ err: error }, 'a newer robots.txt could not be kept'));
      const rule = disallowing(parsed, path);
      return rule === null ? { allowed: true } : { allowed: false, rule };
    },
    crawlDelayMs() {
      if (delay.of !== parsed) delay = { of: parsed, ms: delaySeconds() * 1000 };
      return delay.ms;
    },
    async view() {
      await load();
      const rule = parsed === null ? null : disallowing(parsed, '/book/show/1');
      return {
        fetchedAt: copy === null ? null : new Date(copy.fetchedAtMs).toISOString(),
        present: typeof copy?.text === 'string',
        allowsBooks: rule === null,
        rule,
        crawlDelaySeconds: delaySeconds() || null,
      };
    },
    async close() {
      clearInterval(renewal);
      await fetching?.catch(() => {});
    },
  };
}

/** What an answer to `/robots.txt` means: `ok` carries rules, `missing` allows everything, all others leave us without. */
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
