/** Request ids: the caller's `x-request-id` when it is sane, else a new one. Problems carry the id as `instance`, log lines as `reqId`. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const SANE = /^[\w.~-]{1,128}$/;

/** Ids of this process start with eight random characters and count on: unique without asking for randomness each time. */
const start = randomBytes(6).toString('base64url');
let count = 0;

/** The id of a request. */
export function requestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  if (typeof given === 'string' && SANE.test(given)) return given;
  count += 1;
  return `${start}-${count.toString(36)}`;
}
