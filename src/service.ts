/**
 * Composition root: builds the parts of one process out of a `Config`, starts them in order, stops them in reverse. `start` and `stop` may be
 * called at any time, in any order, any number of times.
 */
import { stdSerializers, type Logger } from 'pino';
import { createBatches } from './app/batches.ts';
import { readPage } from './parser/read-page.ts';
import type { Config } from './config/config.ts';
import { createCrawling } from './crawl/crawling.ts';
import { DEFAULT_CONTACT } from './crawl/fetch/user-agent.ts';
import { QuireError } from './errors.ts';
import { createApp } from './http/app.ts';
import { openDoorWarning } from './http/plugins/cross-origin.ts';
import { closeGently } from './http/plugins/draining.ts';
import { listenOn } from './http/listen.ts';
import { createBacklog } from './queue/backlog.ts';
import { createBacklogLimit } from './app/backlog-limit.ts';
import { createJobs, liveRuns, newRun, until } from './app/jobs.ts';
import { createProducer } from './queue/producer.ts';
import { openQueue } from './queue/parse-book-queue.ts';
import { createParserWatch } from './app/parser-watch.ts';
import { createReconciler } from './app/reconcile.ts';
import { createUploads } from './app/upload-page.ts';
import { createJobWorker } from './queue/parse-book-worker.ts';
import { workerName } from './queue/worker-name.ts';
import { createWebhookCalls } from './webhooks/webhook-calls.ts';
import { openStore } from './storage/open-store.ts';
import { withReadCache } from './storage/read-cache.ts';
import { createStoreCheck } from './storage/store-check.ts';
import type { Store } from './storage/store.ts';

export interface ServiceOverrides {
  log: Logger;
  version: string;
  /** For tests: a store that is already built. It is started and stopped like our own. */
  store?: Store;
  /** How long a stopping api goes on answering at most while callers still come, in milliseconds; never longer than the drain. Default 0. */
  lingerMs?: number;
  /** For tests: as `silentMs` of {@link HttpDependencies}. */
  silentMs?: number;
  now?: () => number;
  random?: () => number;
}

export interface Service {
  /** Resolves when the API listens (roles `api`, `all`) and jobs are taken (roles `worker`, `all`). Rejects with a sentence that says what is wrong; everything begun is stopped then. */
  start(): Promise<void>;
  /** Drains and ends everything. Resolves when nothing runs any more. */
  stop(): Promise<void>;
  /** Where the API listens, once it does: `http://127.0.0.1:3000`. */
  readonly address: string | null;
  readonly store: Store;
}

/** Books that an api process holds in memory, and how far they may be behind the store: see storage/read-cache.ts. */
const READ_CACHE = { maxBytes: 32 * 1024 * 1024, maxAgeMs: 1_000 };

/** What stopping everything may take beyond the drain, in milliseconds; and what is left to each part when that is used up. */
const STOP_TIMEOUT_MS = 5_000;
const LEAST_STOP_MS = 1_000;
/** What requests that are under way get at least before their connections are cut, in milliseconds. */
const LEAST_ANSWER_MS = 500;

/** A store that is away is no fault of the code: its message tells all, and a stack would only hide it. */
const serializeError = (error: Error): unknown =>
  error instanceof QuireError && error.code === 'store-unavailable' ? error.message : stdSerializers.err(error);

type Undo = { name: string; run: () => Promise<unknown> };

export function createService(config: Config, overrides: ServiceOverrides): Service {
  const log = overrides.log.child({}, { serializers: { err: serializeError } });
  const { version, lingerMs = 0, silentMs, now = Date.now, random = Math.random } = overrides;
  const store = overrides.store ?? openStore(config, (error) => log.warn({ err: error.message }, 'store connection'));
  const undo: Undo[] = [];
  let address: string | null = null;
  let draining = false;
  /** When everything has to have ended, on the clock of `performance.now`. */
  let endByMs = Infinity;
  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;

  /** What is begun with `step` is undone by `stop`, in reverse. */
  const step = <T>(name: string, made: T, run: (made: T) => Promise<unknown>): T => {
    undo.push({ name, run: () => run(made) });
    return made;
  };

  /** What a part that is stopped now may take. */
  const leftMs = (): number => Math.max(endByMs - performance.now(), LEAST_STOP_MS);

  const checkStore = createStoreCheck(store, now);
  let storeSaid = 'ok';
  const readiness = async (): Promise<{ ready: boolean; checks: Record<string, string> }> => {
    const { outcome, cause } = await checkStore();
    if (outcome !== storeSaid) {
      if (cause) log.warn({ err: cause.message }, `not ready: the store ${outcome}`);
      else log.info('ready again: the store answers and takes writes');
    }
    storeSaid = outcome;
    return { ready: !draining && outcome === 'ok', checks: { draining: draining ? 'yes' : 'no', store: outcome } };
  };

  const begin = async (): Promise<void> => {
    step('store', store, (s) => s.stop());
    await store.start();
    log.info(`store: ${store.description}`);
    for (const warning of await store.warnings()) log.warn(warning);

    const onQueueError = (error: Error): void => log.warn({ err: error.message }, 'queue connection');
    const queue = step('queue', openQueue(store, onQueueError), (q) => q.close());
    const producer = step('producer', createProducer(store, queue), async (p) => p.close());
    const { crawler, source, ledger } = step(
      'crawler',
      createCrawling({ store, config, version, classify: readPage, log, now, random }),
      (c) => c.close(),
    );
    const watch = step('parser watch', createParserWatch({ tallies: store.tallies, log, now }), (w) => w.close());
    const calls = step('webhooks', createWebhookCalls({ store, config, version, log, now, random }), (c) => c.close());
    const uploads = createUploads({ store, producer, watch, settings: config, announce: calls.announceBook, now, random });
    const backlog = createBacklog(queue, now);
    const enter = createBacklogLimit({ count: backlog.count, maxWaitingJobs: config.maxWaitingJobs });
    const jobs = createJobs({
      store,
      queue,
      producer,
      backlog,
      enter,
      otherQueues: [calls.queue],
      maxAttempts: config.crawlAttempts,
      source: () => source.current(),
      now,
    });
    const batches = createBatches({
      store,
      enter,
      enqueue: producer.enqueue,
      raise: producer.raise,
      withdraw: producer.withdraw,
      newRun,
      log,
      liveRuns: (state, most) => liveRuns(queue, state, most),
      until,
      waiting: backlog.waiting,
      source: () => source.current(),
      now,
    });

    const sourceReader = { view: source.view, current: source.current, ledger: ledger.read };

    if (config.role !== 'worker') {
      const books = step('read cache', withReadCache(store.books, store.signals, READ_CACHE), async (c) => c.close());
      const app = step(
        'api',
        await createApp({
          config,
          version,
          log,
          store: { ...store, books },
          batches,
          jobs,
          source: sourceReader,
          readiness,
          uploads,
          webhooks: calls.webhooks,
          parserHealth: watch.health,
          ...(silentMs === undefined ? {} : { silentMs }),
        }),
        (a) => {
          const drainMs = config.drainSeconds * 1000;
          // A worker beside it may have used the drain up.
          const cutMs = Math.min(Math.max(leftMs() - STOP_TIMEOUT_MS, LEAST_ANSWER_MS), drainMs + LEAST_ANSWER_MS);
          return closeGently(a, { lingerMs: Math.min(lingerMs, drainMs), cutMs });
        },
      );
      address = await listenOn(app, { port: config.port, host: config.host });
      log.info(`api: ${address} (docs at ${address}/docs, dashboard at ${address}/dashboard)`);
      const open = openDoorWarning(config);
      if (open !== null) log.warn(open);
    }

    if (config.role !== 'api') {
      const worker = step(
        'worker',
        createJobWorker({
          store,
          queue,
          crawler,
          source,
          settings: {
            attempts: config.crawlAttempts,
            bookTtlMs: config.bookTtlMs,
            bookRetentionMs: config.bookRetentionMs,
            notFoundTtlMs: config.notFoundTtlMs,
            notFoundRecheckMs: config.notFoundRecheckMs,
            concurrency: config.crawlConcurrency,
            backoffBaseMs: config.crawlBackoffMs,
            drainSeconds: config.drainSeconds,
          },
          log,
          watch,
          announce: calls.announceBook,
          now,
          random,
        }),
        (w) => w.stop(),
      );
      const reconciler = step(
        'reconciler',
        createReconciler({ store, producer, waiting: backlog.waiting, log, batchTtlMs: config.batchTtlMs, now }),
        (r) => r.stop(),
      );
      await worker.start();
      await calls.startWorker();
      reconciler.start();
      const rate = config.crawlRate === 0 ? 'no rate limit' : `${config.crawlRate} pages a second`;
      if (!config.crawlContact && config.goodreadsOrigin.endsWith('goodreads.com'))
        log.warn(`CRAWL_CONTACT is not set: Goodreads is told ${DEFAULT_CONTACT} instead of a page about your crawler`);
      log.info(
        { worker: workerName() },
        `worker: crawls ${config.goodreadsOrigin}, ${rate}, ${config.crawlConcurrency} at once, over all workers`,
      );
    }
  };

  /** No part holds up the end for ever: a store that is gone must not keep the process alive. Resolves to why a part is left behind, or `null`. */
  const inTime = async (work: Promise<unknown>): Promise<string | null> => {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve('did not stop in time'), leftMs());
    });
    const stopped = work.then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    return Promise.race([stopped, tooLate]).finally(() => clearTimeout(timer));
  };

  const end = async (): Promise<void> => {
    draining = true;
    endByMs = performance.now() + config.drainSeconds * 1000 + STOP_TIMEOUT_MS;
    await starting?.catch(() => undefined);
    const left: Record<string, string> = {};
    for (let last = undo.pop(); last; last = undo.pop()) {
      const why = await inTime(last.run());
      if (why !== null) left[last.name] = why;
    }
    if (Object.keys(left).length > 0)
      log.warn(
        { left },
        'stopped, but not every part in good order, as happens while the store is away; nothing that was accepted is lost',
      );
  };

  return {
    start() {
      if (stopping) return Promise.reject(new Error('a service that was stopped is not started again; create another'));
      starting ??= begin().catch(async (error: unknown) => {
        for (let last = undo.pop(); last; last = undo.pop()) await last.run().catch(() => undefined);
        throw error;
      });
      return starting;
    },
    stop: () => (stopping ??= end()),
    get address() {
      return address;
    },
    store,
  };
}
