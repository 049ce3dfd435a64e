/**
 * The delivery log: one document for each event and endpoint, with what was sent and the result of each attempt. The log is the truth about
 * a delivery; the job in the queue only names it.
 */
import type { DeliveryQueue } from './delivery-queue.ts';
import type { DocumentStore } from '../storage/store.ts';
import { updateDocument } from '../storage/update-document.ts';
import { batchOf } from './endpoints.ts';
import { deliveryIdOf, payloadOf, type DeliveryId, type EventType, type WebhookEvent } from './events/event.ts';
import { MAX_PENDING_IN_ALL } from './pending-limits.ts';

/** How long a delivery is kept after it last changed. */
const KEEP_MS = 7 * 86_400_000;
/** About how many ended deliveries are kept for each standing endpoint. */
export const MAX_ENDED = 1_000;
/** The log of an endpoint is trimmed after so many of its deliveries have ended in this process. */
const TRIM_EVERY = 200;
/** Deliveries read in one trim. A longer log is trimmed when fewer of its deliveries are pending. */
const MAX_LOOKED_AT = 5_000;
const LIST_AT_ONCE = 200;
/** How many attempts a delivery keeps, the latest ones. */
const MAX_ATTEMPTS = 50;

/** One call that was made, or could not be. */
export interface DeliveryAttempt {
  atMs: number;
  durationMs: number;
  /** `null` when there was no answer. */
  status: number | null;
  /** Why it failed, as a sentence without secrets; `null` when it succeeded. */
  error: string | null;
}

export type DeliveryState = 'pending' | 'delivered' | 'failed';

export interface Delivery {
  id: DeliveryId;
  endpointId: string;
  type: EventType;
  /** The bytes that are sent, as text. */
  body: string;
  state: DeliveryState;
  /** Grows with each redelivery. A job in the queue is for one run. */
  run: number;
  createdAtMs: number;
  /** When its run began. The retry schedule starts there. */
  runAtMs: number;
  settledAtMs: number | null;
  nextAttemptAtMs: number | null;
  /** The latest 50, over all runs. */
  attempts: DeliveryAttempt[];
  /** Why it ended without success, besides what the last attempt says. */
  note: string | null;
}

export interface Deliveries {
  /** Records the delivery of `event` to an endpoint, and queues it. Repeating that changes nothing, at any time and in any process. */
  announce(endpointId: string, event: WebhookEvent): Promise<void>;
  get(id: DeliveryId): Promise<Delivery | null>;
  /** The deliveries of an endpoint that follow `after`, the latest first. */
  list(endpointId: string, query: { after: DeliveryId | null; limit: number }): Promise<Delivery[]>;
  /** Changes a delivery; `null` when there is none. `change` returns `null` to leave it as it is. */
  update(id: DeliveryId, change: (delivery: Delivery) => Delivery | null): Promise<Delivery | null>;
  /**
   * Drops a waiting run, because too many wait; `false` when it no longer waits. The delivery of a standing webhook leaves the log. That of
   * a batch ends as failed.
   */
  drop(id: DeliveryId, run: number): Promise<boolean>;
  /** Begins a new run of a delivery, and queues it. `null`: no such delivery. */
  redeliver(id: DeliveryId): Promise<Delivery | null>;
}

export interface DeliveriesOptions {
  documents: DocumentStore;
  queue: Pick<DeliveryQueue, 'enqueue'>;
  now?: () => number;
}

const prefixOf = (endpointId: string): string => `delivery:${endpointId}-`;
const keyOf = (id: DeliveryId): string => `delivery:${id}`;

export function createDeliveries({ documents, queue, now = Date.now }: DeliveriesOptions): Deliveries {
  const endedSinceTrim = new Map<string, number>();
  const read = (json: string): Delivery => JSON.parse(json) as Delivery;

  const get = async (id: DeliveryId): Promise<Delivery | null> => {
    const found = await documents.get(keyOf(id), now());
    return found && read(found.json);
  };

  const list: Deliveries['list'] = async (endpointId, { after, limit }) => {
    const found = await documents.list(prefixOf(endpointId), { nowMs: now(), afterKey: after === null ? null : keyOf(after), limit });
    return found.map(({ json }) => read(json));
  };

  /** Removes ended deliveries beyond {@link MAX_ENDED}. All pending ones stay. */
  const trim = async (endpointId: string): Promise<void> => {
    let after: DeliveryId | null = null;
    let ended = 0;
    for (let seen = 0; seen < MAX_LOOKED_AT; seen += LIST_AT_ONCE) {
      const page: Delivery[] = await list(endpointId, { after, limit: LIST_AT_ONCE });
      for (const { id, state } of page) {
        if (state !== 'pending' && ++ended > MAX_ENDED) await documents.delete(keyOf(id));
      }
      if (page.length < LIST_AT_ONCE) return;
      after = page.at(-1)?.id ?? null;
    }
  };

  const countEnded = async (endpointId: string): Promise<void> => {
    const ended = (endedSinceTrim.get(endpointId) ?? 0) + 1;
    endedSinceTrim.set(endpointId, ended % TRIM_EVERY);
    if (ended === TRIM_EVERY) await trim(endpointId);
  };

  const update: Deliveries['update'] = async (id, change) => {
    const { before, after } = await updateDocument<Delivery>({
      documents,
      key: keyOf(id),
      now,
      change(known) {
        const changed = known && change(known);
        return changed && { ...changed, attempts: changed.attempts.slice(-MAX_ATTEMPTS) };
      },
      expireAtMs: () => now() + KEEP_MS,
    });
    if (after === null) return before;
    // The endpoint of a batch has one delivery, which expires.
    if (before?.state === 'pending' && after.state !== 'pending' && after.endpointId.startsWith('wh')) await countEnded(after.endpointId);
    return after;
  };

  return {
    get,
    list,
    update,
    async announce(endpointId, event) {
      const nowMs = now();
      const id = deliveryIdOf(endpointId, event);
      const delivery: Delivery = {
        id,
        endpointId,
        type: event.type,
        body: payloadOf(event),
        state: 'pending',
        run: 1,
        createdAtMs: nowMs,
        runAtMs: nowMs,
        settledAtMs: null,
        nextAttemptAtMs: nowMs,
        attempts: [],
        note: null,
      };
      const made = await documents.put(keyOf(id), JSON.stringify(delivery), { nowMs, ifVersion: 0, expireAtMs: nowMs + KEEP_MS });
      // The process that recorded it may have died before it queued it. So it is queued again; the queue takes a run once.
      const current = made === null ? await get(id) : delivery;
      if (current?.state === 'pending') await queue.enqueue({ id, run: current.run });
    },
    async drop(id, run) {
      const delivery = await get(id);
      if (delivery?.state !== 'pending' || delivery.run !== run) return false;
      // The log of a dead receiver would grow without bound if it kept dropped deliveries.
      if (batchOf(delivery.endpointId) === null) return documents.delete(keyOf(id));
      const note = `Dropped: more than ${MAX_PENDING_IN_ALL} calls of webhooks waited.`;
      const ended = await update(id, (before) =>
        before.state === 'pending' && before.run === run
          ? { ...before, state: 'failed', settledAtMs: now(), nextAttemptAtMs: null, note }
          : null,
      );
      return ended?.state === 'failed';
    },
    async redeliver(id) {
      const runAtMs = now();
      const delivery = await update(id, (before) => ({
        ...before,
        state: 'pending',
        run: before.run + 1,
        runAtMs,
        settledAtMs: null,
        nextAttemptAtMs: runAtMs,
        note: null,
      }));
      if (delivery) await queue.enqueue({ id, run: delivery.run });
      return delivery;
    },
  };
}
