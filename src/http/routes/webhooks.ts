/** `/webhooks`: who is called when something happens. */
import type { FastifyInstance } from 'fastify';
import { EVENTS } from '../../webhooks/events/event-types.ts';
import type { NewWebhook } from '../../webhooks/webhook-view.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { sendUncached } from '../answers/uncached.ts';
import { LOCATION } from '../schemas/parameters.ts';
import { INVALID_JSON, UNKNOWN_PARAMETER } from '../schemas/problem-examples.ts';
import { json } from '../schemas/answer.ts';
import { problems } from '../schemas/problem.ts';
import {
  EventTypesSchema,
  NewWebhookSchema,
  RotateSchema,
  WebhookListSchema,
  WebhookParams,
  WebhookSchema,
  WebhookWithSecretSchema,
} from '../schemas/webhook.ts';

type Deps = Pick<HttpDependencies, 'webhooks'>;
type ById = { Params: { webhookId: string } };

const TAGS = ['Webhooks'];

function createWebhook(app: FastifyInstance, { webhooks }: Deps): void {
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
      return sendUncached(reply.header('location', `/webhooks/${webhook.id}`), 201, webhook);
    },
  });
}

function listWebhooks(app: FastifyInstance, { webhooks }: Deps): void {
  app.get('/webhooks', {
    schema: {
      operationId: 'listWebhooks',
      tags: TAGS,
      summary: 'List webhooks',
      description: 'The oldest first, at most 100. Webhooks that batches bring along are not listed.',
      response: { 200: json('The webhooks.', WebhookListSchema), ...problems(UNKNOWN_PARAMETER) },
    },
    handler: async (_request, reply) => sendUncached(reply, 200, { webhooks: await webhooks.list() }),
  });
}

function getWebhook(app: FastifyInstance, { webhooks }: Deps): void {
  app.get<ById>('/webhooks/:webhookId', {
    schema: {
      operationId: 'getWebhook',
      tags: TAGS,
      summary: 'Show a webhook',
      description: 'Its URL, its events, and whether it is enabled. The secret is not shown.',
      params: WebhookParams,
      response: { 200: json('The webhook.', WebhookSchema), ...problems('webhook-unknown') },
    },
    handler: async (request, reply) => sendUncached(reply, 200, await webhooks.get(request.params.webhookId)),
  });
}

function deleteWebhook(app: FastifyInstance, { webhooks }: Deps): void {
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
}

function rotateWebhookSecret(app: FastifyInstance, { webhooks }: Deps): void {
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
    handler: async (request, reply) => sendUncached(reply, 200, await webhooks.rotate(request.params.webhookId, request.body?.secret)),
  });
}

function enableWebhook(app: FastifyInstance, { webhooks }: Deps): void {
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
    handler: async (request, reply) => sendUncached(reply, 200, await webhooks.enable(request.params.webhookId)),
  });
}

function listEventTypes(app: FastifyInstance): void {
  const types = Object.entries(EVENTS)
    .map(([type, { description, data }]) => ({ type, description, data }))
    .toSorted((a, b) => (a.type < b.type ? -1 : 1));
  app.get('/events/types', {
    schema: {
      operationId: 'listEventTypes',
      tags: TAGS,
      summary: 'List the types of events',
      description: 'What webhooks can hear of, each with a JSON Schema of its `data`.',
      response: { 200: json('The types.', EventTypesSchema), ...problems(UNKNOWN_PARAMETER) },
    },
    handler: async (_request, reply) => sendUncached(reply, 200, { types }),
  });
}

export async function webhookRoutes(app: FastifyInstance, { deps }: { deps: Deps }): Promise<void> {
  createWebhook(app, deps);
  listWebhooks(app, deps);
  getWebhook(app, deps);
  deleteWebhook(app, deps);
  rotateWebhookSecret(app, deps);
  enableWebhook(app, deps);
  listEventTypes(app);
}
