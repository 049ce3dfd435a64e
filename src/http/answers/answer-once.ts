/** Answers a request once for each `Idempotency-Key`; a request that comes again gets the first answer. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../domain/log.ts';
import { retryAfter } from '../../domain/time/http-time.ts';
import type { Store } from '../../storage/store.ts';
import { createIdempotencyKeys, readIdempotencyKey, type KeptAnswer } from '../requests/idempotency.ts';

/** Response header of links that are queued: when the batch is worth a look. */
export const LOOK_AFTER = {
  'Retry-After': { type: 'integer', required: true, description: 'Seconds, with jitter.' },
} as const;

/** What comes with a key: the text that must be the same the second time, and how long the request may take beyond its lease. */
export interface Asked {
  fingerprint: () => string;
  waitMs: number;
}

export interface Answers {
  first: () => Promise<KeptAnswer>;
  /** The answer of an earlier request, as it is told now. */
  again: (kept: KeptAnswer) => Promise<KeptAnswer>;
}

export type AnswerOnce = (request: FastifyRequest, reply: FastifyReply, asked: Asked, answers: Answers) => Promise<KeptAnswer>;

const callerOf = ({ headers }: FastifyRequest): string => `${headers.authorization ?? ''} ${String(headers['x-api-key'] ?? '')}`;

export function createAnswerOnce({ store, log }: { store: Pick<Store, 'documents'>; log: Log }): AnswerOnce {
  const keys = createIdempotencyKeys(store.documents);
  return async (request, reply, { fingerprint, waitMs }, { first, again }) => {
    const key = readIdempotencyKey(request.headers['idempotency-key']);
    if (key === null) return first();
    const claimed = await keys.claim({ key, caller: callerOf(request), request: fingerprint(), waitMs });
    if (claimed.kind === 'again') {
      reply.header('idempotency-replayed', 'true');
      return again(claimed.answer);
    }
    const { lease } = claimed;
    const quietly = (error: unknown): void =>
      log.warn({ reqId: request.id, err: error }, 'an Idempotency-Key could not be kept or released; its lease ends by itself');
    try {
      const answer = await first();
      await lease.keep(answer).catch(quietly);
      return answer;
    } catch (error) {
      // Not awaited: with the store away it would only delay the answer.
      lease.release().catch(quietly);
      throw error;
    }
  };
}

/** When the batch of a submission is worth a first look. `GET /batches/{batchId}` then says when to look again. */
const LOOK_AFTER_SECONDS = 2;

export const sendKept = (reply: FastifyReply, { status, location, body, link }: KeptAnswer): FastifyReply =>
  reply
    .code(status)
    .headers(link === undefined ? { location } : { location, link })
    .headers(status === 202 ? { 'retry-after': retryAfter(LOOK_AFTER_SECONDS) } : {})
    .header('cache-control', 'no-store')
    .header('content-type', 'application/json; charset=utf-8')
    .send(body);
