/** Webhooks and deliveries in the OpenAPI document. */
import { Type } from 'typebox';
import { EVENT_TYPES } from '../../webhooks/event.ts';
import { MAX_PENDING } from '../../webhooks/pending-limits.ts';
import { Cursor, Limit } from './parameters.ts';

const Time = Type.String({ format: 'date-time' });
const TimeOrNull = Type.Union([Time, Type.Null()]);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const Secret = Type.Optional(
  Type.String({
    maxLength: 100,
    description: '`whsec_` and 24 to 64 random bytes in base64. Without it one is made.',
    examples: ['whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'],
  }),
);

export const WebhookParams = Type.Object({
  webhookId: Type.String({ description: 'As in the answer of `POST /webhooks`.', examples: ['wh0mhf5k2x3a1b2c3d4e5f6'] }),
});
export const DeliveryParams = Type.Object({
  deliveryId: Type.String({ description: 'As in the list of deliveries; receivers see it as `webhook-id`.' }),
});

export const NewWebhookSchema = Type.Object(
  {
    url: Type.String({ maxLength: 2048, description: 'Where to send events: https, a host on the public internet.' }),
    events: Type.Optional(
      Type.Array(Type.String({ maxLength: 60, description: `\`*\`, \`batch.*\` or one of ${EVENT_TYPES.join(', ')}.` }), {
        minItems: 1,
        maxItems: 20,
        default: ['*'],
        description: 'Events it wants.',
      }),
    ),
    secret: Secret,
  },
  { additionalProperties: false, title: 'NewWebhook', examples: [{ url: 'https://receiver.example.com/quire', events: ['batch.*'] }] },
);

export const RotateSchema = Type.Union([
  Type.Object({ secret: Secret }, { additionalProperties: false, title: 'Rotate', examples: [{}] }),
  Type.Null(),
]);

const WEBHOOK = {
  id: Type.String(),
  url: Type.String(),
  events: Type.Array(Type.String()),
  state: Type.Enum(['enabled', 'disabled'], { type: 'string', description: '`disabled`: its receiver answered 410 Gone.' }),
  disabledReason: TextOrNull,
  createdAt: Time,
  previousSecretUntil: Type.Union([Time, Type.Null()], {
    description: 'Until when the secret from before the latest rotation signs along.',
  }),
  droppedCalls: Type.Integer({
    description: `Calls that were dropped, the oldest first, because more than ${MAX_PENDING.toLocaleString('en')} waited.`,
  }),
  droppedAt: Type.Union([Time, Type.Null()], { description: 'When the last call was dropped.' }),
};

export const WebhookSchema = Type.Object(WEBHOOK, { title: 'Webhook' });
export const WebhookWithSecretSchema = Type.Object(
  { ...WEBHOOK, secret: Type.String({ description: 'Shown this once: keep it.' }) },
  {
    title: 'WebhookWithSecret',
    examples: [
      {
        id: 'wh0mhf5k2x3a1b2c3d4e5f6',
        url: 'https://receiver.example.com/quire',
        events: ['batch.*'],
        state: 'enabled',
        disabledReason: null,
        createdAt: '2026-01-31T09:30:00.000Z',
        previousSecretUntil: null,
        droppedCalls: 0,
        droppedAt: null,
        secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
      },
    ],
  },
);
export const WebhookListSchema = Type.Object({ webhooks: Type.Array(WebhookSchema) }, { title: 'WebhookList' });

const DELIVERY = {
  id: Type.String({ description: 'Receivers see it as `webhook-id`.' }),
  webhookId: Type.Union([Type.String(), Type.Null()], { description: 'The standing webhook it goes to, if it is one.' }),
  batchId: Type.Union([Type.String(), Type.Null()], { description: 'The batch that asked to be called back, if it is one.' }),
  type: Type.Enum([...EVENT_TYPES], { type: 'string' }),
  state: Type.Enum(['pending', 'delivered', 'failed'], { type: 'string' }),
  createdAt: Time,
  settledAt: TimeOrNull,
  nextAttemptAt: TimeOrNull,
  attempts: Type.Array(
    Type.Object({
      at: Time,
      durationMs: Type.Integer(),
      status: Type.Union([Type.Integer(), Type.Null()], { description: '`null`: there was no answer.' }),
      error: TextOrNull,
    }),
    { description: 'The latest 50, oldest first.' },
  ),
  note: Type.Union([Type.String(), Type.Null()], { description: 'Why it ended without success.' }),
};

export const DeliverySchema = Type.Object(DELIVERY, { title: 'Delivery' });
export const DeliveryDetailSchema = Type.Object(
  {
    ...DELIVERY,
    payload: Type.Object(
      { type: Type.String(), timestamp: Time, data: Type.Object({}, { additionalProperties: true }) },
      { description: 'What is sent.' },
    ),
  },
  { title: 'DeliveryDetail' },
);
export const DeliveryPageSchema = Type.Object(
  { deliveries: Type.Array(DeliverySchema), cursor: Type.Union([Type.String(), Type.Null()]) },
  { title: 'DeliveryPage' },
);

export const DeliveryPageQuerySchema = Type.Object({ cursor: Cursor, limit: Limit });
export const DeliveriesOfBatchQuerySchema = Type.Object({
  batchId: Type.String({ minLength: 1, maxLength: 40, description: 'A batch that asked to be called back.' }),
});
