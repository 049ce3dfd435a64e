/** Problems in the OpenAPI document: which statuses a route answers with, and with which codes. */
import { Type } from 'typebox';
import { ERRORS, type ErrorCode } from '../../errors.ts';
import { isPassing, problemType } from '../answers/problem.ts';
import { EXAMPLES, type ProblemExample } from './problem-examples.ts';

const FaultSchema = Type.Object({
  pointer: Type.String({ description: 'JSON pointer (RFC 6901) to the fault; `/query/…` for query parameters.' }),
  detail: Type.String({ description: 'What is wrong there.' }),
});

/** Why the latest attempt of a job failed. */
export const LastErrorSchema = Type.Object(
  {
    code: Type.String({ description: 'The code of the error, as listed at `/errors`.' }),
    detail: Type.String({ description: 'What went wrong, in a sentence.' }),
  },
  { title: 'LastError', description: 'Why the latest attempt of the job failed.' },
);

/** RFC 9457. Registered as the component `Problem`. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({
      description: 'URI of the page that documents the error; it ends in the code. `about:blank` when the status says it all.',
    }),
    title: Type.String({ description: 'What the code means, the same each time.' }),
    status: Type.Integer({ description: 'The HTTP status of the answer.' }),
    detail: Type.String({ description: 'What went wrong this time, and what to do.' }),
    instance: Type.String({ description: 'The request id, as in the `x-request-id` header and the log.' }),
    code: Type.Optional(Type.Enum(Object.keys(ERRORS) as ErrorCode[], { type: 'string', description: 'The last part of `type`.' })),
    errors: Type.Optional(Type.Array(FaultSchema, { maxItems: 100, description: 'Each fault in the request.' })),
    jobId: Type.Optional(Type.String({ description: 'The job that failed.' })),
    lastError: Type.Optional(LastErrorSchema),
    checks: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Only from `/readyz`: each check, with `ok` or what is wrong.' }),
    ),
  },
  { $id: 'Problem', title: 'Problem', description: 'An error, RFC 9457.' },
);

type Status<C extends ErrorCode> = (typeof ERRORS)[C]['status'];

export interface ProblemResponse {
  description: string;
  content: Record<'application/problem+json', { schema: unknown; examples: Record<string, { value: object }> }>;
  headers?: Record<string, unknown>;
}

/** What any route may answer: a request it cannot read, no key, a name or page that may not ask, a fault of ours, a store that is away. */
const EVERYWHERE = ['invalid-request', 'unauthorized', 'forbidden', 'internal-error', 'store-unavailable'] as const satisfies ErrorCode[];

/** Headers that answers of these codes have. */
function headersOf(status: number, codes: readonly ErrorCode[]): Record<string, unknown> | undefined {
  if (status === 401)
    return { 'WWW-Authenticate': { type: 'string', required: true, description: '`Bearer`; `Basic` on pages for browsers.' } };
  if (status === 415)
    return {
      'Accept-Encoding': { type: 'string', description: 'The encodings that are read, where the encoding of the body is not one of them.' },
    };
  if (!codes.some(isPassing)) return undefined;
  return { 'Retry-After': { type: 'integer', required: codes.every(isPassing), description: 'Seconds, with jitter.' } };
}

function exampleValue({ code, detail, errors, extensions }: ProblemExample): object {
  const { title, status } = ERRORS[code];
  return { type: problemType(code), title, status, detail, instance: 'kq3fX0aZ-1', code, ...(errors ? { errors } : {}), ...extensions };
}

function response(status: number, examples: readonly ProblemExample[]): ProblemResponse {
  const codes = [...new Set(examples.map(({ code }) => code))];
  const headers = headersOf(status, codes);
  const shown = examples.map((example) => [example.name ?? example.code, { value: exampleValue(example) }]);
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}.`).join(' '),
    ...(headers ? { headers } : {}),
    content: {
      'application/problem+json': { schema: Type.Ref('Problem'), examples: Object.fromEntries(shown) as Record<string, { value: object }> },
    },
  };
}

const exampleOf = (code: ErrorCode): ProblemExample => ({ code, ...EXAMPLES[code] });

/** An error that a route names: its code, or an example of its own. */
type Named<C extends ErrorCode> = C | ProblemExample<C>;

/** The problem responses of a route: those named, and those that any route may answer. Codes of one status share a response. */
export function problems<C extends ErrorCode = never>(
  ...named: Named<C>[]
): Record<Status<C> | Status<(typeof EVERYWHERE)[number]>, ProblemResponse> {
  const examples = named.map((one) => (typeof one === 'string' ? exampleOf(one) : one));
  const isNamed = (code: ErrorCode): boolean => examples.some((example) => example.code === code);
  // A body that may be too large may also come while too many are under way. Where the queue may be full, a key may be, too.
  const more: ErrorCode[] = [
    ...EVERYWHERE,
    ...(isNamed('body-too-large') ? (['overloaded'] as const) : []),
    ...(isNamed('rate-limited') ? (['quota-exceeded'] as const) : []),
  ];
  for (const code of more) if (!isNamed(code)) examples.push(exampleOf(code));
  const statuses = [...new Set(examples.map(({ code }) => ERRORS[code].status))];
  const responses = statuses.map((status) => [
    status,
    response(
      status,
      examples.filter(({ code }) => ERRORS[code].status === status),
    ),
  ]);
  return Object.fromEntries(responses) as ReturnType<typeof problems<C>>;
}
