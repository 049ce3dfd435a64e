/** The webhooks of one process: the part for the API, the part for workers, and the announcements. */
import type { AnnounceBook, AnnounceFailure } from '../app/announce.ts';
import type { Config } from '../config/config.ts';
import { userAgent } from '../crawl/fetch/user-agent.ts';
import type { Log } from '../domain/log.ts';
import type { Store } from '../storage/store.ts';
import { createAnnouncer } from './announcer.ts';
import { createDeliverer, type Deliver } from './deliver.ts';
import { createDeliveries } from './deliveries.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import type { ModeListener } from '../crawl/source/source.ts';
import { createEndpoints } from './endpoints.ts';
import { sourceChanged, type WebhookEvent } from './events/event.ts';
import { createPendingCalls } from './pending-calls.ts';
import { createTargetGuard, type Resolve } from './sending/target-guard.ts';
import type { Webhooks } from './webhook-view.ts';
import { createWebhooks } from './webhooks.ts';

export interface WebhookServiceOptions {
  store: Store;
  queue: DeliveryQueue;
  config: Pick<Config, 'webhookAllowLoopback' | 'webhookSecret' | 'publicUrl' | 'crawlContact'>;
  /** Quire's version, for the user agent. */
  version: string;
  log: Log;
  /** For tests: the look-up of host names. */
  resolve?: Resolve;
  now: () => number;
  random: () => number;
}

export interface WebhookService {
  /** For the API. */
  webhooks: Webhooks;
  /** Announces a parsed book to the webhooks that subscribed to it. */
  announceBook: AnnounceBook;
  /** Announces a failed job to them. */
  announceFailure: AnnounceFailure;
  /** Announces that the source was closed or opened. What fails is logged. */
  announceSource: ModeListener;
  /** Announces an event that is about no single job. Rejects with what the store throws. */
  announce(event: WebhookEvent): Promise<void>;
  /** Makes one call. For workers. */
  deliver: Deliver;
  /** Announces ended batches and bounds the waiting calls, until `stop`. For workers. */
  start(): void;
  /** Resolves when nothing runs any more. Idempotent. */
  stop(): Promise<void>;
}

export function createWebhookService(options: WebhookServiceOptions): WebhookService {
  const { store, queue, config, version, log, resolve, now, random } = options;
  const guard = createTargetGuard({ allowLoopback: config.webhookAllowLoopback, ...(resolve ? { resolve } : {}) });
  const endpoints = createEndpoints(store.documents, now);
  const deliveries = createDeliveries({ documents: store.documents, queue, now });
  const publicUrl = config.publicUrl?.replace(/\/+$/, '') ?? '';
  const announcer = createAnnouncer({ store, endpoints, deliveries, publicUrl, log, now });
  const pending = createPendingCalls({ queue, deliveries, endpoints, log });
  const defaultSecret = config.webhookSecret;

  return {
    webhooks: createWebhooks({ endpoints, deliveries, guard, defaultSecret, now }),
    announceBook: announcer.announceBook,
    announceFailure: announcer.announceFailure,
    announce: announcer.announce,
    announceSource(before, after) {
      const event = sourceChanged(before, after);
      if (event === null) return;
      announcer
        .announce(event)
        .catch((error: unknown) => log.warn({ err: error, type: event.type }, 'webhooks could not be told of a change of the source'));
    },
    deliver: createDeliverer({
      endpoints,
      deliveries,
      guard,
      defaultSecret,
      userAgent: userAgent(version, config.crawlContact),
      log,
      now,
      random,
    }),
    start() {
      announcer.start();
      pending.start();
    },
    async stop() {
      await announcer.stop();
      await pending.stop();
    },
  };
}
