/**
 * The events that webhooks receive: their types, the patterns that pick them, and their payloads in the form of Standard Webhooks. Pure.
 */
import { createHash } from 'node:crypto';
import { isProbed, type PacingState } from '../../crawl/source/pacing-state.ts';
import type { BatchRecord, Priority } from '../../domain/batch.ts';
import { referenceOfJob, type JobId } from '../../domain/identity.ts';
import type { JobRecord } from '../../domain/job.ts';
import { iso, isoOrNull } from '../../domain/time/iso.ts';

/** Every kind of event there is. event-types.ts describes them. */
export const EVENT_TYPES = [
  'batch.completed',
  'book.parsed',
  'book.failed',
  'parser.drift',
  'source.blocked',
  'source.opened',
  'store.nearly-full',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export interface WebhookEvent {
  type: EventType;
  /** When it happened. Every announcement of the event has the same time, because the ids of its deliveries contain it. */
  atMs: number;
  /** Unique among the events of its type. The same event always has the same key. */
  key: string;
  data: object;
  /** What the filters of webhooks look at. An event without a fact passes the filter of that fact. */
  facts?: { reason?: string; priority?: Priority };
}

/** Whether `pattern` (`*`, `batch.*` or a type) picks events of `type`. */
export function picks(pattern: string, type: EventType): boolean {
  return pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)));
}

/** Whether `pattern` picks any event at all. One that picks none is a mistake. */
export const isPattern = (pattern: string): boolean => EVENT_TYPES.some((type) => picks(pattern, type));

/** The body that is signed and sent: the same bytes at every attempt. */
export const payloadOf = ({ type, atMs, data }: WebhookEvent): string => JSON.stringify({ type, timestamp: iso(atMs), data });

/**
 * A batch ended: all its items are settled, or it was cancelled. `origin` comes before the path of the batch; '' makes a relative
 * reference.
 */
export function batchCompleted(batch: BatchRecord, origin: string): WebhookEvent {
  const { batchId, total, counts, createdAtMs, endedAtMs, cancelledAtMs, options, found } = batch;
  const atMs = endedAtMs ?? createdAtMs;
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
      // Only of a batch that looks for books: a body that was announced before an update stays the same.
      ...(options.until && { found }),
    },
    facts: { priority: options.priority },
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

/** A job failed. `record`: as it was settled. */
export function bookFailed({ jobId, run, settledAtMs, createdAtMs, error, attempts, priority }: JobRecord): WebhookEvent {
  const reference = referenceOfJob(jobId);
  const reason = error?.code ?? 'internal-error';
  return {
    type: 'book.failed',
    atMs: settledAtMs ?? createdAtMs,
    key: `${jobId}.${run}`,
    data: {
      bookId: reference?.kind === 'book' ? reference.bookId : null,
      jobId,
      url: reference?.url ?? null,
      reason,
      detail: error?.detail ?? '',
      attempts,
      priority,
    },
    facts: { reason, priority },
  };
}

/**
 * What a change of the source tells: that it turned Quire away or cannot be reached, or that it answers again. `null` for a change between
 * other modes.
 */
export function sourceChanged(before: PacingState, after: PacingState): WebhookEvent | null {
  if (before.mode === after.mode) return null;
  const event = { atMs: after.sinceMs, key: `${after.mode}.${after.sinceMs}` };
  if (isProbed(after.mode)) {
    const { mode: state, reason, sinceMs, nextProbeAtMs } = after;
    return {
      ...event,
      type: 'source.blocked',
      data: { state, reason, since: iso(sinceMs), nextProbeAt: isoOrNull(nextProbeAtMs || null) },
    };
  }
  if (!isProbed(before.mode)) return null;
  const closedSeconds = Math.max(0, Math.round((after.sinceMs - before.sinceMs) / 1000));
  return { ...event, type: 'source.opened', data: { state: after.mode, before: before.mode, since: iso(after.sinceMs), closedSeconds } };
}

declare const brand: unique symbol;
/** Names the delivery of an event to an endpoint. It is sent as `webhook-id`. */
export type DeliveryId = string & { readonly [brand]: 'DeliveryId' };

/** Nine letters and digits that sort the latest first, until the year 5188. */
const latestFirst = (atMs: number): string => (36 ** 9 - 1 - atMs).toString(36).padStart(9, '0');

/**
 * The id of the delivery of `event` to an endpoint. Announcing the event again gives the same id. The ids of an endpoint sort the latest
 * first.
 */
export function deliveryIdOf(endpointId: string, event: WebhookEvent): DeliveryId {
  const digest = createHash('sha256').update(`${event.type} ${event.key}`).digest('hex').slice(0, 16);
  return `${endpointId}-${latestFirst(event.atMs)}${digest}` as DeliveryId;
}

/** Reads text as the id of a delivery, or `null`. `endpointId` names its endpoint. */
export function parseDeliveryId(text: string): { id: DeliveryId; endpointId: string } | null {
  const match = /^((?:wh|b)[0-9a-z]{10,40})-[0-9a-z]{25}$/.exec(text);
  return match?.[1] ? { id: text as DeliveryId, endpointId: match[1] } : null;
}
