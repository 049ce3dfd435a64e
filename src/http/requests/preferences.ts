/** `Prefer: wait=n` (RFC 7240): the caller would rather wait some seconds for the outcome than ask again. */
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Longest wait that is granted, in seconds. Proxies cut off requests that stay silent for a minute. */
const MAX_WAIT_SECONDS = 30;

/** Waits that are granted at once. A preference may be ignored (RFC 7240, 2), so requests beyond this are answered at once. */
const MAX_WAITS = 1_000;

/** The seconds that a caller prefers to wait, at most {@link MAX_WAIT_SECONDS}; 0 without a preference, or with a malformed one. */
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

/** Waits that end when a signal fires. The signal has one listener for all of them: Node warns of a leak beyond ten. */
const waitsOf = new WeakMap<AbortSignal, Set<() => void>>();

function waitsUntil(signal: AbortSignal): Set<() => void> {
  let waits = waitsOf.get(signal);
  if (!waits) {
    const ends = (waits = new Set<() => void>());
    waitsOf.set(signal, ends);
    signal.addEventListener('abort', () => ends.forEach((end) => end()), { once: true });
  }
  return waits;
}

/** Grants the wait a request asks for, and says so in `Preference-Applied`; `null` when it asks for none, or too many wait. */
export function grantWait(request: FastifyRequest, reply: FastifyReply, closing: AbortSignal): GrantedWait | null {
  const seconds = preferredWaitSeconds(request.headers.prefer);
  if (seconds === 0) return null;
  const waits = waitsUntil(closing);
  if (waits.size >= MAX_WAITS) return null;
  reply.header('preference-applied', `wait=${seconds}`);
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  reply.raw.once('close', abort);
  waits.add(abort);
  if (closing.aborted) abort();
  return {
    timeoutMs: seconds * 1000,
    signal: controller.signal,
    end() {
      reply.raw.off('close', abort);
      waits.delete(abort);
    },
  };
}
