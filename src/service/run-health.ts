/** The port of a worker, for health checks and Prometheus. */
import { createWorkerApp } from '../http/worker-app.ts';
import { listenOn } from '../http/listen.ts';
import { openAccess } from './access.ts';
import { sourceFigures, storeFigure } from './figures.ts';
import type { Context, Parts } from './parts.ts';
import { createReadiness } from './readiness.ts';

/** Resolves to the address; `null` without WORKER_PORT. Rejects with a sentence when it cannot listen. */
export async function runHealth(context: Context, { crawling }: Parts): Promise<string | null> {
  const { config, version, log, store, metrics, lifecycle } = context;
  const { workerPort, host } = config;
  metrics.onLook(sourceFigures(metrics.meters, crawling));
  metrics.onLook(storeFigure(metrics.meters, store));
  if (workerPort === null) return null;
  const app = await createWorkerApp({ config, version, log, metrics, ...(await openAccess(context)), readiness: createReadiness(context) });
  lifecycle.add('health checks', app, () => app.close());
  const address = await listenOn(app, { port: workerPort, host, setting: 'WORKER_PORT' });
  log.info(`worker: ${address} (/livez, /readyz, /metrics)`);
  return address;
}
