/** The role `api`: answers HTTP. */
import { StartError } from '../errors.ts';
import { createAudit } from '../app/access/audit.ts';
import { createForgetBook } from '../app/forget-book.ts';
import { createUsage } from '../app/access/usage.ts';
import { createApp } from '../http/app.ts';
import { openDoorRefusal, openDoorWarning } from '../http/plugins/cross-origin.ts';
import { closeGently } from '../http/close-gently.ts';
import { listenOn } from '../http/listen.ts';
import { workerName } from '../queue/worker-name.ts';
import { withReadCache, type ReadCache } from '../storage/read-cache.ts';
import { STOP_TIMEOUT_MS } from './lifecycle.ts';
import { openAccess } from './access.ts';
import { cacheFigures, fleetFigures, lookUpFigures, sourceFigures } from './figures.ts';
import type { Context, Parts } from './parts.ts';
import { createReadiness } from './readiness.ts';

/** How many bytes of books an api process keeps in memory, and how far they may be behind the store: see storage/read-cache.ts. */
const READ_CACHE = { maxBytes: 32 * 1024 * 1024, maxAgeMs: 1_000 };
/** How long running requests get at least before their connections are cut, in milliseconds. */
const LEAST_ANSWER_MS = 500;

export interface ApiOptions {
  /** How long a stopping api still answers new requests, in milliseconds; never longer than the drain. */
  lingerMs: number;
  /** As in {@link HttpDependencies}. */
  silentMs: number | undefined;
}

/** Sets the gauges that an api process shows, and passes on what parts counted themselves. */
function showFigures({ metrics, store }: Context, parts: Parts, cache: ReadCache): void {
  const { meters, onLook } = metrics;
  const { jobs, collections, watch, crawling, lookUps } = parts;
  onLook(sourceFigures(meters, crawling));
  onLook(fleetFigures({ meters, store, jobs, collections, watch, ledger: crawling.ledger }));
  onLook(lookUpFigures(meters, lookUps));
  onLook(cacheFigures(meters, cache));
}

/** Resolves to the address of the API, such as `http://127.0.0.1:3000`. Rejects with a sentence when it cannot listen. */
export async function runApi(context: Context, parts: Parts, { lingerMs, silentMs }: ApiOptions): Promise<string> {
  const { config, version, log, store, endedJobs, metrics, lifecycle, now } = context;
  const { batches, jobs, uploads, uploadPages, queues, watch, webhooks, crawling, lookUps, answers, dryRun } = parts;
  const books = lifecycle.add('read cache', withReadCache(store.books, store.signals, READ_CACHE), async (cache) => cache.close());
  const { source, ledger } = crawling;
  showFigures(context, parts, books);
  const { keys, sessions } = await openAccess(context);
  const refusal = openDoorRefusal({ config, keys });
  if (refusal !== null) throw new StartError(refusal);
  const app = await createApp({
    config,
    keys,
    usage: createUsage({ store, now }),
    audit: createAudit({ store, log, now }),
    sessions,
    version,
    log,
    store: { ...store, books },
    batches,
    jobs,
    lookUps,
    dryRun,
    endedToday: endedJobs.today,
    metrics,
    queues: Object.values(queues),
    workerName: workerName(),
    source: { view: source.view, current: source.current, ledger: ledger.read },
    readiness: createReadiness(context),
    uploads,
    uploadPages,
    webhooks: webhooks.webhooks,
    forgetBook: createForgetBook({ store: { books, pages: store.pages }, answers, now }),
    parserHealth: watch.health,
    ...(silentMs === undefined ? {} : { silentMs }),
  });
  lifecycle.add('api', app, () => {
    const drainMs = config.drainSeconds * 1000;
    // A worker in the same process may have used up the drain.
    const cutMs = Math.min(Math.max(lifecycle.leftMs() - STOP_TIMEOUT_MS, LEAST_ANSWER_MS), drainMs + LEAST_ANSWER_MS);
    return closeGently(app, { lingerMs: Math.min(lingerMs, drainMs), cutMs });
  });
  const address = await listenOn(app, { port: config.port, host: config.host });
  log.info(`api: ${address} (docs at ${address}/docs, dashboard at ${address}/dashboard)`);
  const open = openDoorWarning({ config, keys });
  if (open !== null) log.warn(open);
  return address;
}
