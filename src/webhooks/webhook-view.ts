/**
 * Webhooks as callers see them: the shapes of the HTTP contract. http/ turns them into JSON. Only {@link WebhookWithSecret} has a secret.
 */
import type { DeliveryState } from './deliveries.ts';
import type { EventType } from './events/event.ts';
import type { EventFilter } from './events/filter.ts';
import type { Format } from './events/message.ts';

export interface WebhookView {
  id: string;
  url: string;
  /** Patterns of the events that it subscribed to: `*`, `batch.*` or a type. */
  events: string[];
  /** Which of these events it hears; `null`: all. */
  filter: EventFilter | null;
  format: Format;
  /** `disabled`: its receiver answered 410, and it is not called until it is enabled. */
  state: 'enabled' | 'disabled';
  disabledReason: string | null;
  createdAt: string;
  /** Until when the secret before the latest rotation also signs; `null` when there is none. */
  previousSecretUntil: string | null;
  /** Calls that were dropped because too many waited for its receiver, and when the last one was. */
  droppedCalls: number;
  droppedAt: string | null;
}

/** The answer to creating a webhook and to rotating its secret. Only this answer shows the secret. */
export interface WebhookWithSecret extends WebhookView {
  secret: string;
}

export interface DeliveryView {
  /** It is sent as `webhook-id`. */
  id: string;
  /** The standing webhook that is called, or … */
  webhookId: string | null;
  /** … the batch whose webhook is called. */
  batchId: string | null;
  type: EventType;
  state: DeliveryState;
  createdAt: string;
  settledAt: string | null;
  nextAttemptAt: string | null;
  attempts: { at: string; durationMs: number; status: number | null; error: string | null }[];
  /** Why it failed, besides the last attempt. */
  note: string | null;
}

/** One delivery with what is sent. */
export interface DeliveryDetailView extends DeliveryView {
  payload: object;
}

export interface NewWebhook {
  url: string;
  /** Patterns; all events without them. */
  events?: string[];
  filter?: EventFilter;
  /** `json` without it. */
  format?: Format;
  /** A random secret without it. */
  secret?: string;
}

export interface Webhooks {
  /**
   * Throws `webhook-target-refused` when the URL may not be called, `invalid-request` for an unknown pattern or a malformed secret,
   * `too-many-webhooks`.
   */
  create(webhook: NewWebhook): Promise<WebhookWithSecret>;
  list(): Promise<WebhookView[]>;
  /** This method and the following ones throw `webhook-unknown` for an unknown id. */
  get(id: string): Promise<WebhookView>;
  /** Pending deliveries end as failed at their next attempt. */
  remove(id: string): Promise<void>;
  /** Gives it a new secret. For 24 h the old one signs calls too. */
  rotate(id: string, secret: string | undefined): Promise<WebhookWithSecret>;
  /** Enables a disabled webhook. */
  enable(id: string): Promise<WebhookView>;
  /** The latest first. */
  deliveries(id: string, page: { cursor: string | null; limit: number }): Promise<{ deliveries: DeliveryView[]; cursor: string | null }>;
  /** The deliveries to the batch's own webhook: one at most. */
  deliveriesOfBatch(batchId: string): Promise<DeliveryView[]>;
  /** This method and the next one throw `delivery-unknown`. */
  delivery(id: string): Promise<DeliveryDetailView>;
  /** Calls again at once, with the same id and body. Throws `webhook-disabled`, or `webhook-unknown` when the webhook is gone. */
  redeliver(id: string): Promise<DeliveryView>;
  /** For `POST /parse-links`: throws when the webhook of a batch may not be called or cannot be signed. `from`: what names the webhook. */
  checkBatchWebhook(webhook: { url: string; secret: string | null }, from: 'body' | 'query'): Promise<void>;
}
