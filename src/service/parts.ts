/** The parts of every role: the queues, the source, the parser's counters, the webhooks, and the use cases on top of them. */
import type { Logger } from 'pino';
import { createBacklogLimit } from '../app/backlog-limit.ts';
import { createBatches } from '../app/batches/batches.ts';
import { createEndBatch } from '../app/batches/end-batch.ts';
import { createJobs } from '../app/jobs/jobs.ts';
import { createDryRun } from '../app/dry-run/dry-run.ts';
import type { EndedJobs } from '../app/ended-jobs.ts';
import { createAnswers } from '../app/look-ups/answers.ts';
import { createLookUps } from '../app/look-ups/look-ups.ts';
import { createParserWatch } from '../app/parser-watch.ts';
import { createUploadPages } from '../app/saved-pages/upload-pages.ts';
import { createUploads } from '../app/upload-page.ts';
import type { Config } from '../config/config.ts';
import { createCrawling } from '../crawl/crawling.ts';
import { createBookJobs } from '../queue/book-jobs.ts';
import { createCollectionQueue, openCollectionQueue } from '../queue/collections/expand-collection-queue.ts';
import { createDeliveryQueue, openWebhookQueue } from '../queue/deliver-webhook-queue.ts';
import { createLookUpQueue, openLookUpQueue } from '../queue/look-ups/look-up-queue.ts';
import { openQueue } from '../queue/parse-book-queue.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Store } from '../storage/store.ts';
import { createWebhookService } from '../webhooks/webhook-service.ts';
import type { Lifecycle } from './lifecycle.ts';
import { measureBatches, measureWatch } from './measuring.ts';

/** What every part needs. */
export interface Context {
  config: Config;
  version: string;
  log: Logger;
  /** Started; it records what it does. */
  store: Store;
  endedJobs: EndedJobs;
  /** Takes errors of connections to the store: see {@link createStoreWatch}. */
  onStoreFault: (where: string, error: Error) => void;
  metrics: Metrics;
  lifecycle: Lifecycle;
  now: () => number;
  random: () => number;
}

export type Parts = ReturnType<typeof createParts>;

/** Makes the parts. None of them takes jobs or answers requests yet. */
export function createParts(context: Context) {
  const { config, version, log, store, onStoreFault, metrics, lifecycle, now, random } = context;
  const { meters } = metrics;
  const faultOf =
    (where: string) =>
    (error: Error): void =>
      onStoreFault(where, error);
  const queues = {
    books: lifecycle.add('queue', openQueue(store, faultOf('queue')), (queue) => queue.close()),
    collections: lifecycle.add('collection queue', openCollectionQueue(store, faultOf('collection queue')), (queue) => queue.close()),
    calls: lifecycle.add('webhook queue', openWebhookQueue(store, faultOf('webhook queue')), (queue) => queue.close()),
    lookUps: lifecycle.add('look-up queue', openLookUpQueue(store, faultOf('look-up queue')), (queue) => queue.close()),
  };
  const queue = lifecycle.add('producer', createBookJobs(store, queues.books, now), async (jobs) => jobs.close());
  const collections = createCollectionQueue(store, queues.collections);
  const tallies = { tallies: store.tallies, log, now };
  const watch = lifecycle.add('parser watch', measureWatch(createParserWatch(tallies), meters), (parser) => parser.close());
  const webhookOptions = { store, queue: createDeliveryQueue(queues.calls), config, version, log, now, random };
  const webhooks = lifecycle.add('webhooks', createWebhookService(webhookOptions), (service) => service.stop());
  const crawlOptions = { store, config, version, log, meters, onModeChange: webhooks.announceSource, now, random };
  const crawling = lifecycle.add('crawler', createCrawling(crawlOptions), (crawler) => crawler.close());

  const { source } = crawling;
  const answers = createAnswers({ store, now });
  const lookUpOptions = { answers, signals: store.signals, queue: createLookUpQueue(queues.lookUps), source, now };
  const lookUps = createLookUps(lookUpOptions);
  const enter = createBacklogLimit({ queue, maxWaitingJobs: config.maxWaitingJobs });
  const endBatch = createEndBatch({ store, queue, collections, now });
  const batches = measureBatches(createBatches({ store, queue, collections, enter, source, log, now }), meters);
  const uploads = createUploads({ store, queue, watch, settings: config, announce: webhooks.announceBook, endBatch, log, now, random });
  return {
    queues,
    queue,
    collections,
    enter,
    endBatch,
    crawling,
    watch,
    webhooks,
    answers,
    lookUps,
    dryRun: createDryRun({ store, lookUps, source, now }),
    batches,
    jobs: createJobs({ store, queue, enter, source, maxAttempts: config.crawlAttempts, now }),
    uploads,
    uploadPages: createUploadPages({ uploads, submit: batches.submit }),
  };
}
