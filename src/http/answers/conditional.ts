/** Conditional requests (RFC 9110, 13): whether a caller's copy is still the one we have. */
import type { IncomingHttpHeaders } from 'node:http';

/** The three forms of an HTTP date (RFC 9110, 5.6.7). `Date.parse` alone would take much that is none, such as `2050`. */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? (?:\d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} [\d:]{8} GMT|[A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4})$/;

/**
 * Whether to answer 304. `etag` is the bare tag. `If-None-Match` decides alone when it is there; it is compared weakly,
 * and `*` matches any copy. `modifiedMs` is cut to whole seconds, like the `Last-Modified` it was sent as.
 */
export function isNotModified(headers: IncomingHttpHeaders, etag: string, modifiedMs: number): boolean {
  const match = headers['if-none-match'];
  if (match !== undefined) {
    if (match === '*') return true;
    const wanted = `"${etag}"`;
    return match.split(',').some((tag) => tag.trim().replace(/^W\//, '') === wanted);
  }
  const since = headers['if-modified-since'];
  if (since === undefined || !HTTP_DATE.test(since)) return false;
  // The oldest form names no zone.
  const sinceMs = Date.parse(since.endsWith('GMT') ? since : `${since} GMT`);
  return !Number.isNaN(sinceMs) && Math.floor(modifiedMs / 1000) * 1000 <= sinceMs;
}
