/** `/batches`: a batch, its items and its books; cancel. */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { BatchId } from '../../../domain/batch.ts';
import type { BatchView, ItemView } from '../../../app/batches/batch-view.ts';
import { cardOf, type BookCard } from '../../../domain/book-card.ts';
import type { JobId } from '../../../domain/identity.ts';
import { QuireError } from '../../../errors.ts';
import type { HttpDependencies, TypedApp } from '../../dependencies.ts';
import { EXPORT_RESPONSE, ExportQuerySchema, sendExport } from '../../answers/export.ts';
import { listTitle } from '../../answers/negotiate.ts';
import { batchIdOf, unknownBatch } from '../../requests/identifiers.ts';
import { isNotModified } from '../../answers/conditional.ts';
import { linkNext } from '../../answers/paging.ts';
import { grantWait } from '../../requests/preferences.ts';
import { retryAfter } from '../../../domain/time/http-time.ts';
import { json } from '../../schemas/answer.ts';
import {
  BatchListQuerySchema,
  BatchPageSchema,
  BatchSchema,
  CancelledBatchSchema,
  ItemPageSchema,
  ItemQuerySchema,
} from '../../schemas/batch.ts';
import { BatchParams, DEFAULT_PAGE_LIMIT, NEXT_LINK, PAGE_LIMIT, PREFERENCE_APPLIED } from '../../schemas/parameters.ts';
import { INVALID_FORMAT, INVALID_PAGE } from '../../schemas/problem-examples.ts';
import { problems } from '../../schemas/problem.ts';

interface Deps extends Pick<HttpDependencies, 'batches' | 'store' | 'config'> {
  /** Fires when the app closes. */
  closing: AbortSignal;
}

type Page = { items: ItemView[]; cursor: string | null };

function listBatches(app: TypedApp, { batches }: Deps): void {
  app.get('/batches', {
    schema: {
      operationId: 'listBatches',
      tags: ['Batches'],
      summary: 'List batches',
      description:
        'The newest first; `state` filters. Items that are being fetched or wait for a retry count as `queued` here: `GET /batches/{batchId}` tells them apart.',
      querystring: BatchListQuerySchema,
      response: {
        200: { description: 'A page of batches.', headers: NEXT_LINK, content: { 'application/json': { schema: BatchPageSchema } } },
        ...problems(INVALID_PAGE),
      },
    },
    handler: async (request, reply) => {
      const { state, cursor = null, limit = DEFAULT_PAGE_LIMIT } = request.query;
      const page = await batches.list({ ended: state === undefined ? null : state === 'ended', cursor, limit });
      linkNext(request, reply, page.cursor);
      return reply.header('cache-control', 'no-store').send(page);
    },
  });
}

const BATCH_HEADERS = Type.Object({
  prefer: Type.Optional(
    Type.String({
      description: '`wait=n` (n ≤ 30): answers as soon as the batch has ended, or after n seconds with what there is.',
      examples: ['wait=10'],
    }),
  ),
  'if-none-match': Type.Optional(Type.String({ description: 'The `ETag` of an earlier answer.' })),
});

const BATCH_ANSWER_HEADERS = {
  ETag: { type: 'string', required: true, description: 'Of the batch as it stands.' },
  'Retry-After': { type: 'integer', description: 'Seconds, with jitter; absent when the batch has ended.' },
  ...PREFERENCE_APPLIED,
} as const;

/** Longest time until another look, in seconds. */
const MOST_RETRY_SECONDS = 3600;

function sendBatch(request: FastifyRequest, reply: FastifyReply, batch: BatchView): FastifyReply {
  const body = JSON.stringify(batch);
  const etag = createHash('sha256').update(body).digest('base64url').slice(0, 16);
  reply.header('etag', `"${etag}"`).header('cache-control', 'private, no-cache');
  if (batch.finishedAt === null) reply.header('retry-after', retryAfter(Math.min(batch.etaSeconds ?? 2, MOST_RETRY_SECONDS)));
  const { 'if-none-match': match } = request.headers;
  if (match !== undefined && isNotModified({ 'if-none-match': match }, etag, 0)) return reply.code(304).send();
  return reply.header('content-type', 'application/json; charset=utf-8').send(body);
}

function getBatch(app: TypedApp, { batches, closing }: Deps): void {
  app.get('/batches/:batchId', {
    schema: {
      operationId: 'getBatch',
      tags: ['Batches'],
      summary: 'Show a batch',
      description:
        'The counts add up to `total` at every instant, and a batch always ends. `Retry-After` says when a running batch is worth another look.',
      params: BatchParams,
      headers: BATCH_HEADERS,
      response: {
        200: { description: 'The batch.', headers: BATCH_ANSWER_HEADERS, content: { 'application/json': { schema: BatchSchema } } },
        304: { description: 'The batch is as the caller has it.', type: 'null' },
        ...problems('batch-unknown'),
      },
    },
    handler: async (request, reply) => {
      const batchId = batchIdOf(request.params);
      let batch = (await batches.view(batchId)) ?? unknownBatch(batchId);
      const wait = batch.finishedAt === null ? grantWait(request, reply, closing) : null;
      if (wait !== null) {
        await batches.untilEnded(batchId, wait.timeoutMs, wait.signal).finally(wait.end);
        batch = (await batches.view(batchId)) ?? unknownBatch(batchId);
      }
      return sendBatch(request, reply, batch);
    },
  });
}

interface ItemWithBook extends ItemView {
  book: BookCard | null;
  pageKept: boolean;
}

/** The same items, each with its stored book in short, and whether the page is kept on which it failed. */
const withBooks = ({ books, pages }: Deps['store'], items: ItemView[]): Promise<ItemWithBook[]> =>
  Promise.all(
    items.map(async (item) => {
      if (item.jobId === null) return { ...item, book: null, pageKept: false };
      const jobId = item.jobId as JobId;
      const found = await books.find(jobId, Date.now());
      const pageKept = item.state === 'failed' && (await pages.get(jobId, Date.now())) !== null;
      return { ...item, book: found?.kind === 'book' ? cardOf(found.book.body) : null, pageKept };
    }),
  );

function listBatchItems(app: TypedApp, { batches, store }: Deps): void {
  app.get('/batches/:batchId/items', {
    schema: {
      operationId: 'listBatchItems',
      tags: ['Batches'],
      summary: "List a batch's items",
      description: 'In the order of the submission; `state` filters.',
      params: BatchParams,
      querystring: ItemQuerySchema,
      response: {
        200: { description: 'A page of items.', headers: NEXT_LINK, content: { 'application/json': { schema: ItemPageSchema } } },
        ...problems(INVALID_PAGE, 'batch-unknown'),
      },
    },
    handler: async (request, reply) => {
      const batchId = batchIdOf(request.params);
      const { state = null, books = false, cursor = null, limit = DEFAULT_PAGE_LIMIT } = request.query;
      const page = (await batches.items(batchId, { state, cursor, limit })) ?? unknownBatch(batchId);
      linkNext(request, reply, page.cursor);
      return reply.header('cache-control', 'no-store').send(books ? { ...page, items: await withBooks(store, page.items) } : page);
    },
  });
}

function cancelBatch(app: TypedApp, { batches }: Deps): void {
  app.delete('/batches/:batchId', {
    schema: {
      operationId: 'cancelBatch',
      tags: ['Batches'],
      summary: 'Cancel a batch',
      description:
        'Its items that are not settled end as `cancelled`, in any process: jobs that no other batch waits for are removed, and a running fetch is aborted. A batch that has ended stays as it is.',
      params: BatchParams,
      response: {
        200: json('The batch is cancelled.', CancelledBatchSchema),
        ...problems('batch-unknown'),
      },
    },
    handler: async (request, reply) => {
      const batchId = batchIdOf(request.params);
      const { cancelled } = (await batches.cancel(batchId)) ?? unknownBatch(batchId);
      return reply.send({ batchId, cancelled });
    },
  });
}

/** The books of a batch's items, a page at a time, in the order of the submission. */
async function* booksOf({ batches, store }: Deps, batchId: BatchId, first: Page): AsyncGenerator<Buffer[]> {
  for (let page: Page | null = first; page !== null;) {
    const found = await Promise.all(
      page.items.flatMap(({ jobId }) => (jobId === null ? [] : [store.books.find(jobId as JobId, Date.now())])),
    );
    yield found.flatMap((one) => (one?.kind === 'book' ? [one.book.body] : []));
    page = page.cursor === null ? null : await batches.items(batchId, { state: null, cursor: page.cursor, limit: PAGE_LIMIT });
  }
}

function exportBatch(app: TypedApp, deps: Deps): void {
  app.get('/batches/:batchId/export', {
    schema: {
      operationId: 'exportBatch',
      tags: ['Batches'],
      summary: "Export a batch's books",
      description:
        'A file with every stored book of the batch, in the order of the submission. `GET /batches/{batchId}/items?state=failed` tells what is missing.',
      params: BatchParams,
      querystring: ExportQuerySchema,
      response: { 200: EXPORT_RESPONSE, ...problems(INVALID_FORMAT, 'not-acceptable', 'batch-unknown') },
    },
    handler: async (request, reply) => {
      const batchId = batchIdOf(request.params);
      const first = await deps.batches.items(batchId, { state: null, cursor: null, limit: PAGE_LIMIT });
      if (first === null) throw new QuireError('batch-unknown', `There is no batch ${batchId}.`);
      const list = listTitle(request, deps.config.publicUrl, `Books of batch ${batchId}`);
      return sendExport(request, reply, { pages: booksOf(deps, batchId, first), name: `batch-${batchId}`, list });
    },
  });
}

export async function batchesRoutes(app: TypedApp, { deps }: { deps: Deps }): Promise<void> {
  listBatches(app, deps);
  getBatch(app, deps);
  listBatchItems(app, deps);
  cancelBatch(app, deps);
  exportBatch(app, deps);
}
