/** BullMQ's queue for calls of webhooks. The id of a job names a delivery and its run. The delivery log has what is sent. */
import type { Processor, Queue, Worker } from 'bullmq';
import type { DeliveryQueue, QueuedDelivery, WaitingDelivery } from '../webhooks/delivery-queue.ts';
import { parseDeliveryId } from '../webhooks/events/event.ts';
import type { Store } from '../storage/store.ts';
import { askQueue } from './ask-queue.ts';
import { dataOfTrace, openBullQueue, openBullWorker, type OwnWorkerOptions, type TracedData } from './open.ts';

/** Name of the queue: what the jobs in it do. */
export const DELIVER_WEBHOOK = 'deliver-webhook';

/** A worker that dies only delays its calls, and no call can kill a worker. So calls may stall often. */
export const MAX_STALLED = 1_000;
/** More than any delivery makes: the delivery decides when to give up, not BullMQ. */
const MAX_ATTEMPTS = 10_000;
/** Finished jobs kept for the dashboard, by age in seconds and count. */
const KEEP_ENDED = { age: 86_400, count: 1_000 };
/** BullMQ's states of a call that is not being made. */
const WAITING = ['waiting', 'delayed', 'prioritized'] as const;

/** What BullMQ keeps of a finished job. */
export interface DeliverWebhookResult {
  state: string;
}
export type WebhookQueue = Queue<TracedData, DeliverWebhookResult>;
export type WebhookWorker = Worker<TracedData, DeliverWebhookResult>;

const idOf = ({ id, run }: QueuedDelivery): string => `${id}.${run}`;

/** Reads the id of a job in this queue, or `null`. `endpointId` names the endpoint that is called. */
export function parseWebhookJobId(jobId: string): WaitingDelivery | null {
  const [text = '', run = ''] = jobId.split('.');
  const parsed = parseDeliveryId(text);
  return parsed && /^\d{1,9}$/.test(run) ? { ...parsed, run: Number(run) } : null;
}

export const openWebhookQueue = (store: Store, onError: (error: Error) => void): WebhookQueue =>
  openBullQueue(DELIVER_WEBHOOK, store, onError);

/** Implements webhooks/delivery-queue.ts on an open queue. The caller closes that queue. */
export function createDeliveryQueue(queue: WebhookQueue): DeliveryQueue {
  return {
    async enqueue(delivery) {
      const options = { jobId: idOf(delivery), attempts: MAX_ATTEMPTS, backoff: { type: 'custom' }, stackTraceLimit: 1 };
      await askQueue(queue.add(DELIVER_WEBHOOK, dataOfTrace(), options));
    },
    async countWaiting() {
      const counts = await askQueue(queue.getJobCounts(...WAITING));
      return Object.values(counts).reduce((sum, n) => sum + n, 0);
    },
    async listWaiting(most) {
      const ids = await askQueue(queue.getRanges([...WAITING], 0, most - 1));
      return ids.flatMap((jobId) => parseWebhookJobId(jobId) ?? []);
    },
    async remove(delivery) {
      // A call that is being made cannot be removed. It finds that its record is gone.
      await queue.remove(idOf(delivery)).catch(() => 0);
    },
  };
}

export const openWebhookWorker = (
  store: Store,
  processor: Processor<TracedData, DeliverWebhookResult>,
  options: Pick<OwnWorkerOptions, 'backoffMs' | 'onError'> & { concurrency: number },
): WebhookWorker =>
  openBullWorker(DELIVER_WEBHOOK, store, processor, {
    ...options,
    maxStalledCount: MAX_STALLED,
    removeOnComplete: KEEP_ENDED,
    removeOnFail: KEEP_ENDED,
  });
