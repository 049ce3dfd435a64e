/** Problems in the OpenAPI document: which statuses a route answers with, and with which codes. */
import { Type } from 'typebox';
import { ERRORS, type ErrorCode } from '../../errors.ts';
import { isPassing, problemType } from '../answers/problem.ts';

const FaultSchema = Type.Object({
  pointer: Type.String({ description: 'JSON pointer (RFC 6901) to the fault; `/query/…` for query parameters.' }),
  detail: Type.String(),
});

/** RFC 9457. Registered as the component `Problem`. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({
      description: 'URI of the page that documents the error; it ends in the code. `about:blank` when the status says it all.',
    }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What went wrong this time, and what to do.' }),
    instance: Type.String({ description: 'The request id, as in the `x-request-id` header and the log.' }),
    code: Type.Optional(Type.Enum(Object.keys(ERRORS) as ErrorCode[], { type: 'string', description: 'The last part of `type`.' })),
    errors: Type.Optional(Type.Array(FaultSchema, { maxItems: 100, description: 'Each fault in the request.' })),
    jobId: Type.Optional(Type.String({ description: 'The job that failed.' })),
    lastError: Type.Optional(Type.Object({ code: Type.String(), detail: Type.String() })),
    checks: Type.Optional(Type.Record(Type.String(), Type.String(), { description: '`/readyz` alone: each check and what it said.' })),
  },
  { $id: 'Problem', title: 'Problem', description: 'An error, RFC 9457.' },
);

type Status<C extends ErrorCode> = (typeof ERRORS)[C]['status'];

export interface ProblemResponse {
  description: string;
  content: Record<'application/problem+json', { schema: unknown; examples?: unknown }>;
  headers?: Record<string, unknown>;
}

/** What any route may answer: a request it cannot read, no key, a name or page that may not ask, a fault of ours, a store that is away. */
const EVERYWHERE = ['invalid-request', 'unauthorized', 'forbidden', 'internal-error', 'store-unavailable'] as const satisfies ErrorCode[];

/** Headers that answers of these codes have. */
function headersOf(status: number, codes: readonly ErrorCode[]): Record<string, unknown> | undefined {
  if (status === 401) return { 'WWW-Authenticate': { type: 'string', required: true } };
  if (status === 415)
    return {
      'Accept-Encoding': { type: 'string', description: 'The encodings that are read, where the encoding of the body is not one of them.' },
    };
  if (!codes.some(isPassing)) return undefined;
  return { 'Retry-After': { type: 'integer', required: codes.every(isPassing), description: 'Seconds, with jitter.' } };
}

function response(status: number, codes: readonly ErrorCode[], shown: readonly ErrorCode[]): ProblemResponse {
  const examples = Object.fromEntries(
    shown.map((code) => [
      code,
      {
        value: {
          type: problemType(code),
          title: ERRORS[code].title,
          status,
          detail: `${ERRORS[code].title}.`,
          instance: 'kq3fX0aZ-1',
          code,
        },
      },
    ]),
  );
  const headers = headersOf(status, codes);
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}.`).join(' '),
    ...(headers ? { headers } : {}),
    content: { 'application/problem+json': { schema: Type.Ref('Problem'), ...(shown.length > 0 ? { examples } : {}) } },
  };
}

type Everywhere = Status<(typeof EVERYWHERE)[number]>;

/** The problem responses of a route: those named, and those that any route may answer. Codes of one status share a response; the named ones have an example. */
export function problems<C extends ErrorCode>(...named: C[]): Record<Status<C> | Everywhere, ProblemResponse> {
  const byStatus = new Map<number, ErrorCode[]>();
  // A body that may be too large may also come while too many are under way.
  const busy: ErrorCode[] = named.some((code) => code === 'body-too-large') ? ['overloaded'] : [];
  for (const code of new Set<ErrorCode>([...named, ...EVERYWHERE, ...busy])) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const isNamed = (code: ErrorCode): boolean => (named as ErrorCode[]).includes(code);
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, response(status, codes, codes.filter(isNamed))])) as Record<
    Status<C> | Everywhere,
    ProblemResponse
  >;
}
