/** The role `worker`: takes jobs, calls webhooks, and requeues jobs that the queue lost. */
import { createBookIndexer } from '../app/index-books.ts';
import { createReconciler } from '../app/reconcile.ts';
import type { Config } from '../config/config.ts';
import { createCollectionWorker } from '../queue/collections/expand-collection-worker.ts';
import { createWebhookWorker } from '../queue/deliver-webhook-worker.ts';
import { createLookUpWorker } from '../queue/look-ups/look-up-worker.ts';
import { createJobWorker } from '../queue/parse-book-worker.ts';
import { measureDeliver } from './measuring.ts';
import { createNotices } from '../webhooks/events/notices.ts';
import type { Context, Parts } from './parts.ts';

/** Resolves when the process calls webhooks and announces batches. */
export async function runWebhookCalls(context: Context, { webhooks }: Parts): Promise<void> {
  const { config, log, store, onStoreFault, metrics, lifecycle, random } = context;
  const onFault = (error: Error): void => onStoreFault('webhook worker', error);
  const deliver = measureDeliver(webhooks.deliver, metrics.meters);
  const worker = createWebhookWorker({ store, deliver, drainSeconds: config.drainSeconds, onFault, log, random });
  lifecycle.add('webhook worker', worker, (one) => one.stop());
  await worker.start();
  webhooks.start();
}

/** Looks for what webhooks should tell people. */
function runNotices({ store, lifecycle, log, now }: Context, { watch, webhooks }: Parts): void {
  const { documents, fullness } = store;
  const notices = createNotices({ documents, fullness, health: watch.health, announce: webhooks.announce, log, now });
  lifecycle.add('notices', notices, (one) => one.stop());
  notices.start();
}

/** Resolves when the worker takes jobs. */
export async function runWorker(context: Context, parts: Parts): Promise<void> {
  const { config, log, store, onStoreFault, lifecycle, now, random } = context;
  const { queue, queues, endBatch, collections, crawling, watch, webhooks, answers } = parts;
  const { crawler, source } = crawling;
  const { announceBook: announce, announceFailure } = webhooks;
  const settings = workerSettings(config);

  const onFault = (error: Error): void => onStoreFault('worker', error);
  const worker = createJobWorker({
    store,
    queue: queues.books,
    endBatch,
    crawler,
    source,
    settings,
    meters: context.metrics.meters,
    onFault,
    log,
    watch,
    announce,
    announceFailure,
    now,
    random,
  });
  const { drainSeconds } = config;
  const lookUps = createLookUpWorker({
    store,
    queue: queues.lookUps,
    crawler,
    source,
    answers,
    watch,
    drainSeconds,
    onFault: (error) => onStoreFault('look-up worker', error),
    log,
    now,
    random,
  });
  const collectionWorker = createCollectionWorker(collectionOptions(context, parts));
  // They drain at the same time.
  lifecycle.add('workers', [worker, lookUps, collectionWorker], (all) => Promise.all(all.map((one) => one.stop())));
  const reconciler = createReconciler({ store, queue, collections, log, announceFailure, batchTtlMs: config.batchTtlMs, now });
  lifecycle.add('reconciler', reconciler, (one) => one.stop());

  const indexer = createBookIndexer({ store, log, now });
  lifecycle.add('book indexer', indexer, (one) => one.stop());

  await worker.start();
  await lookUps.start();
  await collectionWorker.start();
  reconciler.start();
  indexer.start();
  runNotices(context, parts);
  logCrawl(context);
}

function collectionOptions({ config, log, store, onStoreFault, now, random }: Context, parts: Parts) {
  const { queue, queues, collections, enter, crawling, watch, webhooks } = parts;
  const { crawler, source } = crawling;
  const settings = { ...workerSettings(config), maxWaitingJobs: config.maxWaitingJobs };
  const { drainSeconds } = config;
  return {
    store,
    queue,
    collections,
    collectionQueue: queues.collections,
    enter,
    crawler,
    source,
    settings,
    watch,
    onFault: (error: Error): void => onStoreFault('collection worker', error),
    log,
    announceFailure: webhooks.announceFailure,
    drainSeconds,
    now,
    random,
  };
}

const workerSettings = (config: Config) => ({
  attempts: config.crawlAttempts,
  bookTtlMs: config.bookTtlMs,
  bookRetentionMs: config.bookRetentionMs,
  notFoundTtlMs: config.notFoundTtlMs,
  notFoundRecheckMs: config.notFoundRecheckMs,
  concurrency: config.crawlConcurrency,
  backoffBaseMs: config.crawlBackoffMs,
  drainSeconds: config.drainSeconds,
});

function logCrawl({ config, log }: Context): void {
  const rate = config.crawlRate === 0 ? 'no rate limit' : `${config.crawlRate} pages a second`;
  log.info(`worker: crawls ${config.goodreadsOrigin}, ${rate}, ${config.crawlConcurrency} at once, over all workers`);
}
