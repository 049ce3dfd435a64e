/** The OpenAPI document without a running Quire: an app whose every dependency refuses to be used. */
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createKeys } from '../src/app/access/keys.ts';
import { createApp } from '../src/http/app.ts';
import { asYaml } from '../src/http/plugins/document-yaml.ts';
import { createMetrics } from '../src/metrics/metrics.ts';
import type { HttpDependencies } from '../src/http/dependencies.ts';

/** An object that may be handed around, but whose methods throw. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- stands in for whatever type is wanted
function unusable<T extends object>(name: string): T {
  const get = (_target: T, key: string | symbol): unknown => {
    if (typeof key === 'symbol' || key === 'then') return undefined;
    return () => {
      throw new Error(`${name}.${key} was used while the app was built`);
    };
  };
  return new Proxy({} as T, { get });
}

/** An app of all routes that stands on nothing. The caller closes it. */
export async function buildBareApp({ apiKeys }: { apiKeys: string[] } = { apiKeys: [] }): Promise<FastifyInstance> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  const deps: HttpDependencies = {
    config: { accessLog: false, host: '127.0.0.1', publicUrl: null, trustProxy: null },
    keys: createKeys({
      store: { documents: unusable('documents'), signals: unusable('signals') },
      apiKeys,
      file: null,
      log: pino({ level: 'silent' }),
    }),
    sessions: unusable('sessions'),
    audit: unusable('audit'),
    usage: unusable('usage'),
    version,
    log: pino({ level: 'silent' }),
    store: unusable('store'),
    batches: unusable('batches'),
    jobs: unusable('jobs'),
    lookUps: unusable('lookUps'),
    dryRun: () => Promise.reject(new Error('dryRun was asked for while the app was built')),
    endedToday: () => Promise.reject(new Error('endedToday was asked for while the app was built')),
    metrics: createMetrics({ version, role: 'api' }),
    queues: [],
    workerName: 'none',
    source: unusable('source'),
    readiness: () => Promise.reject(new Error('readiness was asked for while the app was built')),
    uploads: unusable('uploads'),
    uploadPages: () => Promise.reject(new Error('uploadPages was asked for while the app was built')),
    webhooks: unusable('webhooks'),
    forgetBook: unusable('forgetBook'),
    parserHealth: () => Promise.reject(new Error('parserHealth was asked for while the app was built')),
  };
  const app = await createApp(deps);
  await app.ready();
  return app;
}

/** openapi.yaml as the routes would have it. */
export async function buildDocument(): Promise<string> {
  const app = await buildBareApp();
  try {
    return asYaml(app.swagger());
  } finally {
    await app.close();
  }
}
