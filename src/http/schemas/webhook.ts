/** Webhooks and deliveries in the OpenAPI document. */
import { Type } from 'typebox';
import { PRIORITIES } from '../../domain/batch.ts';
import { EVENT_TYPES } from '../../webhooks/events/event.ts';
import { FORMATS } from '../../webhooks/events/message.ts';
import { MAX_PENDING } from '../../webhooks/pending-limits.ts';
import { NextCursorField, orNull, text, textOrNull, time, timeOrNull, whole } from './fields.ts';
import { Cursor, Limit } from './parameters.ts';

const Secret = Type.Optional(
  Type.String({
    maxLength: 100,
    description: '`whsec_` and 24 to 64 random bytes in base64. Without it Quire makes one.',
    examples: ['whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'],
  }),
);

export const WebhookParams = Type.Object({
  webhookId: Type.String({ description: 'As in the answer of `POST /webhooks`.', examples: ['wh0mhf5k2x3a1b2c3d4e5f6'] }),
});
export const DeliveryParams = Type.Object({
  deliveryId: Type.String({ description: 'As in the list of deliveries; receivers see it as `webhook-id`.' }),
});

const Filter = Type.Object(
  {
    reasons: Type.Optional(
      Type.Array(Type.String({ maxLength: 60, description: 'The code of an error, as in docs/errors.md.' }), {
        minItems: 1,
        maxItems: 50,
        description: 'Failures of books with other reasons are left out.',
      }),
    ),
    priorities: Type.Optional(
      Type.Array(Type.Enum([...PRIORITIES], { type: 'string' }), {
        minItems: 1,
        maxItems: PRIORITIES.length,
        description: 'Jobs and batches of other priorities are left out.',
      }),
    ),
  },
  {
    additionalProperties: false,
    title: 'EventFilter',
    description: 'Which of the events are sent. An event without a reason or a priority passes the filter of it.',
  },
);
const FORMAT =
  '`json`: the event, as Standard Webhooks has it. `text`: a sentence as plain text with the headers `Title` and `Priority`, as ntfy takes it. `slack`: a sentence as `{"text": …}`, as Slack and Mattermost take it.';

export const NewWebhookSchema = Type.Object(
  {
    url: Type.String({ maxLength: 2048, description: 'Where to send events: an https URL whose host is on the public internet.' }),
    events: Type.Optional(
      Type.Array(Type.String({ maxLength: 60, description: `\`*\`, \`batch.*\` or one of ${EVENT_TYPES.join(', ')}.` }), {
        minItems: 1,
        maxItems: 20,
        default: ['*'],
        description: 'The events to send.',
      }),
    ),
    filter: Type.Optional(Filter),
    format: Type.Optional(Type.Enum([...FORMATS], { type: 'string', default: 'json', description: FORMAT })),
    secret: Secret,
  },
  { additionalProperties: false, title: 'NewWebhook', examples: [{ url: 'https://receiver.example.com/quire', events: ['batch.*'] }] },
);

export const RotateSchema = Type.Union([
  Type.Object({ secret: Secret }, { additionalProperties: false, title: 'Rotate', examples: [{}] }),
  Type.Null(),
]);

const WEBHOOK = {
  id: text('The webhook, for `GET /webhooks/{webhookId}`.'),
  url: text('Where events are sent.'),
  events: Type.Array(Type.String(), { description: 'The events that are sent: `*`, a group such as `batch.*`, or single ones.' }),
  filter: orNull(Filter, 'Which of these events are sent; `null`: all.'),
  format: Type.Enum([...FORMATS], { type: 'string', description: FORMAT }),
  state: Type.Enum(['enabled', 'disabled'], { type: 'string', description: '`disabled`: its receiver answered 410 Gone.' }),
  disabledReason: textOrNull('Why the webhook is disabled.'),
  createdAt: time('When the webhook was made.'),
  previousSecretUntil: timeOrNull('Until when the secret from before the latest rotation signs along.'),
  droppedCalls: whole(`Calls that were dropped, the oldest first, because more than ${MAX_PENDING.toLocaleString('en')} waited.`),
  droppedAt: timeOrNull('When the last call was dropped.'),
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
        filter: null,
        format: 'json',
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
export const WebhookListSchema = Type.Object(
  { webhooks: Type.Array(WebhookSchema, { description: 'The oldest first.' }) },
  { title: 'WebhookList' },
);

const DELIVERY = {
  id: text('The delivery. Receivers see it as `webhook-id`.'),
  webhookId: textOrNull("The standing webhook that the delivery goes to; `null` for a batch's own."),
  batchId: textOrNull('The batch that asked to be called back; `null` for a standing webhook.'),
  type: Type.Enum([...EVENT_TYPES], { type: 'string', title: 'EventType', description: 'The event that is told.' }),
  state: Type.Enum(['pending', 'delivered', 'failed'], {
    type: 'string',
    description: '`pending`: attempts follow. `failed`: no attempt follows.',
  }),
  createdAt: time('When the event happened.'),
  settledAt: timeOrNull('When the delivery succeeded or failed.'),
  nextAttemptAt: timeOrNull('When the next attempt is made.'),
  attempts: Type.Array(
    Type.Object({
      at: time('When the call began.'),
      durationMs: whole('How long the call took, in milliseconds.'),
      status: orNull(Type.Integer(), 'The status of the answer; `null` when there was none.'),
      error: textOrNull('What went wrong; `null` when the receiver took the event.'),
    }),
    { description: 'The latest 50, oldest first.' },
  ),
  note: textOrNull('Why the delivery failed.'),
};

export const DeliverySchema = Type.Object(DELIVERY, { title: 'Delivery' });
export const DeliveryDetailSchema = Type.Object(
  {
    ...DELIVERY,
    payload: Type.Object(
      {
        type: text('The event.'),
        timestamp: time('When the event happened.'),
        data: Type.Object({}, { additionalProperties: true, description: 'What the event tells, by its type.' }),
      },
      { description: 'What is sent.' },
    ),
  },
  { title: 'DeliveryDetail' },
);
export const DeliveryPageSchema = Type.Object(
  { deliveries: Type.Array(DeliverySchema, { description: 'The deliveries of this page.' }), cursor: NextCursorField },
  { title: 'DeliveryPage' },
);

export const DeliveryPageQuerySchema = Type.Object({ cursor: Cursor, limit: Limit });
export const DeliveriesOfBatchQuerySchema = Type.Object({
  batchId: Type.String({ minLength: 1, maxLength: 40, description: 'A batch that asked to be called back.' }),
});

export const EventTypesSchema = Type.Object(
  {
    types: Type.Array(
      Type.Object({
        type: Type.Enum([...EVENT_TYPES], { type: 'string', description: 'The type, for `events` of a webhook.' }),
        description: text('When it happens.'),
        data: Type.Object({}, { additionalProperties: true, description: 'The JSON Schema of its `data`.' }),
      }),
      { description: 'In alphabetical order.' },
    ),
  },
  { title: 'EventTypes' },
);
