/** A `fetch` that tries again what may be tried again, at the time that the answer names. */

export interface RetryOptions {
  /** Tries after the first. */
  retries: number;
  /** Milliseconds before the second try where the answer names no time; each later one waits twice as long. */
  backoffMs: number;
  /** Longest wait in milliseconds that is accepted. An answer that asks for more is handed to the caller. */
  maxWaitMs: number;
}

/** These say that the request was not done, and that the same one may succeed later. */
const RETRIED = new Set([429, 502, 503, 504]);
const SAFE = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

/** Milliseconds that a `Retry-After` asks for, which is seconds or an HTTP date (RFC 9110, section 10.2.3); null when it is neither. */
function retryAfterMs(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** A request may be sent twice when it is idempotent by its method, or by the key that it carries. */
const mayRepeat = (request: Request): boolean => SAFE.has(request.method) || request.headers.has('idempotency-key');

/** Resolves after `ms`, or rejects as soon as the signal says so. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

/**
 * Wraps `fetch`. A 429 or 503 is always tried again: Quire keeps nothing of such a request. Other failures, and connections
 * that break, only when the request is idempotent.
 */
export function retryingFetch(
  inner: (request: Request) => Promise<Response>,
  options: RetryOptions,
): (request: Request) => Promise<Response> {
  return async (request) => {
    for (let attempt = 0; ; attempt += 1) {
      const last = attempt >= options.retries;
      const backoffMs = options.backoffMs * 2 ** attempt;
      let waitMs: number;
      try {
        const response = await inner(last ? request : request.clone());
        const repeats = response.status === 429 || response.status === 503 || mayRepeat(request);
        if (last || !RETRIED.has(response.status) || !repeats) return response;
        // A crawl that failed for good is a 502 too. It has no Retry-After, and asking again does not help.
        const askedMs = retryAfterMs(response.headers.get('retry-after'), Date.now());
        if (response.status === 502 && askedMs === null) return response;
        waitMs = askedMs ?? backoffMs;
        if (waitMs > options.maxWaitMs) return response;
        await response.body?.cancel();
      } catch (error) {
        if (last || request.signal.aborted || !mayRepeat(request)) throw error;
        waitMs = backoffMs;
      }
      await sleep(waitMs, request.signal);
    }
  };
}
