/** Conditional requests (RFC 9110, 13): whether a caller's copy is still the one we have. */
import type { IncomingHttpHeaders } from 'node:http';
import { parseHttpDate } from '../../domain/time/http-time.ts';

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
  const sinceMs = since === undefined ? null : parseHttpDate(since);
  return sinceMs !== null && Math.floor(modifiedMs / 1000) * 1000 <= sinceMs;
}
