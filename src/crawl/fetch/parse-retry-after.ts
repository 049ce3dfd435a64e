/** Reading `Retry-After`: seconds, or an HTTP date in any of the three forms of RFC 9110. */

/** Longer wishes are cut to this: a day is longer than any honest answer, and a slip in a header must not stop the crawler for a year. */
export const MAX_RETRY_AFTER_MS = 86_400_000;

const SECONDS = /^\d{1,10}$/;
/** `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`. */
const HTTP_DATE =
  /^(?:\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT|\w{6,9}, \d{2}-\w{3}-\d{2} \d{2}:\d{2}:\d{2} GMT|\w{3} \w{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/** Milliseconds from `nowMs` on that the header asks to wait, 0 to {@link MAX_RETRY_AFTER_MS}; `null` when there is no such wish or it makes no sense. */
export function parseRetryAfter(header: string | string[] | undefined, nowMs: number): number | null {
  const text = (Array.isArray(header) ? header[0] : header)?.trim() ?? '';
  if (SECONDS.test(text)) return Math.min(Number(text) * 1000, MAX_RETRY_AFTER_MS);
  if (!HTTP_DATE.test(text)) return null;
  // The oldest form carries no zone, and means GMT like the others.
  const atMs = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(atMs) ? null : Math.min(Math.max(0, atMs - nowMs), MAX_RETRY_AFTER_MS);
}
