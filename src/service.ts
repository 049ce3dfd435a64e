/** Composition root: builds the parts of one process out of a `Config`, starts them in order, ends them in reverse. */
import { stdSerializers, type Logger } from 'pino';
import type { Config } from './config/config.ts';
import { QuireError } from './errors.ts';
import { createLifecycle } from './service/lifecycle.ts';
import { createParts, type Context } from './service/parts.ts';
import { runApi } from './service/run-api.ts';
import { runWebhookCalls, runWorker } from './service/run-worker.ts';
import { openStore } from './storage/open-store.ts';
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

/** `start` and `stop` may be called at any time, in any order, any number of times. */
export interface Service {
  /** Resolves when the API listens (roles `api`, `all`) and jobs are taken (roles `worker`, `all`). Rejects with a sentence that says what is wrong; everything begun is stopped then. */
  start(): Promise<void>;
  /** Drains and ends everything. Resolves when nothing runs any more. */
  stop(): Promise<void>;
  /** Where the API listens, once it does: `http://127.0.0.1:3000`. */
  readonly address: string | null;
  readonly store: Store;
}

/** A store that is away is no fault of the code: its message tells all, and a stack would only hide it. */
const serializeError = (error: Error): unknown =>
  error instanceof QuireError && error.code === 'store-unavailable' ? error.message : stdSerializers.err(error);

export function createService(config: Config, overrides: ServiceOverrides): Service {
  const log = overrides.log.child({}, { serializers: { err: serializeError } });
  const { version, lingerMs = 0, silentMs, now = Date.now, random = Math.random } = overrides;
  const store = overrides.store ?? openStore(config, (error) => log.warn({ err: error.message }, 'store connection'));
  const lifecycle = createLifecycle({ drainMs: config.drainSeconds * 1000, log });
  const context: Context = { config, version, log, store, lifecycle, now, random };
  let address: string | null = null;
  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;

  const start = async (): Promise<void> => {
    lifecycle.add('store', store, () => store.stop());
    await store.start();
    log.info(`store: ${store.description}`);
    for (const warning of await store.warnings()) log.warn(warning);
    const parts = createParts(context);
    // Calls go on until the API and the worker have ended: both announce to the last.
    if (config.role !== 'api') await runWebhookCalls(context, parts);
    if (config.role !== 'worker') address = await runApi(context, parts, { lingerMs, silentMs });
    if (config.role !== 'api') await runWorker(context, parts);
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
    store,
  };
}
