/** Times in HTTP headers (RFC 9110): dates, and `Retry-After` read and written. */

/** A longer `Retry-After` is cut to this: an error in a header must not stop the crawler for a year. */
export const MAX_RETRY_AFTER_MS = 86_400_000;

const SECONDS = /^\d{1,10}$/;
/**
 * `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`. `Date.parse` alone accepts many other
 * texts.
 */
const HTTP_DATE =
  /^(?:\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT|\w{6,9}, \d{2}-\w{3}-\d{2} \d{2}:\d{2}:\d{2} GMT|\w{3} \w{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/** A time as an HTTP date, cut to whole seconds. */
export const httpDate = (ms: number): string => new Date(ms).toUTCString();

/** The time that an HTTP date names, in any of its three forms; `null` for any other text. */
export function parseHttpDate(text: string): number | null {
  if (!HTTP_DATE.test(text)) return null;
  // The oldest form has no zone, and means GMT like the others.
  const ms = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(ms) ? null : ms;
}

/**
 * Milliseconds that `Retry-After` asks to wait from `nowMs`, 0 to {@link MAX_RETRY_AFTER_MS}. `null` when the header is absent or not
 * valid.
 */
export function parseRetryAfter(header: string | string[] | undefined, nowMs: number): number | null {
  const text = (Array.isArray(header) ? header[0] : header)?.trim() ?? '';
  if (SECONDS.test(text)) return Math.min(Number(text) * 1000, MAX_RETRY_AFTER_MS);
  const atMs = parseHttpDate(text);
  return atMs === null ? null : Math.min(Math.max(0, atMs - nowMs), MAX_RETRY_AFTER_MS);
}

/**
 * A `Retry-After` of whole seconds: at least 1, and longer than `seconds` by a random part of a quarter (of 2 s to 30 s). So callers that
 * were refused together return one by one.
 */
export function retryAfter(seconds: number, random: () => number = Math.random): string {
  const least = Math.max(1, Math.ceil(seconds));
  const spread = Math.min(30, Math.max(2, least / 4));
  return String(least + Math.floor(random() * (spread + 1)));
}
