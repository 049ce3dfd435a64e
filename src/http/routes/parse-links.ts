/** `POST /parse-links`: takes links, answers what becomes of each. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { keyOfEntry, type BatchId } from '../../domain/batch.ts';
import type { AnsweredItem, SubmitAnswer } from '../../app/batch-view.ts';
import { QuireError } from '../../errors.ts';
import { installTextBodies } from '../plugins/body-parsing.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { createIdempotencyKeys, readIdempotencyKey, type KeptAnswer } from '../requests/idempotency.ts';
import { grantWait, preferredWaitSeconds } from '../requests/preferences.ts';
import {
  DocumentedLinkListSchema,
  DocumentedLinkObjectSchema,
  LinkTextSchema,
  MAX_BODY_BYTES,
  MAX_LINKS,
  SubmitAnswerSchema,
  SubmitQuerySchema,
} from '../schemas/batch.ts';
import { LOCATION, PAGE_LIMIT, PREFERENCE_APPLIED } from '../schemas/parameters.ts';
import type { ProblemExample } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';
import { pointInto, readSubmission, type ReadSubmission, type SubmitQuery } from '../requests/submission.ts';
import { createCheck } from '../plugins/validation.ts';
import { Type } from 'typebox';

export interface ParseLinksOptions {
  deps: Pick<HttpDependencies, 'batches' | 'store' | 'log' | 'webhooks'>;
  /** Fires when the app closes. */
  closing: AbortSignal;
}

const SUBMITTED_HEADERS = {
  ...LOCATION,
  ...PREFERENCE_APPLIED,
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
  detail: 'The body\'s type is "text/csv": set content-type to application/json or text/plain.',
};

const schema = {
  operationId: 'parseLinks',
  tags: ['Books'],
  summary: 'Submit links to books',
  description:
    `Takes 1 to ${MAX_LINKS.toLocaleString('en')} links, at most 2 MiB: a JSON array, an object with \`urls\` and options, or text with one link a line. ` +
    'One job is made for each book that has no fresh copy and no live job; duplicates in one request collapse. Options in the body win over those in the query string.',
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
    },
  },
  response: {
    200: {
      description: 'Nothing had to be queued, or all items were settled while waiting.',
      headers: SUBMITTED_HEADERS,
      content: { 'application/json': { schema: SubmitAnswerSchema } },
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
 * What must be the same when a key comes again. Text stands as it was sent, as earlier versions had it, so their keys hold. Any other entry is told
 * apart from text, and one that nests too deep to be written as JSON does not fail here.
 */
const fingerprint = ({ request }: ReadSubmission): string =>
  JSON.stringify({ ...request, links: request.links.map((entry) => (typeof entry === 'string' ? entry : { entry: keyOfEntry(entry) })) });

export async function parseLinksRoutes(app: FastifyInstance, { deps, closing }: ParseLinksOptions): Promise<void> {
  const { batches, store, log, webhooks } = deps;
  installTextBodies(app);
  const checkQuery = createCheck<SubmitQuery>(SubmitQuerySchema, 'querystring');

  /** Where every item of a batch stands now, in the order of the answer. */
  const withStates = async (batchId: BatchId, items: AnsweredItem[]): Promise<object[]> => {
    const shown: object[] = [];
    let cursor: string | null = null;
    do {
      // Each page names the next.
      const page = await batches.items(batchId, { state: null, cursor, limit: PAGE_LIMIT });
      for (const { index, state } of page?.items ?? []) shown[index] = { ...items[index], state };
      cursor = page?.cursor ?? null;
    } while (cursor !== null);
    return items.map((item, index) => shown[index] ?? item);
  };

  const submit = async (submission: ReadSubmission): Promise<SubmitAnswer> => {
    try {
      return await batches.submit(submission.request);
    } catch (error) {
      throw error instanceof QuireError && error.code === 'no-valid-links' ? pointInto(error, submission) : error;
    }
  };

  /**
   * Waits for a batch as long as the request prefers, and renders the answer as it is then. `null` when it prefers no wait, or when the store goes away
   * meanwhile: the batch was accepted, so the caller is told no error.
   */
  const waitFor = async (answer: SubmitAnswer, request: FastifyRequest, reply: FastifyReply): Promise<KeptAnswer | null> => {
    const { batchId } = answer;
    const wait = grantWait(request, reply, closing);
    if (wait === null) return null;
    try {
      const settled = await batches.untilSettled(batchId, wait.timeoutMs, wait.signal);
      const body = JSON.stringify({ ...answer, items: await withStates(batchId, answer.items) });
      return { status: settled ? 200 : 202, location: `/batches/${batchId}`, body };
    } catch (error) {
      log.warn({ reqId: request.id, err: error, batchId }, 'a batch could not be waited for');
      return null;
    } finally {
      wait.end();
    }
  };

  /** Submits, waits when asked to, and renders the answer. */
  const handle = async (submission: ReadSubmission, request: FastifyRequest, reply: FastifyReply): Promise<KeptAnswer> => {
    const { webhook } = submission.request;
    if (webhook) await webhooks.checkBatchWebhook(webhook, submission.webhookFrom);
    const answer = await submit(submission);
    const { batchId, counts } = answer;
    const pending = counts.queued + counts.joined > 0;
    const waited = pending ? await waitFor(answer, request, reply) : null;
    return waited ?? { status: pending ? 202 : 200, location: `/batches/${batchId}`, body: JSON.stringify(answer) };
  };

  /** The kept answer of an earlier request; of a batch that had not ended, as it stands now, when the request prefers to wait. */
  const replay = async (kept: KeptAnswer, request: FastifyRequest, reply: FastifyReply): Promise<KeptAnswer> => {
    if (kept.status !== 202) return kept;
    return (await waitFor(JSON.parse(kept.body) as SubmitAnswer, request, reply)) ?? kept;
  };

  const send = (reply: FastifyReply, { status, location, body }: KeptAnswer): FastifyReply =>
    reply
      .code(status)
      .header('location', location)
      .header('cache-control', 'no-store')
      .header('content-type', 'application/json; charset=utf-8')
      .send(body);

  const idempotencyKeys = createIdempotencyKeys(store.documents);
  const handleOnce = async (
    key: string,
    submission: ReadSubmission,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    const claimed = await idempotencyKeys.claim({
      key,
      caller: callerOf(request),
      request: fingerprint(submission),
      waitMs: preferredWaitSeconds(request.headers.prefer) * 1000,
    });
    if (claimed.kind === 'again') return send(reply.header('idempotency-replayed', 'true'), await replay(claimed.answer, request, reply));
    const { lease } = claimed;
    const quietly = (error: unknown): void =>
      log.warn({ reqId: request.id, err: error }, 'an Idempotency-Key could not be kept or released; its lease ends by itself');
    try {
      const answer = await handle(submission, request, reply);
      await lease.keep(answer).catch(quietly);
      return await send(reply, answer);
    } catch (error) {
      // Not awaited: with the store away it would only delay the answer.
      lease.release().catch(quietly);
      throw error;
    }
  };

  app.post('/parse-links', {
    bodyLimit: MAX_BODY_BYTES,
    schema,
    // Read by hand: the schema alone could not say which of the two forms of body was meant.
    validatorCompiler: () => () => true,
    handler: async (request, reply) => {
      const isText = /^text\/plain/i.test(request.headers['content-type'] ?? '');
      const submission = readSubmission(request.body, checkQuery(request.query), isText);
      const key = readIdempotencyKey(request.headers['idempotency-key']);
      if (key !== null) return handleOnce(key, submission, request, reply);
      return send(reply, await handle(submission, request, reply));
    },
  });
}
