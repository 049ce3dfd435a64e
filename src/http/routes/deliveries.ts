/** `/deliveries`, and those of a webhook: what came of the calls. */
import type { FastifyInstance } from 'fastify';
import type { HttpDependencies } from '../dependencies.ts';
import { linkNext } from '../answers/paging.ts';
import { sendUncached } from '../answers/uncached.ts';
import { json } from '../schemas/answer.ts';
import { DEFAULT_PAGE_LIMIT, LOCATION, NEXT_LINK } from '../schemas/parameters.ts';
import { INVALID_PAGE, type ProblemExample } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';
import {
  DeliveriesOfBatchQuerySchema,
  DeliveryDetailSchema,
  DeliveryPageQuerySchema,
  DeliveryPageSchema,
  DeliveryParams,
  DeliverySchema,
  WebhookParams,
} from '../schemas/webhook.ts';

type Deps = Pick<HttpDependencies, 'webhooks'>;
type ById = { Params: { webhookId: string } };
type ByDelivery = { Params: { deliveryId: string } };

const TAGS = ['Webhooks'];

const NO_BATCH_NAMED: ProblemExample<'invalid-request'> = {
  code: 'invalid-request',
  detail: '/query must have batchId.',
  errors: [{ pointer: '/query', detail: 'must have batchId' }],
};

function listDeliveries(app: FastifyInstance, { webhooks }: Deps): void {
  app.get<ById & { Querystring: { cursor?: string; limit?: number } }>('/webhooks/:webhookId/deliveries', {
    schema: {
      operationId: 'listDeliveries',
      tags: TAGS,
      summary: "List a webhook's deliveries",
      description:
        'The latest event first. Deliveries are kept for 7 days: of each webhook the latest 1,000 settled and 10,000 pending ones, about. The webhook counts those that were dropped.',
      params: WebhookParams,
      querystring: DeliveryPageQuerySchema,
      response: {
        200: { description: 'A page of deliveries.', headers: NEXT_LINK, content: { 'application/json': { schema: DeliveryPageSchema } } },
        ...problems(INVALID_PAGE, 'webhook-unknown'),
      },
    },
    handler: async (request, reply) => {
      const { cursor = null, limit = DEFAULT_PAGE_LIMIT } = request.query;
      const page = await webhooks.deliveries(request.params.webhookId, { cursor, limit });
      linkNext(request, reply, page.cursor);
      return sendUncached(reply, 200, page);
    },
  });
}

function listBatchDeliveries(app: FastifyInstance, { webhooks }: Deps): void {
  app.get<{ Querystring: { batchId: string } }>('/deliveries', {
    schema: {
      operationId: 'listBatchDeliveries',
      tags: TAGS,
      summary: "List a batch's deliveries",
      description: "What the batch's own webhook was sent: one delivery, or none as long as the batch has not ended.",
      querystring: DeliveriesOfBatchQuerySchema,
      response: { 200: json('The delivery, if there is one.', DeliveryPageSchema), ...problems(NO_BATCH_NAMED) },
    },
    handler: async (request, reply) =>
      sendUncached(reply, 200, { deliveries: await webhooks.deliveriesOfBatch(request.query.batchId), cursor: null }),
  });
}

function getDelivery(app: FastifyInstance, { webhooks }: Deps): void {
  app.get<ByDelivery>('/deliveries/:deliveryId', {
    schema: {
      operationId: 'getDelivery',
      tags: TAGS,
      summary: 'Show a delivery',
      description:
        'Its payload, and each attempt with the status of the answer, or with what went wrong. Nothing else of an answer is kept.',
      params: DeliveryParams,
      response: { 200: json('The delivery.', DeliveryDetailSchema), ...problems('delivery-unknown') },
    },
    handler: async (request, reply) => sendUncached(reply, 200, await webhooks.delivery(request.params.deliveryId)),
  });
}

function redeliver(app: FastifyInstance, { webhooks }: Deps): void {
  app.post<ByDelivery>('/deliveries/:deliveryId/redeliver', {
    schema: {
      operationId: 'redeliver',
      tags: TAGS,
      summary: 'Send a delivery again',
      description:
        'At once, with the same `webhook-id` and payload, whatever its state. Failed attempts are repeated as for a new delivery.',
      params: DeliveryParams,
      response: {
        202: {
          description: 'The delivery is queued.',
          headers: LOCATION,
          content: { 'application/json': { schema: DeliverySchema } },
        },
        ...problems('delivery-unknown', 'webhook-unknown', 'webhook-disabled'),
      },
    },
    handler: async (request, reply) => {
      const delivery = await webhooks.redeliver(request.params.deliveryId);
      return sendUncached(reply.header('location', `/deliveries/${delivery.id}`), 202, delivery);
    },
  });
}

export async function deliveryRoutes(app: FastifyInstance, { deps }: { deps: Deps }): Promise<void> {
  listDeliveries(app, deps);
  listBatchDeliveries(app, deps);
  getDelivery(app, deps);
  redeliver(app, deps);
}
