/** `/webhooks` and `/deliveries`: who is called when something happens, and what came of the calls. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { NewWebhook, Webhooks } from '../../webhooks/webhook-view.ts';
import { linkNext } from '../answers/paging.ts';
import { DEFAULT_PAGE_LIMIT, NEXT_LINK } from '../schemas/parameters.ts';
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

/** None of these answers is for a cache: some hold secrets, and all change. */
const answer = (reply: FastifyReply, status: number, body: object): FastifyReply =>
  reply.code(status).header('cache-control', 'no-store').send(body);

export async function webhookRoutes(app: FastifyInstance, { webhooks }: { webhooks: Webhooks }): Promise<void> {
  app.post<{ Body: NewWebhook }>('/webhooks', {
    schema: {
      operationId: 'createWebhook',
      tags: TAGS,
      summary: 'Have events sent to a URL',
      description:
        'Calls follow the Standard Webhooks specification: `webhook-id`, `webhook-timestamp`, `webhook-signature`. The secret is shown in this answer and never again.',
      body: NewWebhookSchema,
      response: {
        201: {
          description: 'Made.',
          headers: { Location: { type: 'string', required: true } },
          content: { 'application/json': { schema: WebhookWithSecretSchema } },
        },
        ...problems('invalid-request', 'webhook-target-refused', 'too-many-webhooks', 'body-too-large', 'unsupported-media-type'),
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
      summary: 'All webhooks',
      description: 'The oldest first, at most 100. The webhooks that batches bring along are not among them.',
      response: { 200: WebhookListSchema, ...problems() },
    },
    handler: async (_request, reply) => answer(reply, 200, { webhooks: await webhooks.list() }),
  });

  app.get<ById>('/webhooks/:webhookId', {
    schema: {
      operationId: 'getWebhook',
      tags: TAGS,
      summary: 'A webhook',
      description: 'Where it goes, which events, and whether it is enabled. The secret is not shown.',
      params: WebhookParams,
      response: { 200: WebhookSchema, ...problems('webhook-unknown') },
    },
    handler: async (request, reply) => answer(reply, 200, await webhooks.get(request.params.webhookId)),
  });

  app.delete<ById>('/webhooks/:webhookId', {
    schema: {
      operationId: 'deleteWebhook',
      tags: TAGS,
      summary: 'Send no more events to it',
      description: 'Calls that wait to be tried again are not made any more.',
      params: WebhookParams,
      response: { 204: { description: 'Deleted.', type: 'null' }, ...problems('webhook-unknown') },
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
      summary: 'Give it a new secret',
      description:
        'For 24 h every call carries two signatures, by the new secret and by the old. The new secret is shown in this answer and never again.',
      params: WebhookParams,
      body: RotateSchema,
      response: {
        200: WebhookWithSecretSchema,
        ...problems('invalid-request', 'webhook-unknown', 'body-too-large', 'unsupported-media-type'),
      },
    },
    handler: async (request, reply) => answer(reply, 200, await webhooks.rotate(request.params.webhookId, request.body?.secret)),
  });

  app.post<ById>('/webhooks/:webhookId/enable', {
    schema: {
      operationId: 'enableWebhook',
      tags: TAGS,
      summary: 'Call a disabled one again',
      description: 'A receiver that answers 410 Gone disables its webhook. Events that happened meanwhile are not sent.',
      params: WebhookParams,
      response: { 200: WebhookSchema, ...problems('webhook-unknown') },
    },
    handler: async (request, reply) => answer(reply, 200, await webhooks.enable(request.params.webhookId)),
  });

  app.get<ById & { Querystring: { cursor?: string; limit?: number } }>('/webhooks/:webhookId/deliveries', {
    schema: {
      operationId: 'listDeliveries',
      tags: TAGS,
      summary: 'What it was sent',
      description:
        'The latest event first. Kept for 7 days, about 1,000 ended and 10,000 pending ones a webhook: the oldest beyond that are dropped, and the webhook counts them.',
      params: WebhookParams,
      querystring: DeliveryPageQuerySchema,
      response: {
        200: { description: 'A page.', headers: NEXT_LINK, content: { 'application/json': { schema: DeliveryPageSchema } } },
        ...problems('invalid-request', 'webhook-unknown'),
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
      summary: "What a batch's own webhook was sent",
      description: 'One delivery, or none as long as the batch has not ended.',
      querystring: DeliveriesOfBatchQuerySchema,
      response: { 200: DeliveryPageSchema, ...problems('invalid-request') },
    },
    handler: async (request, reply) =>
      answer(reply, 200, { deliveries: await webhooks.deliveriesOfBatch(request.query.batchId), cursor: null }),
  });

  app.get<ByDelivery>('/deliveries/:deliveryId', {
    schema: {
      operationId: 'getDelivery',
      tags: TAGS,
      summary: 'A delivery: its payload and what came of each attempt',
      description:
        'The attempts are in order, each with the status of the answer, or with what went wrong. Nothing else of an answer is kept.',
      params: DeliveryParams,
      response: { 200: DeliveryDetailSchema, ...problems('delivery-unknown') },
    },
    handler: async (request, reply) => answer(reply, 200, await webhooks.delivery(request.params.deliveryId)),
  });

  app.post<ByDelivery>('/deliveries/:deliveryId/redeliver', {
    schema: {
      operationId: 'redeliver',
      tags: TAGS,
      summary: 'Send it again',
      description: 'At once, with the same `webhook-id` and payload, whatever became of it; failed attempts are repeated as for a new one.',
      params: DeliveryParams,
      response: {
        202: {
          description: 'Queued.',
          headers: { Location: { type: 'string', required: true } },
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
