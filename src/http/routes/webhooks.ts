/** `/webhooks` and `/deliveries`: who is called when something happens, and what came of the calls. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { NewWebhook, Webhooks } from '../../webhooks/webhook-view.ts';
import { linkNext } from '../answers/paging.ts';
import { DEFAULT_PAGE_LIMIT, LOCATION, NEXT_LINK } from '../schemas/parameters.ts';
import { type ProblemExample, INVALID_JSON, INVALID_PAGE, UNKNOWN_PARAMETER } from '../schemas/problem-examples.ts';
import { json } from '../schemas/answer.ts';
import { problems } from '../schemas/problem.ts';
import {
  DeliveriesOfBatchQuerySchema,
  DeliveryDetailSchema,
  DeliveryPageQuerySchema,
  DeliveryPageSchema,
  DeliveryParams,
  DeliverySchema,
  NewWebhookSchema,
  RotateSchema,
  WebhookListSchema,
  WebhookParams,
  WebhookSchema,
  WebhookWithSecretSchema,
} from '../schemas/webhook.ts';

type ById = { Params: { webhookId: string } };
type ByDelivery = { Params: { deliveryId: string } };

const TAGS = ['Webhooks'];

const NO_BATCH_NAMED: ProblemExample<'invalid-request'> = {
  code: 'invalid-request',
  detail: '/query must have batchId.',
  errors: [{ pointer: '/query', detail: 'must have batchId' }],
};

/** None of these answers is for a cache: some hold secrets, and all change. */
const answer = (reply: FastifyReply, status: number, body: object): FastifyReply =>
  reply.code(status).header('cache-control', 'no-store').send(body);

export async function webhookRoutes(app: FastifyInstance, { webhooks }: { webhooks: Webhooks }): Promise<void> {
  app.post<{ Body: NewWebhook }>('/webhooks', {
    schema: {
      operationId: 'createWebhook',
      tags: TAGS,
      summary: 'Create a webhook',
      description:
        'Quire sends events to its URL, by the Standard Webhooks specification: `webhook-id`, `webhook-timestamp`, `webhook-signature`. The secret is shown in this answer and never again.',
      body: NewWebhookSchema,
      response: {
        201: {
          description: 'The new webhook.',
          headers: LOCATION,
          content: { 'application/json': { schema: WebhookWithSecretSchema } },
        },
        ...problems(INVALID_JSON, 'webhook-target-refused', 'too-many-webhooks', 'body-too-large', 'unsupported-media-type'),
      },
    },
    handler: async (request, reply) => {
      const webhook = await webhooks.create(request.body);
      return answer(reply.header('location', `/webhooks/${webhook.id}`), 201, webhook);
    },
  });

  app.get('/webhooks', {
    schema: {
      operationId: 'listWebhooks',
      tags: TAGS,
      summary: 'List webhooks',
      description: 'The oldest first, at most 100. Webhooks that batches bring along are not listed.',
      response: { 200: json('The webhooks.', WebhookListSchema), ...problems(UNKNOWN_PARAMETER) },
    },
    handler: async (_request, reply) => answer(reply, 200, { webhooks: await webhooks.list() }),
  });

  app.get<ById>('/webhooks/:webhookId', {
    schema: {
      operationId: 'getWebhook',
      tags: TAGS,
      summary: 'Show a webhook',
      description: 'Its URL, its events, and whether it is enabled. The secret is not shown.',
      params: WebhookParams,
      response: { 200: json('The webhook.', WebhookSchema), ...problems('webhook-unknown') },
    },
    handler: async (request, reply) => answer(reply, 200, await webhooks.get(request.params.webhookId)),
  });

  app.delete<ById>('/webhooks/:webhookId', {
    schema: {
      operationId: 'deleteWebhook',
      tags: TAGS,
      summary: 'Delete a webhook',
      description: 'Quire sends it no more events, and makes no call that still waits.',
      params: WebhookParams,
      response: { 204: { description: 'The webhook is deleted.', type: 'null' }, ...problems('webhook-unknown') },
    },
    handler: async (request, reply) => {
      await webhooks.remove(request.params.webhookId);
      return reply.code(204).send();
    },
  });

  app.post<ById & { Body: { secret?: string } | null | undefined }>('/webhooks/:webhookId/rotate', {
    schema: {
      operationId: 'rotateWebhookSecret',
      tags: TAGS,
      summary: "Rotate a webhook's secret",
      description:
        'For 24 h every call carries two signatures: by the new secret and by the old one. The new secret is shown in this answer and never again.',
      params: WebhookParams,
      body: RotateSchema,
      response: {
        200: json('The webhook, with its new secret.', WebhookWithSecretSchema),
        ...problems(INVALID_JSON, 'webhook-unknown', 'body-too-large', 'unsupported-media-type'),
      },
    },
    handler: async (request, reply) => answer(reply, 200, await webhooks.rotate(request.params.webhookId, request.body?.secret)),
  });

  app.post<ById>('/webhooks/:webhookId/enable', {
    schema: {
      operationId: 'enableWebhook',
      tags: TAGS,
      summary: 'Enable a webhook',
      description:
        'Quire calls it again. A receiver that answers 410 Gone disables its webhook; events that happen while it is disabled are not sent.',
      params: WebhookParams,
      response: { 200: json('The webhook.', WebhookSchema), ...problems('webhook-unknown') },
    },
    handler: async (request, reply) => answer(reply, 200, await webhooks.enable(request.params.webhookId)),
  });

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
      return answer(reply, 200, page);
    },
  });

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
      answer(reply, 200, { deliveries: await webhooks.deliveriesOfBatch(request.query.batchId), cursor: null }),
  });

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
    handler: async (request, reply) => answer(reply, 200, await webhooks.delivery(request.params.deliveryId)),
  });

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
      return answer(reply.header('location', `/deliveries/${delivery.id}`), 202, delivery);
    },
  });
}
