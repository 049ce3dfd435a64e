/** RFC 9457 problems: how an error of ours looks on the wire. */
import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ERRORS, type ErrorCode, type Fault } from '../../errors.ts';
import { isArriving } from '../plugins/request-bodies.ts';
import { retryAfter } from '../../domain/time/http-time.ts';
import { withSurplus } from './early-answer.ts';

/** Media type of every error. */
export const PROBLEM_TYPE = 'application/problem+json';

/** Faults shown at most; a list of 10,000 bad links would otherwise be answered with 10,000 sentences. */
const MAX_FAULTS = 100;

/** What a problem says beside what its code says. */
export interface ProblemMore {
  detail: string;
  errors?: readonly Fault[] | undefined;
  /** Seconds until another try makes sense; jittered before it is sent. Passing errors always carry one. */
  retryAfterSeconds?: number | undefined;
  /** Members of this problem type, such as `jobId`. */
  extensions?: Record<string, unknown> | undefined;
}

/** Path of the page that documents an error: the `type` of its problems. */
export const problemType = (code: ErrorCode): string => `/errors/${code}`;

/** Whether the same request may succeed in a moment: such answers carry `Retry-After`. Other conflicts (409) stay until somebody acts. */
export const isPassing = (code: ErrorCode): boolean =>
  ERRORS[code].status === 429 || ERRORS[code].status === 503 || code === 'idempotency-conflict' || code === 'cancelled';

/** Answers with the problem of `code`. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, code: ErrorCode, more: ProblemMore): FastifyReply {
  const { status, title } = ERRORS[code];
  return send(request, reply, status, { type: problemType(code), title, code }, more);
}

/** Answers with a problem that means no more than its HTTP status (RFC 9457, 4.2.1): what HTTP itself refuses. */
export function sendStatusProblem(request: FastifyRequest, reply: FastifyReply, status: number, more: ProblemMore): FastifyReply {
  return send(request, reply, status, { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error' }, more);
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  head: { type: string; title: string; code?: ErrorCode },
  more: ProblemMore,
): FastifyReply {
  const { detail, errors, extensions, retryAfterSeconds } = more;
  const { type, title, code } = head;
  const problem = {
    type,
    title,
    status,
    detail,
    instance: request.id,
    ...(code === undefined ? {} : { code }),
    ...(errors === undefined ? {} : { errors: errors.slice(0, MAX_FAULTS) }),
    ...extensions,
  };
  if (retryAfterSeconds !== undefined || (code !== undefined && isPassing(code))) {
    reply.header('retry-after', retryAfter(retryAfterSeconds ?? 2));
  }
  if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  // As bytes: of text Fastify would add a charset to the type, which JSON types do not have.
  const bytes = Buffer.from(JSON.stringify(problem));
  reply.code(status).header('content-type', PROBLEM_TYPE).header('content-length', String(bytes.length)).header('x-request-id', request.id);
  return reply.send(isArriving(request.raw) ? withSurplus(request.raw, bytes) : bytes);
}
