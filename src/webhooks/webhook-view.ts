/** What callers are told of webhooks: the shapes of the HTTP contract, made here, turned into JSON in http/. Secrets are in none but {@link WebhookWithSecret}. */
import type { DeliveryState } from './deliveries.ts';
import type { EventType } from './event.ts';

export interface WebhookView {
  id: string;
  url: string;
  /** Patterns of the events it wants: `*`, `batch.*` or a type. */
  events: string[];
  /** `disabled`: its receiver answered 410, and it is not called until it is enabled. */
  state: 'enabled' | 'disabled';
  disabledReason: string | null;
  createdAt: string;
  /** Until when the secret from before the latest rotation signs along; `null` when there is none. */
  previousSecretUntil: string | null;
  /** Calls that were dropped because too many waited for its receiver, and when the last was. */
  droppedCalls: number;
  droppedAt: string | null;
}

/** The answer to making a webhook and to rotating its secret: the one time the secret is shown. */
export interface WebhookWithSecret extends WebhookView {
  secret: string;
}

export interface DeliveryView {
  /** Also what is sent as `webhook-id`. */
  id: string;
  /** The standing webhook it goes to, or else … */
  webhookId: string | null;
  /** … the batch that asked to be called back. */
  batchId: string | null;
  type: EventType;
  state: DeliveryState;
  createdAt: string;
  settledAt: string | null;
  nextAttemptAt: string | null;
  attempts: { at: string; durationMs: number; status: number | null; error: string | null }[];
  /** Why it ended without success. */
  note: string | null;
}

/** One delivery with what is sent. */
export interface DeliveryDetailView extends DeliveryView {
  payload: object;
}

export interface NewWebhook {
  url: string;
  /** Patterns; without them all events. */
  events?: string[];
  /** Without it one is made. */
  secret?: string;
}

export interface Webhooks {
  /** Throws `webhook-target-refused` when the URL may not be called, `invalid-request` for an unknown pattern or a malformed secret, `too-many-webhooks`. */
  create(webhook: NewWebhook): Promise<WebhookWithSecret>;
  list(): Promise<WebhookView[]>;
  /** This and the following throw `webhook-unknown` for an id that names none. */
  get(id: string): Promise<WebhookView>;
  /** Deliveries that are under way end as failed at their next attempt. */
  remove(id: string): Promise<void>;
  /** Gives it a new secret; for 24 h calls carry a signature of the old one too. */
  rotate(id: string, secret: string | undefined): Promise<WebhookWithSecret>;
  /** Lets a disabled one be called again. */
  enable(id: string): Promise<WebhookView>;
  /** The latest first. */
  deliveries(id: string, page: { cursor: string | null; limit: number }): Promise<{ deliveries: DeliveryView[]; cursor: string | null }>;
  /** What the batch's own webhook was told: one delivery at most. */
  deliveriesOfBatch(batchId: string): Promise<DeliveryView[]>;
  /** This and the following throw `delivery-unknown`. */
  delivery(id: string): Promise<DeliveryDetailView>;
  /** Calls again at once, with the same id and body. Throws `webhook-disabled`, or `webhook-unknown` when the webhook is gone. */
  redeliver(id: string): Promise<DeliveryView>;
  /** For `POST /parse-links`: throws when a batch's webhook may not be called or could not be signed. `from`: whether the body or the query string names it. */
  checkBatchWebhook(webhook: { url: string; secret: string | null }, from: 'body' | 'query'): Promise<void>;
}
