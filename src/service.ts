/** Composition root: builds the parts of one process from a `Config`, starts them in order, and stops them in reverse order. */
import type { Logger } from 'pino';
import { createEndedJobs } from './app/ended-jobs.ts';
import type { Config } from './config/config.ts';
import { pausedWhy } from './crawl/fetch/user-agent.ts';
import { createMetrics } from './metrics/metrics.ts';
import { createLifecycle } from './service/lifecycle.ts';
import { createParts, type Context } from './service/parts.ts';
import { runApi } from './service/run-api.ts';
import { runHealth } from './service/run-health.ts';
import { runWebhookCalls, runWorker } from './service/run-worker.ts';
import { withoutEchoes } from './service/outage-echoes.ts';
import { createStoreWatch } from './service/store-watch.ts';
import { tracedStore } from './service/traced-store.ts';
import { hasDatabase } from './storage/embedded/data-directory.ts';
import { measureStore } from './storage/measured-store.ts';
import { openStore } from './storage/open-store.ts';
import type { Store } from './storage/store.ts';

export interface ServiceOverrides {
  log: Logger;
  version: string;
  /** For tests: a store that is already built. The service starts and stops it. */
  store?: Store;
  /** How long a stopping api still answers new requests, in milliseconds; never longer than the drain. Default 0. */
  lingerMs?: number;
  /** For tests: as `silentMs` of {@link HttpDependencies}. */
  silentMs?: number;
  now?: () => number;
  random?: () => number;
}

/** `start` and `stop` may be called at any time, in any order, any number of times. */
export interface Service {
  /** Resolves when the API listens and the worker takes jobs, as the role says. Otherwise stops every part, and rejects with a sentence. */
  start(): Promise<void>;
  /** Drains and stops everything. Resolves when nothing runs. */
  stop(): Promise<void>;
  /** The address of the API, once it listens: `http://127.0.0.1:3000`. */
  readonly address: string | null;
  /** The address of a worker's health checks, with WORKER_PORT. */
  readonly workerAddress: string | null;
  readonly store: Store;
}

/** Whether the embedded store has to make its database, which takes seconds. */
const isFirstStart = ({ redisUrl, databaseUrl, dataDir }: Config): boolean =>
  redisUrl === null && databaseUrl === null && !hasDatabase(dataDir);

export function createService(config: Config, overrides: ServiceOverrides): Service {
  const { log, version, lingerMs = 0, silentMs, now = Date.now, random = Math.random } = overrides;
  const storeWatch = createStoreWatch({ store: () => store, log });
  const store = overrides.store ?? openStore(config, (error) => storeWatch.fault('records', error));
  const lifecycle = createLifecycle({ drainMs: config.drainSeconds * 1000, log });
  const quiet = withoutEchoes(log, storeWatch);
  const metrics = createMetrics({ version, role: config.role });
  const measured = measureStore(tracedStore(store), metrics.meters, (outcome, reason, jobs) => {
    metrics.meters.jobsEnded.of(outcome, reason).add(jobs);
    endedJobs.count(outcome, jobs);
  });
  const endedJobs = createEndedJobs({ tallies: measured.tallies, log: quiet, now });
  const onStoreFault = storeWatch.fault;
  const context: Context = { config, version, log: quiet, store: measured, endedJobs, metrics, onStoreFault, lifecycle, now, random };
  let address: string | null = null;
  let workerAddress: string | null = null;
  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;

  const start = async (): Promise<void> => {
    lifecycle.add('store', store, () => store.stop());
    lifecycle.add('store watch', storeWatch, (watch) => watch.stop());
    lifecycle.add('metrics', metrics, async (one) => one.close());
    lifecycle.add('ended jobs', endedJobs, (jobs) => jobs.close());
    if (isFirstStart(config)) log.info(`preparing the embedded store in ${config.dataDir} (first start only)`);
    await store.start();
    log.info(`store: ${store.description}`);
    for (const warning of await store.warnings()) log.warn(warning);
    const paused = pausedWhy(config);
    if (paused !== null) log.warn(`the source is paused: ${paused}`);
    const parts = createParts(context);
    // Webhook calls start first and stop last, because the API and the worker announce until their end.
    if (config.role !== 'api') await runWebhookCalls(context, parts);
    if (config.role !== 'worker') address = await runApi(context, parts, { lingerMs, silentMs });
    if (config.role !== 'api') await runWorker(context, parts);
    if (config.role === 'worker') workerAddress = await runHealth(context, parts);
  };

  const undoStart = async (error: unknown): Promise<never> => {
    await lifecycle.undo();
    throw error;
  };

  return {
    start() {
      if (stopping) return Promise.reject(new Error('a service that was stopped is not started again; create another'));
      return (starting ??= start().catch(undoStart));
    },
    stop: () => (stopping ??= lifecycle.end(starting)),
    get address() {
      return address;
    },
    get workerAddress() {
      return workerAddress;
    },
    store,
  };
}
