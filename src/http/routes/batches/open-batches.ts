/** Open batches: `POST /batches/{id}/links` adds to one, `POST /batches/{id}/close` ends the promise of more. */
import type { Entered } from '../../../app/access/usage.ts';
import { enterFor } from '../../answers/submission-answer.ts';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Batches } from '../../../app/batches/batch-view.ts';
import type { BatchId } from '../../../domain/batch.ts';
import { QuireError } from '../../../errors.ts';
import type { Store } from '../../../storage/store.ts';
import { createAnswerOnce, LOOK_AFTER, sendKept } from '../../answers/answer-once.ts';
import type { HttpDependencies, TypedApp } from '../../dependencies.ts';
import { installCsvBodies, installTextBodies } from '../../plugins/body-parsing.ts';
import { bodyTypeOf } from '../../requests/body-type.ts';
import type { KeptAnswer } from '../../requests/idempotency.ts';
import { batchIdOf, unknownBatch } from '../../requests/identifiers.ts';
import { pointInto, readAddedLinks, type ReadSubmission } from '../../requests/submission.ts';
import { json } from '../../schemas/answer.ts';
import { BatchSchema, LINK_BODIES, MAX_BODY_BYTES, MAX_CSV_BYTES, MAX_ROWS_TOLD } from '../../schemas/batch.ts';
import { AddedLinksSchema, SubmitAnswerSchema } from '../../schemas/submit-answer.ts';
import { BatchParams, LOCATION } from '../../schemas/parameters.ts';
import { INVALID_JSON } from '../../schemas/problem-examples.ts';
import { problems } from '../../schemas/problem.ts';
import { fingerprintOf, LIST_TOO_LARGE, MS_AN_ENTRY, NO_LINKS_TYPE, NO_LIST, REPLAYED } from '../parse-links.ts';

type Deps = Pick<HttpDependencies, 'batches' | 'log' | 'usage'> & { store: Pick<Store, 'documents'> };

const HEADERS = { ...LOCATION, ...REPLAYED };

const schema = {
  operationId: 'addLinks',
  tags: ['Batches'],
  summary: 'Add links to an open batch',
  description:
    'The bodies and limits of `POST /parse-links`; the options are those of the batch. Equal links collapse, and a book that the batch has already is a `duplicate`. ' +
    'When a request fails half-way, some of its links may be in the batch: send all of them again.',
  params: BatchParams,
  headers: Type.Object({
    'idempotency-key': Type.Optional(
      Type.String({ maxLength: 255, description: 'The same key with the same links is done once; its answer is sent again for 24 h.' }),
    ),
  }),
  body: { content: { ...LINK_BODIES, 'application/json': { schema: AddedLinksSchema } } },
  response: {
    200: { ...json('Nothing had to be queued.', SubmitAnswerSchema), headers: HEADERS },
    202: { ...json('The links are queued.', SubmitAnswerSchema), headers: { ...HEADERS, ...LOOK_AFTER } },
    ...problems(
      NO_LIST,
      'no-valid-links',
      'batch-unknown',
      'batch-closed',
      'idempotency-conflict',
      LIST_TOO_LARGE,
      NO_LINKS_TYPE,
      'idempotency-mismatch',
      'rate-limited',
    ),
  },
};

/** Adds the links, and renders what became of them. */
async function answerAddition(batches: Batches, batchId: BatchId, submission: ReadSubmission, entered: Entered): Promise<KeptAnswer> {
  const { links } = submission.request;
  const told = submission.digest !== null && links.length > MAX_ROWS_TOLD ? 'with-reason' : 'all';
  const added = await batches.add(batchId, links, told).catch((error: unknown) => {
    entered.undo().catch(() => undefined);
    throw error instanceof QuireError && error.code === 'no-valid-links' ? pointInto(error, submission) : error;
  });
  if (added === null) {
    entered.undo().catch(() => undefined);
    return unknownBatch(batchId);
  }
  await entered.became(batchId).catch(() => undefined);
  const { counts } = added;
  const status = counts.queued + counts.joined + (counts.expanding ?? 0) > 0 ? 202 : 200;
  return { status, location: `/batches/${batchId}`, body: JSON.stringify(added) };
}

/** In a scope of its own: it takes text and CSV. */
async function addLinks(app: FastifyInstance, { deps }: { deps: Deps }): Promise<void> {
  installTextBodies(app);
  installCsvBodies(app, MAX_CSV_BYTES);
  const answerOnce = createAnswerOnce(deps);
  app.post<{ Params: { batchId: string } }>('/batches/:batchId/links', {
    bodyLimit: MAX_BODY_BYTES,
    schema,
    // Read by hand, as in POST /parse-links.
    validatorCompiler: () => () => true,
    handler: async (request, reply) => {
      const batchId = batchIdOf(request.params);
      const submission = readAddedLinks(request.body, bodyTypeOf(request));
      const asked = {
        fingerprint: () => `${batchId} ${fingerprintOf(submission)}`,
        waitMs: submission.request.links.length * MS_AN_ENTRY,
      };
      const first = async (): Promise<KeptAnswer> => {
        const entered = await enterFor(deps, request, reply, submission.request.links.length);
        return answerAddition(deps.batches, batchId, submission, entered);
      };
      return sendKept(reply, await answerOnce(request, reply, asked, { first, again: (kept) => Promise.resolve(kept) }));
    },
  });
}

function closeBatch(app: TypedApp, { batches }: Deps): void {
  app.post('/batches/:batchId/close', {
    schema: {
      operationId: 'closeBatch',
      tags: ['Batches'],
      summary: 'Close an open batch',
      description:
        'The batch takes no more links, and ends with its last item. One that is not open stays as it is. A batch closes by itself 24 h after the last addition.',
      params: BatchParams,
      response: { 200: json('The batch.', BatchSchema), ...problems(INVALID_JSON, 'batch-unknown') },
    },
    handler: async (request, reply) => {
      const batchId = batchIdOf(request.params);
      return reply.header('cache-control', 'no-store').send((await batches.close(batchId)) ?? unknownBatch(batchId));
    },
  });
}

export async function openBatchesRoutes(app: TypedApp, { deps }: { deps: Deps }): Promise<void> {
  await app.register(addLinks, { deps });
  closeBatch(app, deps);
}
