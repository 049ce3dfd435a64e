/**
 * What webhooks need from the queue of calls. queue/ implements it on BullMQ. A call that fails rejects with `store-unavailable` within 2
 * s.
 */
import type { DeliveryId } from './events/event.ts';

/** A delivery and one of its runs. The queue takes the same run once. */
export interface QueuedDelivery {
  id: DeliveryId;
  run: number;
}

/** A delivery that waits for its call, and the endpoint that is called. */
export interface WaitingDelivery extends QueuedDelivery {
  endpointId: string;
}

export interface DeliveryQueue {
  enqueue(delivery: QueuedDelivery): Promise<void>;
  /** How many calls wait, for their first or their next attempt. */
  countWaiting(): Promise<number>;
  /** These calls, at most `most`. */
  listWaiting(most: number): Promise<WaitingDelivery[]>;
  /** Removes a waiting call. Does nothing when it is gone. */
  remove(delivery: QueuedDelivery): Promise<void>;
}
