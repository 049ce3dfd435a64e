/** `Prefer: wait=n` (RFC 7240): the caller would rather wait some seconds for the outcome than ask again. */
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Longest wait that is granted, in seconds. Proxies cut off requests that stay silent for a minute. */
const MAX_WAIT_SECONDS = 30;

/** Waits that are granted at once. A preference may be ignored (RFC 7240, 2), so who asks beyond this is answered at once. */
const MAX_WAITS = 1_000;
/** The waits that are under way, by the signal of their app. */
const waits = new WeakMap<AbortSignal, Set<AbortController>>();

/** The seconds a caller wants to wait, at most {@link MAX_WAIT_SECONDS}; 0 when he does not. A malformed preference is ignored, as the RFC asks. */
export function preferredWaitSeconds(prefer: string | string[] | undefined): number {
  if (prefer === undefined) return 0;
  for (const preference of String(prefer).split(/[,;]/)) {
    const wait = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*$/i.exec(preference)?.[1];
    if (wait !== undefined) return Math.min(Number(wait), MAX_WAIT_SECONDS);
  }
  return 0;
}

/** A wait that was granted: its length, and a signal that fires when the caller is gone or the app closes. */
export interface GrantedWait {
  timeoutMs: number;
  signal: AbortSignal;
  /** Must be called once the wait is over. */
  end(): void;
}

/** Grants the wait a request asks for, and says so in `Preference-Applied`; `null` when it asks for none, or too many wait. */
export function grantWait(request: FastifyRequest, reply: FastifyReply, closing: AbortSignal): GrantedWait | null {
  const seconds = preferredWaitSeconds(request.headers.prefer);
  if (seconds === 0) return null;
  const waiting = waits.get(closing) ?? new Set();
  if (waiting.size >= MAX_WAITS) return null;
  waits.set(closing, waiting);
  reply.header('preference-applied', `wait=${seconds}`);
  const controller = new AbortController();
  waiting.add(controller);
  const abort = (): void => controller.abort();
  reply.raw.once('close', abort);
  closing.addEventListener('abort', abort, { once: true });
  if (closing.aborted) abort();
  return {
    timeoutMs: seconds * 1000,
    signal: controller.signal,
    end() {
      waiting.delete(controller);
      reply.raw.off('close', abort);
      closing.removeEventListener('abort', abort);
    },
  };
}
