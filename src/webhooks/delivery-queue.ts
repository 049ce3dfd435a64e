/** What webhooks need of the queue of calls. queue/ implements it on BullMQ. Every call rejects with `store-unavailable` within 2 s. */
import type { DeliveryId } from './event.ts';

/** Which delivery is to be made, and which run of it. The queue takes the same run once. */
export interface QueuedDelivery {
  id: DeliveryId;
  run: number;
}

/** A delivery that waits for its call, and whom the call goes to. */
export interface WaitingDelivery extends QueuedDelivery {
  endpointId: string;
}

export interface DeliveryQueue {
  enqueue(delivery: QueuedDelivery): Promise<void>;
  /** Calls that wait, or wait for their next attempt. */
  countWaiting(): Promise<number>;
  /** The same, one by one, at most `most`. */
  listWaiting(most: number): Promise<WaitingDelivery[]>;
  /** Takes a waiting call out; does nothing where it is gone. */
  remove(delivery: QueuedDelivery): Promise<void>;
}
