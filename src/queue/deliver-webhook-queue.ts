/** BullMQ's queue for calls of webhooks. A job is its id: which delivery, which run of it. What is sent lies in the delivery log. */
import { Queue, Worker, type BackendFactory, type Processor, type QueueOptions, type WorkerOptions } from 'bullmq';
import { QuireError } from '../errors.ts';
import type { QueuedDelivery } from '../webhooks/deliveries.ts';
import { parseDeliveryId } from '../webhooks/event.ts';
import type { Store } from '../storage/store.ts';
import { workerName } from './worker-name.ts';

/** Name of the queue: what the jobs in it do. */
export const DELIVER_WEBHOOK = 'deliver-webhook';

/** Longer than an attempt may take. */
const LOCK_MS = 20_000;
const STALLED_CHECK_MS = 5_000;
/** A worker that dies makes a call late, never undone: there is no such thing as a poisonous call. */
export const MAX_STALLED = 1_000;
/** The delivery itself knows when it is given up; BullMQ shall not do so before. */
const MAX_ATTEMPTS = 10_000;
/** Finished jobs kept for the dashboard, by age in seconds and count. */
const KEEP_ENDED = { age: 86_400, count: 1_000 };
/** The API's promise is an answer within 2 s when the store is away. */
const ADD_TIMEOUT_MS = 1_900;

type Empty = Record<string, never>;
/** What BullMQ keeps of a finished job. */
export interface DeliverWebhookResult {
  state: string;
}
export type WebhookQueue = Queue<Empty, DeliverWebhookResult>;
export type WebhookWorker = Worker<Empty, DeliverWebhookResult>;

const idOf = ({ id, run }: QueuedDelivery): string => `${id}.${run}`;

/** Reads the id of a job in this queue, or `null`. `endpointId` is whom the call goes to. */
export function parseWebhookJobId(jobId: string): (QueuedDelivery & { endpointId: string }) | null {
  const [text = '', run = ''] = jobId.split('.');
  const parsed = parseDeliveryId(text);
  return parsed && /^\d{1,9}$/.test(run) ? { ...parsed, run: Number(run) } : null;
}

export function openWebhookQueue(store: Store, onError: (error: Error) => void): WebhookQueue {
  const { options, factory } = store.queueBackend;
  // BullMQ types the connection by backend; which one this is, only the store knows.
  const settings = { ...options('producer'), streams: { events: { maxLen: 1_000 } } } as QueueOptions;
  const queue = new Queue(DELIVER_WEBHOOK, settings, factory as BackendFactory) as WebhookQueue;
  queue.on('error', onError);
  return queue;
}

/** Gives a delivery to the queue; the same run is taken once. Rejects with `store-unavailable`. */
export async function enqueueDelivery(queue: WebhookQueue, delivery: QueuedDelivery): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it does not answer in time')), ADD_TIMEOUT_MS);
  });
  try {
    await Promise.race([
      queue.add(DELIVER_WEBHOOK, {}, { jobId: idOf(delivery), attempts: MAX_ATTEMPTS, backoff: { type: 'custom' }, stackTraceLimit: 1 }),
      tooLate,
    ]);
  } catch (error) {
    throw new QuireError('store-unavailable', `The queue does not take webhook calls: ${(error as Error).message}`, {
      cause: error,
      retryAfterSeconds: 2,
    });
  } finally {
    clearTimeout(timer);
  }
}

export function openWebhookWorker(
  store: Store,
  processor: Processor<Empty, DeliverWebhookResult>,
  options: { concurrency: number; backoffMs: (error: Error | undefined) => number; onError: (error: Error) => void },
): WebhookWorker {
  const { options: backend, factory } = store.queueBackend;
  const settings = {
    ...backend('worker'),
    name: workerName(),
    autorun: false,
    concurrency: options.concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: MAX_STALLED,
    removeOnComplete: KEEP_ENDED,
    removeOnFail: KEEP_ENDED,
    settings: { backoffStrategy: (_attemptsMade: number, _type?: string, error?: Error) => options.backoffMs(error) },
  } as WorkerOptions;
  const worker = new Worker(DELIVER_WEBHOOK, processor, settings, factory as BackendFactory) as WebhookWorker;
  worker.on('error', options.onError);
  return worker;
}
