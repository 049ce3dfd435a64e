/** What webhooks are told: the kinds of event, the patterns that pick them, and the payload of each as Standard Webhooks lays it out. Pure. */
import { createHash } from 'node:crypto';
import type { BatchRecord } from '../domain/batch.ts';
import type { JobId } from '../domain/identity.ts';
import { iso } from '../domain/time/iso.ts';

/** Every kind of event there is. */
export const EVENT_TYPES = ['batch.completed', 'book.parsed'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export interface WebhookEvent {
  type: EventType;
  /** When it happened; the same at every announcement of the event, since the ids of its deliveries are made of it. */
  atMs: number;
  /** Tells it from all other events of its type: the same event always has the same key. */
  key: string;
  data: object;
}

/** Whether `pattern` (`*`, `batch.*` or a type) picks events of `type`. */
export function picks(pattern: string, type: EventType): boolean {
  return pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)));
}

/** Whether `pattern` picks anything at all: one that never does is a slip. */
export const isPattern = (pattern: string): boolean => EVENT_TYPES.some((type) => picks(pattern, type));

/** The body that is signed and sent: the same bytes at every attempt. */
export const payloadOf = ({ type, atMs, data }: WebhookEvent): string => JSON.stringify({ type, timestamp: iso(atMs), data });

/** A batch ended: all of its items are settled, or it was cancelled. `origin` goes before the batch's path; '' leaves a relative reference. */
export function batchCompleted(batch: BatchRecord, origin: string): WebhookEvent {
  const { batchId, total, counts, createdAtMs, finishedAtMs, cancelledAtMs } = batch;
  const atMs = finishedAtMs ?? createdAtMs;
  return {
    type: 'batch.completed',
    atMs,
    key: batchId,
    data: {
      batchId,
      state: cancelledAtMs === null ? 'completed' : 'cancelled',
      total,
      counts,
      createdAt: iso(createdAtMs),
      finishedAt: iso(atMs),
      url: `${origin}/batches/${batchId}`,
    },
  };
}

/** A job gave a book. `body` is the book's JSON as it is stored; `run` names the run of the job. */
export function bookParsed({ jobId, run, atMs, body }: { jobId: JobId; run: string; atMs: number; body: Buffer }): WebhookEvent {
  const book = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  const { id, url, title, author, rating, isbn13, fetchedAt } = book;
  return {
    type: 'book.parsed',
    atMs,
    key: `${jobId}.${run}`,
    data: { bookId: id ?? null, jobId, url, title, author, rating: rating ?? null, isbn13: isbn13 ?? null, fetchedAt },
  };
}

declare const brand: unique symbol;
/** Names the one delivery of an event to an endpoint; it is sent as `webhook-id`. */
export type DeliveryId = string & { readonly [brand]: 'DeliveryId' };

/** Nine letters and digits that sort the latest first, until the year 5188. */
const latestFirst = (atMs: number): string => (36 ** 9 - 1 - atMs).toString(36).padStart(9, '0');

/** The id of the delivery of `event` to an endpoint: announcing the event again, after a crash, gives the same. An endpoint's ids sort the latest first. */
export function deliveryIdOf(endpointId: string, event: WebhookEvent): DeliveryId {
  const digest = createHash('sha256').update(`${event.type} ${event.key}`).digest('hex').slice(0, 16);
  return `${endpointId}-${latestFirst(event.atMs)}${digest}` as DeliveryId;
}

/** Reads text as a delivery's id, or `null`; `endpointId` is whom it goes to. */
export function parseDeliveryId(text: string): { id: DeliveryId; endpointId: string } | null {
  const match = /^((?:wh|b)[0-9a-z]{10,40})-[0-9a-z]{25}$/.exec(text);
  return match?.[1] ? { id: text as DeliveryId, endpointId: match[1] } : null;
}
