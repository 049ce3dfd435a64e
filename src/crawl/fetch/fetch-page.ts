/**
 * Fetches one page from the only origin that is ever requested: compressed, within limits of time and size, without cookies. It checks
 * every redirect. parser/ decides what a page means, source.ts when to ask.
 */
import { Pool } from 'undici';
import { ACCEPT_ENCODING, decodeBody } from './decode-body.ts';
import { exchange, isRedirect, needsNoBody, type AnswerHeaders, type Exchange } from './exchange.ts';
import { FetchFault } from './fetch-fault.ts';
import { createTunnels, takesProxy, type ProxySettings } from './proxy.ts';
import { decideRedirect } from './redirect.ts';

export interface PageFetcherOptions {
  /** The only origin that is requested, such as `https://www.goodreads.com`. */
  origin: string;
  userAgent: string;
  /** Longest time from the request to the last byte of the last hop; waits in {@link FetchOptions.beforeHop} do not count. */
  timeoutMs: number;
  /** Limit of the received and of the decompressed body. Default 8 MiB. */
  maxBytes?: number;
  /** Default 3. */
  maxRedirects?: number;
  /** The most connections that are kept. */
  connections: number;
  /** Default: no proxy. */
  proxy?: ProxySettings;
  /** For tests: a certificate (PEM) that is trusted instead of the well-known ones. */
  ca?: string;
}

export interface FetchOptions {
  /** Ends the fetch, which rejects with the signal's reason. */
  signal?: AbortSignal;
  /** The value of `Accept`. Default: an HTML page, because Goodreads answers other types with an empty challenge. */
  accept?: string;
  /** Called before a redirect to `path` is followed; a rejection ends the fetch with it. */
  beforeHop?: (path: string) => Promise<void>;
  /** Called for each request that leaves. Without a connection, none does. */
  onSent?: () => void;
}

/** An answer of Goodreads with any status, and what it cost. */
export interface FetchedPage {
  status: number;
  headers: AnswerHeaders;
  /** Decompressed. Empty when the body was broken or too large, and the status alone is the answer. */
  body: Uint8Array;
  /** The address that answered, after redirects. */
  url: string;
  elapsedMs: number;
  /** Bytes of all bodies as they were received, compressed. */
  wireBytes: number;
  /** Number of requests: 1 and the followed redirects. */
  requests: number;
}

export interface PageFetcher {
  /**
   * Fetches `path`, which Quire itself builds. Resolves for every complete answer, also for errors and sign-in redirects.
   * Rejects with a {@link FetchFault}, with the signal's reason, or with what `beforeHop` throws.
   */
  fetch(path: string, options?: FetchOptions): Promise<FetchedPage>;
  /** Ends every connection. Running fetches reject. */
  close(): Promise<void>;
}

const HTML = 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.1';
const MEBIBYTE = 1024 * 1024;
/** How long an idle connection is kept; servers commonly close theirs after a minute. */
const IDLE_MS = 20_000;

/** Makes a fetcher with its own pool of connections. The caller closes it. */
export function createPageFetcher(options: PageFetcherOptions): PageFetcher {
  const { userAgent, timeoutMs, maxBytes = 8 * MEBIBYTE, maxRedirects = 3, connections, proxy, ca } = options;
  const { origin } = new URL(options.origin);
  const tunnels = proxy?.httpsProxy && takesProxy(origin, proxy) ? createTunnels(proxy.httpsProxy, { timeoutMs, ca }) : null;
  const pool = new Pool(origin, {
    connections,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    connect: tunnels?.connect ?? { timeout: timeoutMs, ...(ca === undefined ? {} : { ca }) },
    // One deadline over the whole exchange replaces the client's own timers, because a slow drip never triggers those.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 64 * 1024,
  });

  const get = async (path: string, accept: string, signal: AbortSignal, onSent: () => void): Promise<Exchange> =>
    exchange(pool, {
      path,
      headers: ['user-agent', userAgent, 'accept', accept, 'accept-language', 'en-US,en;q=0.5', 'accept-encoding', ACCEPT_ENCODING],
      maxBytes,
      signal,
      onSent,
    });

  return {
    async fetch(path, { signal, accept = HTML, beforeHop, onSent = () => undefined } = {}) {
      // Only an error in the program makes another path.
      if (!/^\/[\x21-\x7e]*$/.test(path)) throw new TypeError(`not a path to fetch: ${JSON.stringify(path.slice(0, 100))}`);
      const deadline = startDeadline(timeoutMs, signal);
      const startedMs = performance.now();
      let here = path;
      let wireBytes = 0;
      try {
        for (let requests = 1; ; requests++) {
          const answer = await get(here, accept, deadline.signal, onSent);
          wireBytes += answer.body.length;
          const decision = isRedirect(answer.status)
            ? decideRedirect(origin, here, answer.headers['location'])
            : { kind: 'answer' as const };
          if (decision.kind === 'answer') {
            const body = await decoded(answer, maxBytes);
            deadline.check();
            return {
              status: answer.status,
              headers: answer.headers,
              body,
              url: origin + here,
              elapsedMs: performance.now() - startedMs,
              wireBytes,
              requests,
            };
          }
          if (requests > maxRedirects) throw new FetchFault('redirect', `Goodreads redirected more than ${maxRedirects} times.`);
          here = decision.path;
          if (beforeHop !== undefined) await deadline.pausedFor(async () => beforeHop(here));
        }
      } finally {
        deadline.stop();
      }
    },
    async close() {
      tunnels?.close();
      await pool.destroy();
    },
  };
}

async function decoded(answer: Exchange, maxBytes: number): Promise<Buffer> {
  try {
    return await decodeBody(answer.body, encodingOf(answer.headers), maxBytes);
  } catch (error) {
    if (needsNoBody(answer.status, answer.headers)) return Buffer.alloc(0);
    throw error;
  }
}

function encodingOf(headers: AnswerHeaders): string | undefined {
  const encoding = headers['content-encoding'];
  return Array.isArray(encoding) ? encoding.join(',') : encoding;
}

interface Deadline {
  /** Aborted by the deadline (with a {@link FetchFault}) or by the caller's signal (with its reason). */
  signal: AbortSignal;
  check(): void;
  pausedFor(work: () => Promise<void>): Promise<void>;
  stop(): void;
}

function startDeadline(timeoutMs: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let leftMs = timeoutMs;
  let startedMs = performance.now();
  const expire = (): void => controller.abort(new FetchFault('timeout', `The page was not complete after ${timeoutMs} ms.`));
  let timer = setTimeout(expire, leftMs);
  const onAbort = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) onAbort();
  outer?.addEventListener('abort', onAbort);
  return {
    signal: controller.signal,
    check: () => controller.signal.throwIfAborted(),
    async pausedFor(work) {
      clearTimeout(timer);
      leftMs = Math.max(0, leftMs - (performance.now() - startedMs));
      await work();
      startedMs = performance.now();
      timer = setTimeout(expire, leftMs);
    },
    stop() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onAbort);
    },
  };
}
