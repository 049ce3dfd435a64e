/** `POST /parse-links`: takes links, answers what becomes of each. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MAX_ROWS } from '../../app/csv/read-csv.ts';
import { keyOfEntry } from '../../domain/batch.ts';
import type { Store } from '../../storage/store.ts';
import { answerDryRun, type DryRunDependencies } from '../answers/dry-run-answer.ts';
import { answerAgain, answerSubmission, type SubmissionDependencies } from '../answers/submission-answer.ts';
import { installCsvBodies, installTextBodies } from '../plugins/body-parsing.ts';
import { createIdempotencyKeys, readIdempotencyKey, type IdempotencyKeys, type KeptAnswer } from '../requests/idempotency.ts';
import { preferredWaitSeconds } from '../requests/preferences.ts';
import {
  DocumentedLinkListSchema,
  DocumentedLinkObjectSchema,
  LibraryExportSchema,
  LinkTextSchema,
  MAX_BODY_BYTES,
  MAX_CSV_BYTES,
  MAX_LINKS,
  SubmitAnswerSchema,
  SubmitQuerySchema,
} from '../schemas/batch.ts';
import { DryRunSchema } from '../schemas/dry-run.ts';
import { LOCATION, NEXT_LINK, PREFERENCE_APPLIED } from '../schemas/parameters.ts';
import type { ProblemExample } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';
import { readSubmission, type BodyType, type ReadSubmission, type SubmitQuery } from '../requests/submission.ts';
import { createCheck } from '../plugins/validation.ts';
import { Type } from 'typebox';

const SUBMITTED_HEADERS = {
  ...LOCATION,
  ...PREFERENCE_APPLIED,
  ...NEXT_LINK,
  'Idempotency-Replayed': { type: 'string', description: '`true` when this is the answer of an earlier request with the same key.' },
};

const NO_LIST: ProblemExample<'invalid-request'> = {
  code: 'invalid-request',
  detail: 'The body must be a JSON array of links or an object with urls.',
  errors: [{ pointer: '', detail: 'The body must be a JSON array of links or an object with urls.' }],
};
const LIST_TOO_LARGE: ProblemExample<'body-too-large'> = {
  code: 'body-too-large',
  detail: `The body may have at most ${MAX_BODY_BYTES} bytes.`,
};
const NO_LINKS_TYPE: ProblemExample<'unsupported-media-type'> = {
  code: 'unsupported-media-type',
  detail: 'The body\'s type is "application/xml": set content-type to application/json, text/plain or text/csv.',
};

const schema = {
  operationId: 'parseLinks',
  tags: ['Books'],
  summary: 'Submit links to books',
  description:
    `Takes 1 to ${MAX_LINKS.toLocaleString('en')} links, at most 2 MiB: a JSON array, an object with \`urls\` and options, or text with one link a line. ` +
    `A library export as \`text/csv\` has at most ${MAX_ROWS.toLocaleString('en')} rows and 32 MiB; its Book Ids or ISBNs are kept, and nothing else of it. ` +
    'One job is made for each book that has no fresh copy and no live job; duplicates in one request collapse. With `dryRun` nothing is made, and the answer tells what would be. Options in the body win over those in the query string.',
  querystring: SubmitQuerySchema,
  headers: Type.Object({
    prefer: Type.Optional(
      Type.String({
        description: '`wait=n` (n ≤ 30): answers as soon as all items are settled, or after n seconds with what there is.',
        examples: ['wait=10'],
      }),
    ),
    'idempotency-key': Type.Optional(
      Type.String({
        maxLength: 255,
        description:
          'The same key with the same links and options is done once; its answer is sent again for 24 h. With `Prefer: wait` it is told as it stands after the wait.',
      }),
    ),
  }),
  body: {
    content: {
      'application/json': { schema: Type.Union([DocumentedLinkListSchema, DocumentedLinkObjectSchema]) },
      'text/plain': { schema: LinkTextSchema },
      'text/csv': { schema: LibraryExportSchema },
    },
  },
  response: {
    200: {
      description: 'Nothing had to be queued, all items were settled while waiting, or the submission was only tried.',
      headers: { ...SUBMITTED_HEADERS, Location: { type: 'string', description: 'Where the batch is; absent after a dry run.' } },
      content: { 'application/json': { schema: Type.Union([SubmitAnswerSchema, DryRunSchema]) } },
    },
    202: {
      description: 'The links are queued.',
      headers: SUBMITTED_HEADERS,
      content: { 'application/json': { schema: SubmitAnswerSchema } },
    },
    ...problems(
      NO_LIST,
      'no-valid-links',
      'webhook-target-refused',
      'idempotency-conflict',
      LIST_TOO_LARGE,
      NO_LINKS_TYPE,
      'idempotency-mismatch',
      'rate-limited',
    ),
  },
};

const callerOf = ({ headers }: FastifyRequest): string => `${headers.authorization ?? ''} ${String(headers['x-api-key'] ?? '')}`;

/**
 * What must be the same when a key comes again. Text stands as it was sent: keys of earlier versions hold. Any other entry is told
 * apart from text, and an entry that nests too deep for JSON does not fail here.
 */
const fingerprint = ({ request, digest }: ReadSubmission): string =>
  JSON.stringify({
    ...request,
    links: digest ?? request.links.map((entry) => (typeof entry === 'string' ? entry : { entry: keyOfEntry(entry) })),
  });

/** How long a key is held for each entry, beyond its lease: the longest CSV file takes longer than the longest list. */
const MS_AN_ENTRY = 1;

interface Deps extends SubmissionDependencies, DryRunDependencies {
  store: Pick<Store, 'documents'>;
}

const send = (reply: FastifyReply, { status, location, body, link }: KeptAnswer): FastifyReply =>
  reply
    .code(status)
    .headers(link === undefined ? { location } : { location, link })
    .header('cache-control', 'no-store')
    .header('content-type', 'application/json; charset=utf-8')
    .send(body);

/** Handles a submission once for each `Idempotency-Key`; a request that comes again gets the first answer. */
async function answerOnce(
  deps: Deps & { idempotencyKeys: IdempotencyKeys },
  key: string,
  submission: ReadSubmission,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<KeptAnswer> {
  const claimed = await deps.idempotencyKeys.claim({
    key,
    caller: callerOf(request),
    request: fingerprint(submission),
    waitMs: preferredWaitSeconds(request.headers.prefer) * 1000 + submission.request.links.length * MS_AN_ENTRY,
  });
  if (claimed.kind === 'again') return answerAgain(deps, claimed.answer, request, reply.header('idempotency-replayed', 'true'));
  const { lease } = claimed;
  const quietly = (error: unknown): void =>
    deps.log.warn({ reqId: request.id, err: error }, 'an Idempotency-Key could not be kept or released; its lease ends by itself');
  try {
    const answer = await answerSubmission(deps, submission, request, reply);
    await lease.keep(answer).catch(quietly);
    return answer;
  } catch (error) {
    // Not awaited: with the store away it would only delay the answer.
    lease.release().catch(quietly);
    throw error;
  }
}

function bodyType({ headers }: FastifyRequest): BodyType {
  const type = /^text\/(plain|csv)/i.exec(headers['content-type'] ?? '')?.[1];
  if (type === undefined) return 'json';
  return type.toLowerCase() === 'csv' ? 'csv' : 'text';
}

export async function parseLinksRoutes(app: FastifyInstance, { deps }: { deps: Deps }): Promise<void> {
  installTextBodies(app);
  installCsvBodies(app, MAX_CSV_BYTES);
  const checkQuery = createCheck<SubmitQuery>(SubmitQuerySchema, 'querystring');
  const once = { ...deps, idempotencyKeys: createIdempotencyKeys(deps.store.documents) };

  app.post('/parse-links', {
    bodyLimit: MAX_BODY_BYTES,
    schema,
    // Read by hand: the schema alone could not say which of the two forms of body was meant.
    validatorCompiler: () => () => true,
    handler: async (request, reply) => {
      const submission = readSubmission(request.body, checkQuery(request.query), bodyType(request));
      if (submission.dryRun !== null)
        return reply.header('cache-control', 'no-store').send(await answerDryRun(deps, submission, submission.dryRun));
      const key = readIdempotencyKey(request.headers['idempotency-key']);
      const answer =
        key === null ? await answerSubmission(deps, submission, request, reply) : await answerOnce(once, key, submission, request, reply);
      return send(reply, answer);
    },
  });
}
