/** `/batches`: a batch, its items and its books; cancel. */
import type { BatchId } from '../../../domain/batch.ts';
import type { ItemView } from '../../../app/batches/batch-view.ts';
import { cardOf, type BookCard } from '../../../domain/book-card.ts';
import type { JobId } from '../../../domain/identity.ts';
import { QuireError } from '../../../errors.ts';
import type { HttpDependencies, TypedApp } from '../../dependencies.ts';
import { EXPORT_RESPONSE, ExportQuerySchema, sendExport } from '../../answers/export.ts';
import { listTitle } from '../../answers/negotiate.ts';
import { batchIdOf, unknownBatch } from '../../requests/identifiers.ts';
import { linkNext } from '../../answers/paging.ts';
import { json } from '../../schemas/answer.ts';
import {
  BatchListQuerySchema,
  BatchPageSchema,
  BatchSchema,
  CancelledBatchSchema,
  ItemPageSchema,
  ItemQuerySchema,
} from '../../schemas/batch.ts';
import { BatchParams, DEFAULT_PAGE_LIMIT, NEXT_LINK, PAGE_LIMIT } from '../../schemas/parameters.ts';
import { INVALID_FORMAT, INVALID_PAGE } from '../../schemas/problem-examples.ts';
import { problems } from '../../schemas/problem.ts';

type Deps = Pick<HttpDependencies, 'batches' | 'store' | 'config'>;

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

function getBatch(app: TypedApp, { batches }: Deps): void {
  app.get('/batches/:batchId', {
    schema: {
      operationId: 'getBatch',
      tags: ['Batches'],
      summary: 'Show a batch',
      description: 'The counts add up to `total` at every instant, and a batch always ends.',
      params: BatchParams,
      response: {
        200: { description: 'The batch.', content: { 'application/json': { schema: BatchSchema } } },
        ...problems('batch-unknown'),
      },
    },
    handler: async (request, reply) => {
      const batchId = batchIdOf(request.params);
      return reply.header('cache-control', 'no-store').send((await batches.view(batchId)) ?? unknownBatch(batchId));
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
