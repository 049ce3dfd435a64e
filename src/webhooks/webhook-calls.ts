/** Webhooks of one process, put together: what the API asks, and what a worker runs. */
import type { Config } from '../config/config.ts';
import { userAgent } from '../crawl/fetch/user-agent.ts';
import { createAnnouncer, type Announcer } from './announcer.ts';
import { createDeliverer } from './deliver.ts';
import { createDeliveries } from './deliveries.ts';
import { createEndpoints } from './endpoints.ts';
import { createTargetGuard, type Resolve } from './target-guard.ts';
import { createWebhooks } from './webhooks.ts';
import type { Webhooks } from './webhook-view.ts';
import type { Store } from '../storage/store.ts';
import { createWebhookWorker, type WebhookJobWorker } from '../queue/deliver-webhook-worker.ts';
import { createPendingCalls } from './pending-calls.ts';
import { enqueueDelivery, openWebhookQueue, type WebhookQueue } from '../queue/deliver-webhook-queue.ts';

/** Running calls get no longer than this at the end: it comes on top of the crawls' own `DRAIN_SECONDS`, and most platforms kill after 30 s. */
const MAX_DRAIN_SECONDS = 4;

export interface WebhookCallsOptions {
  store: Store;
  config: Pick<Config, 'webhookAllowLoopback' | 'webhookSecret' | 'publicUrl' | 'crawlContact' | 'drainSeconds'>;
  /** Quire's version, for the user agent. */
  version: string;
  log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** For tests: the look-up of host names. */
  resolve?: Resolve;
  now?: () => number;
  random?: () => number;
}

export interface WebhookCalls {
  webhooks: Webhooks;
  /** For the dashboard. */
  queue: WebhookQueue;
  announceBook: Announcer['announceBook'];
  /** Announces finished batches and makes calls, until `close`. For workers. */
  startWorker(): Promise<void>;
  /** Ends everything that was begun. Idempotent. */
  close(): Promise<void>;
}

/** Opens the queue; makes no call before `startWorker`. */
export function createWebhookCalls({
  store,
  config,
  version,
  log,
  resolve,
  now = Date.now,
  random = Math.random,
}: WebhookCallsOptions): WebhookCalls {
  const queue = openWebhookQueue(store, (error) => log.warn({ err: error.message }, 'webhook queue connection'));
  const guard = createTargetGuard({ allowLoopback: config.webhookAllowLoopback, ...(resolve ? { resolve } : {}) });
  const endpoints = createEndpoints(store.documents, now);
  const deliveries = createDeliveries({ documents: store.documents, enqueue: (delivery) => enqueueDelivery(queue, delivery), now });
  const defaultSecret = config.webhookSecret;
  const announcer = createAnnouncer({ store, endpoints, deliveries, publicUrl: config.publicUrl?.replace(/\/+$/, '') ?? '', log, now });
  const deliver = createDeliverer({
    endpoints,
    deliveries,
    guard,
    defaultSecret,
    userAgent: userAgent(version, config.crawlContact),
    log,
    now,
    random,
  });
  const pending = createPendingCalls({ queue, deliveries, endpoints, log });
  let worker: WebhookJobWorker | null = null;
  let closing: Promise<void> | null = null;

  const close = async (): Promise<void> => {
    await announcer.stop();
    await pending.stop();
    await worker?.stop();
    await queue.close();
  };

  return {
    webhooks: createWebhooks({ endpoints, deliveries, guard, defaultSecret, now }),
    queue,
    announceBook: announcer.announceBook,
    async startWorker() {
      worker ??= createWebhookWorker({ store, deliver, drainSeconds: Math.min(config.drainSeconds, MAX_DRAIN_SECONDS), log, random });
      await worker.start();
      announcer.start();
      pending.start();
    },
    close: () => (closing ??= close()),
  };
}
