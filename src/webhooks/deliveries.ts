/**
 * The delivery log: one document for each event and endpoint, with what was sent and what came of each attempt. It is the truth about a
 * delivery; the job in the queue only names it.
 */
import type { DeliveryQueue } from './delivery-queue.ts';
import type { DocumentStore } from '../storage/store.ts';
import { updateDocument } from '../storage/update-document.ts';
import { batchOf } from './endpoints.ts';
import { deliveryIdOf, payloadOf, type DeliveryId, type EventType, type WebhookEvent } from './event.ts';
import { MAX_PENDING_IN_ALL } from './pending-limits.ts';

/** How long a delivery is kept after it last changed. */
const KEEP_MS = 7 * 86_400_000;
/** Ended deliveries kept for each standing endpoint, about. */
export const MAX_ENDED = 1_000;
/** The log of an endpoint is cut to size after so many of its deliveries have ended in this process. */
const TRIM_EVERY = 200;
/** Deliveries looked at while cutting: beyond, the log is cut when less of it is pending. */
const MAX_LOOKED_AT = 5_000;
const LIST_AT_ONCE = 200;
/** Attempts kept in the log, the latest. */
const MAX_ATTEMPTS = 50;

/** One call that was made, or could not be. */
export interface DeliveryAttempt {
  atMs: number;
  durationMs: number;
  /** `null` when there was no answer. */
  status: number | null;
  /** Why it failed, `null` when it did not. A sentence without secrets. */
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
  /** Grows with each redelivery; a job in the queue is for one run alone. */
  run: number;
  createdAtMs: number;
  /** When its run began; retries are counted from there. */
  runAtMs: number;
  settledAtMs: number | null;
  nextAttemptAtMs: number | null;
  /** The latest 50, over all runs. */
  attempts: DeliveryAttempt[];
  /** Why it ended without success, besides what the last attempt says. */
  note: string | null;
}

export interface Deliveries {
  /** Records that `event` is to be told to an endpoint and gives it to the queue. Doing so again, at any time and in any process, changes nothing. */
  announce(endpointId: string, event: WebhookEvent): Promise<void>;
  get(id: DeliveryId): Promise<Delivery | null>;
  /** Those of an endpoint, the latest first, after `after`. */
  list(endpointId: string, query: { after: DeliveryId | null; limit: number }): Promise<Delivery[]>;
  /** Changes a delivery; `null` when there is none. `change` returns `null` to leave it as it is. */
  update(id: DeliveryId, change: (delivery: Delivery) => Delivery | null): Promise<Delivery | null>;
  /**
   * Gives up a run that waits, because too many do; `false` when it does not wait any more. A standing webhook's delivery goes from the log, a batch's ends as
   * failed.
   */
  drop(id: DeliveryId, run: number): Promise<boolean>;
  /** Begins a new run of a delivery and gives it to the queue. `null`: no such delivery. */
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

  /** Removes ended deliveries beyond {@link MAX_ENDED}; pending ones stay, however many. */
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
    // A batch's endpoint has one delivery, whose time ends it.
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
      // Whoever recorded it may have ended before the queue had it: it is given again, and the queue takes a run once.
      const current = made === null ? await get(id) : delivery;
      if (current?.state === 'pending') await queue.enqueue({ id, run: current.run });
    },
    async drop(id, run) {
      const delivery = await get(id);
      if (delivery?.state !== 'pending' || delivery.run !== run) return false;
      // Kept, the dropped ones of a dead receiver would grow without bound themselves.
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
