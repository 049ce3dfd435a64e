/** `POST /parse-links`: takes links, answers what becomes of each. */
import type { FastifyInstance } from 'fastify';
import { MAX_ROWS } from '../../app/csv/read-csv.ts';
import { keyOfEntry } from '../../domain/batch.ts';
import type { Store } from '../../storage/store.ts';
import { answerDryRun, type DryRunDependencies } from '../answers/dry-run-answer.ts';
import { createAnswerOnce, LOOK_AFTER, sendKept } from '../answers/answer-once.ts';
import { answerAgain, answerSubmission, type SubmissionDependencies } from '../answers/submission-answer.ts';
import { installCsvBodies, installTextBodies } from '../plugins/body-parsing.ts';
import { bodyTypeOf } from '../requests/body-type.ts';
import { preferredWaitSeconds } from '../requests/preferences.ts';
import {
  DocumentedLinkListSchema,
  DocumentedLinkObjectSchema,
  LINK_BODIES,
  MAX_BODY_BYTES,
  MAX_CSV_BYTES,
  MAX_LINKS,
  SubmitQuerySchema,
} from '../schemas/batch.ts';
import { SubmitAnswerSchema } from '../schemas/submit-answer.ts';
import { DryRunSchema } from '../schemas/dry-run.ts';
import { LOCATION, NEXT_LINK, PREFERENCE_APPLIED } from '../schemas/parameters.ts';
import type { ProblemExample } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';
import { readSubmission, type ReadSubmission, type SubmitQuery } from '../requests/submission.ts';
import { createCheck } from '../plugins/validation.ts';
import { Type } from 'typebox';

/** Response header of an answer that may come again. */
export const REPLAYED = {
  'Idempotency-Replayed': { type: 'string', description: '`true` when this is the answer of an earlier request with the same key.' },
};

const SUBMITTED_HEADERS = {
  ...LOCATION,
  ...PREFERENCE_APPLIED,
  ...NEXT_LINK,
  ...REPLAYED,
};

export const NO_LIST: ProblemExample<'invalid-request'> = {
  code: 'invalid-request',
  name: 'no-list',
  detail: 'The body must be a JSON array of links or an object with urls.',
  errors: [{ pointer: '', detail: 'The body must be a JSON array of links or an object with urls.' }],
};
export const LIST_TOO_LARGE: ProblemExample<'body-too-large'> = {
  code: 'body-too-large',
  name: 'list-too-large',
  detail: `The body may have at most ${MAX_BODY_BYTES} bytes.`,
};
export const NO_LINKS_TYPE: ProblemExample<'unsupported-media-type'> = {
  code: 'unsupported-media-type',
  name: 'no-links-type',
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
      ...LINK_BODIES,
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
      headers: { ...SUBMITTED_HEADERS, ...LOOK_AFTER },
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

/**
 * What must be the same when a key comes again. Text stands as it was sent: keys of earlier versions hold. Any other entry is told
 * apart from text, and an entry that nests too deep for JSON does not fail here.
 */
export const fingerprintOf = ({ request, digest }: ReadSubmission): string =>
  JSON.stringify({
    ...request,
    links: digest ?? request.links.map((entry) => (typeof entry === 'string' ? entry : { entry: keyOfEntry(entry) })),
  });

/** How long a key is held for each entry, beyond its lease: the longest CSV file takes longer than the longest list. */
export const MS_AN_ENTRY = 1;

interface Deps extends SubmissionDependencies, DryRunDependencies {
  store: Pick<Store, 'documents'>;
}

export async function parseLinksRoutes(app: FastifyInstance, { deps }: { deps: Deps }): Promise<void> {
  installTextBodies(app);
  installCsvBodies(app, MAX_CSV_BYTES);
  const checkQuery = createCheck<SubmitQuery>(SubmitQuerySchema, 'querystring');
  const answerOnce = createAnswerOnce(deps);

  app.post('/parse-links', {
    bodyLimit: MAX_BODY_BYTES,
    schema,
    // Read by hand: the schema alone could not say which of the two forms of body was meant.
    validatorCompiler: () => () => true,
    handler: async (request, reply) => {
      const submission = readSubmission(request.body, checkQuery(request.query), bodyTypeOf(request));
      if (submission.dryRun !== null)
        return reply.header('cache-control', 'no-store').send(await answerDryRun(deps, submission, submission.dryRun));
      const asked = {
        fingerprint: () => fingerprintOf(submission),
        waitMs: preferredWaitSeconds(request.headers.prefer) * 1000 + submission.request.links.length * MS_AN_ENTRY,
      };
      const answer = await answerOnce(request, reply, asked, {
        first: () => answerSubmission(deps, submission, request, reply),
        again: (kept) => answerAgain(deps, kept, request, reply),
      });
      return sendKept(reply, answer);
    },
  });
}
