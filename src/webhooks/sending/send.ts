/** One call of a webhook: a POST to checked addresses, without redirects, with limits of time and size. */
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { buildConnector, Client } from 'undici';
import { untraced } from '../../tracing.ts';
import type { Target } from './target-guard.ts';

/** Longest time an attempt may take, from look-up to the last byte read. */
export const DEADLINE_MS = 10_000;
/** The most bytes of an answer that are read. Only its status matters, so none of them are kept. */
export const MAX_ANSWER_BYTES = 64 * 1024;

export interface SendRequest {
  target: Target;
  headers: Record<string, string>;
  body: string;
  /** Ends the call; its reason is what the caller gets. */
  signal: AbortSignal;
}

export interface SendAnswer {
  status: number;
  retryAfter: string | string[] | undefined;
}

/** A look-up that always returns these addresses. Node asks for all of them, and tries them in turn. */
const pinned =
  (addresses: readonly string[]): LookupFunction =>
  (_hostname, options, done) => {
    const all = addresses.map((address) => ({ address, family: isIP(address) }));
    const [first] = all;
    if (first === undefined) return done(new Error('no address was admitted'), '', 0);
    if (options.all === true) return done(null, all);
    done(null, first.address, first.family);
  };

/** Sends the call. Resolves to the status of the answer, once the answer is read or cut off. Rejects when there was no answer. */
export async function send({ target, headers, body, signal }: SendRequest): Promise<SendAnswer> {
  const { url, addresses } = target;
  // Each call has its own connection, because its addresses were checked for this call alone. Host, server name and certificate are those
  // of the URL.
  const client = new Client(url.origin, {
    connect: buildConnector({ lookup: pinned(addresses), autoSelectFamily: true, timeout: DEADLINE_MS, maxCachedSessions: 0 }),
    headersTimeout: DEADLINE_MS,
    bodyTimeout: DEADLINE_MS,
    maxHeaderSize: 16 * 1024,
  });
  try {
    const answer = await untraced(() => client.request({ method: 'POST', path: url.pathname + url.search, headers, body, signal }));
    let received = 0;
    try {
      for await (const piece of answer.body as AsyncIterable<Buffer>) {
        received += piece.length;
        if (received >= MAX_ANSWER_BYTES) break;
      }
    } catch {
      // The status is known: a body that is broken or too slow changes nothing.
    }
    return { status: answer.statusCode, retryAfter: answer.headers['retry-after'] };
  } finally {
    await client.destroy();
  }
}
