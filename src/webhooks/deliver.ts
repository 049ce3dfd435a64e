/** One attempt of a delivery: decides whether to call, calls, and returns what comes next. It does not know the queue. */
import type { Log } from '../domain/log.ts';
import { parseRetryAfter } from '../domain/time/http-time.ts';
import type { QueuedDelivery } from './delivery-queue.ts';
import { QuireError } from '../errors.ts';
import type { Deliveries, DeliveryAttempt } from './deliveries.ts';
import { batchOf, signingSecrets, type Endpoints } from './endpoints.ts';
import { messageOf } from './events/message.ts';
import { GIVE_UP_AFTER_MS, waitAfter } from './retry-schedule.ts';
import { DEADLINE_MS, send } from './sending/send.ts';
import { SECRET_FORM, signedHeaders } from './sending/signing.ts';
import type { TargetGuard } from './sending/target-guard.ts';

/** The outcome of an attempt. `ended`: there is nothing more to do. `retry`: call again after `waitMs`. */
export type AttemptOutcome =
  | { kind: 'ended'; state: 'delivered' | 'failed' | 'superseded' }
  | { kind: 'retry'; waitMs: number; detail: string };

export interface DelivererOptions {
  endpoints: Endpoints;
  deliveries: Deliveries;
  guard: TargetGuard;
  /** Signs the calls of batches that gave no secret. */
  defaultSecret: string | null;
  /** The value of `User-Agent`. */
  userAgent: string;
  log: Log;
  /** Longest time an attempt may take. */
  deadlineMs?: number;
  now?: () => number;
  random?: () => number;
}

/** `failures` counts the failed attempts of this run. Throws the signal's reason when it fires, and what the store throws. */
export type Deliver = (queued: QueuedDelivery, failures: number, signal: AbortSignal) => Promise<AttemptOutcome>;

const ERROR_CODE = /^[A-Z][A-Z0-9_]{2,60}$/;

/** Why there was no answer, without network details that callers must not see. */
function faultOf(error: unknown): string {
  if (error instanceof QuireError) return error.message;
  const { code, name, cause } = error as { code?: unknown; name?: unknown; cause?: { code?: unknown } };
  const word = [code, cause?.code].find((one) => typeof one === 'string' && ERROR_CODE.test(one)) ?? name;
  return `No answer: ${String(word)}.`;
}

export function createDeliverer(options: DelivererOptions): Deliver {
  const {
    endpoints,
    deliveries,
    guard,
    defaultSecret,
    userAgent,
    log,
    deadlineMs = DEADLINE_MS,
    now = Date.now,
    random = Math.random,
  } = options;

  /** Makes the call. Resolves to the attempt for the log, and the wait that the receiver asked for. */
  const attempt = async (
    body: string,
    url: string,
    headers: Record<string, string>,
    stop: AbortSignal,
  ): Promise<DeliveryAttempt & { retryAfterMs: number | null }> => {
    const atMs = now();
    const began = performance.now();
    const deadline = AbortSignal.timeout(deadlineMs);
    const signal = AbortSignal.any([stop, deadline]);
    const took = (): number => Math.round(performance.now() - began);
    try {
      const target = await guard.check(url, signal);
      const { status, retryAfter } = await send({ target, headers, body, signal });
      const error =
        status >= 200 && status < 300
          ? null
          : `The receiver answered ${status}${status >= 300 && status < 400 ? '; redirects are not followed' : ''}.`;
      return { atMs, durationMs: took(), status, error, retryAfterMs: error === null ? null : parseRetryAfter(retryAfter, now()) };
    } catch (error) {
      if (stop.aborted) throw error;
      const detail = deadline.aborted ? `No answer within ${deadlineMs / 1000} s.` : faultOf(error);
      return { atMs, durationMs: took(), status: null, error: detail, retryAfterMs: null };
    }
  };

  return async (queued, failures, stop) => {
    const { id, run } = queued;
    const delivery = await deliveries.get(id);
    if (!delivery || delivery.run !== run || delivery.state !== 'pending') return { kind: 'ended', state: 'superseded' };
    const { endpointId } = delivery;

    const end = async (state: 'delivered' | 'failed', made: DeliveryAttempt | null, note: string | null): Promise<AttemptOutcome> => {
      await deliveries.update(id, (before) =>
        before.run === run
          ? {
              ...before,
              state,
              settledAtMs: now(),
              nextAttemptAtMs: null,
              note,
              attempts: made ? [...before.attempts, made] : before.attempts,
            }
          : null,
      );
      if (state === 'failed')
        log.warn({ deliveryId: id, endpointId, status: made?.status ?? null }, `a webhook was not delivered: ${note ?? made?.error ?? ''}`);
      return { kind: 'ended', state };
    };

    const endpoint = await endpoints.get(endpointId);
    if (!endpoint) return end('failed', null, 'The webhook was deleted.');
    if (endpoint.disabled) return end('failed', null, `The webhook is disabled. ${endpoint.disabled.reason}`);
    const secrets = signingSecrets(endpoint, defaultSecret, now());
    if (secrets.length === 0) return end('failed', null, `There is no valid secret to sign with: it must be ${SECRET_FORM}.`);

    const { body, headers: form } = messageOf(delivery.type, delivery.body, endpoint.format);
    const headers = { ...form, 'user-agent': userAgent, ...signedHeaders({ id, body, secrets, nowMs: now() }) };
    const { retryAfterMs, ...made } = await attempt(body, endpoint.url, headers, stop);
    if (made.error === null) return end('delivered', made, null);
    if (made.status === 410) {
      const reason = 'Its receiver answered 410 Gone.';
      if (batchOf(endpointId) === null) {
        await endpoints.update(endpointId, (before) => ({ ...before, disabled: before.disabled ?? { atMs: now(), reason } }));
        log.info({ endpointId }, 'a webhook was disabled: its receiver answered 410 Gone');
      }
      return end('failed', made, reason);
    }
    if (now() - delivery.runAtMs >= GIVE_UP_AFTER_MS)
      return end('failed', made, `Given up after ${failures + 1} attempts over ${GIVE_UP_AFTER_MS / 3_600_000} hours.`);
    const waitMs = waitAfter(failures + 1, { retryAfterMs, random });
    await deliveries.update(id, (before) =>
      before.run === run ? { ...before, nextAttemptAtMs: now() + waitMs, attempts: [...before.attempts, made] } : null,
    );
    return { kind: 'retry', waitMs, detail: made.error };
  };
}
