/** Stores to fill and measure on, each with a server or directory of its own, and how Quire's roles run on it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { readConfig } from '../src/config/config.ts';
import { openStore } from '../src/storage/open-store.ts';
import type { Store } from '../src/storage/store.ts';
import { startPostgres } from '../test/support/postgres-server.ts';
import { startRedis } from '../test/support/redis-server.ts';
import { PREFIX, type Rig } from './rig.ts';

export type StoreKind = Store['kind'];

/** An empty store of its own. One of {@link withApi} and {@link withWorker} at a time. */
export interface Place {
  readonly kind: StoreKind;
  /** Of the server; `null` where there is none. */
  readonly url: string | null;
  /** Runs `use` on an api that no worker takes jobs from. */
  withApi<T>(use: (address: string) => Promise<T>): Promise<T>;
  /** Runs `use` on an api while one worker works. */
  withWorker<T>(use: (address: string) => Promise<T>): Promise<T>;
  /** Runs `use` on the store itself, while no process of Quire does. */
  withStore<T>(use: (store: Store) => Promise<T>): Promise<T>;
  /** What a server does within minutes of a great change, done now so that it does not fall into a measurement. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

/** Runs `use` on the store that these settings name. */
export async function withStore<T>(env: Record<string, string>, use: (store: Store) => Promise<T>): Promise<T> {
  const store = openStore(readConfig(env), (error) => process.stderr.write(`store: ${error.message}\n`));
  await store.start();
  try {
    return await use(store);
  } finally {
    await store.stop();
  }
}

/** A server, and an api process that stays: what it has in memory and compiled is as warm at every measurement. */
function serverPlace(
  rig: Rig,
  kind: StoreKind,
  env: Record<string, string>,
  settle: () => Promise<void>,
  end: () => Promise<unknown>,
): Place {
  let api: Awaited<ReturnType<Rig['quire']>> | null = null;
  const withApi: Place['withApi'] = async (use) => use((api ??= await rig.quire('api', env)).address);
  return {
    kind,
    url: env['REDIS_URL'] ?? env['DATABASE_URL'] ?? null,
    withApi,
    withWorker: (use) =>
      withApi(async (address) => {
        const worker = await rig.quire('worker', env);
        try {
          return await use(address);
        } finally {
          await worker.stop();
        }
      }),
    withStore: (use) => withStore(env, use),
    settle,
    async stop() {
      await api?.stop();
      await end();
    },
  };
}

async function redisPlace(rig: Rig): Promise<Place> {
  const server = await startRedis();
  const settle = (): Promise<void> => Promise.resolve();
  return serverPlace(rig, 'redis', { REDIS_URL: server.url, QUEUE_PREFIX: PREFIX }, settle, () => server.stop());
}

async function postgresPlace(rig: Rig): Promise<Place> {
  // The default of 128 MB is smaller than 100,000 books; a server for them has more, as its manual asks (a quarter of the memory).
  const server = await startPostgres({ args: ['-c', 'shared_buffers=1GB'] });
  const settle = async (): Promise<void> => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query('VACUUM ANALYZE');
    await client.query('CHECKPOINT');
    await client.end();
  };
  return serverPlace(rig, 'postgres', { DATABASE_URL: server.url, QUEUE_PREFIX: PREFIX }, settle, () => server.stop());
}

/** One process holds the directory, so api and worker are two runs of it; quiet hours keep the first from crawling. */
async function embeddedPlace(rig: Rig): Promise<Place> {
  const home = await mkdtemp(join(tmpdir(), 'quire-bench-'));
  const env = { DATA_DIR: join(home, 'data'), QUEUE_PREFIX: PREFIX };
  const running = async <T>(more: Record<string, string>, use: (address: string) => Promise<T>): Promise<T> => {
    const quire = await rig.quire('all', { ...env, ...more });
    try {
      return await use(quire.address);
    } finally {
      await quire.stop();
    }
  };
  return {
    kind: 'embedded',
    url: null,
    withApi: (use) => running({ QUIET_HOURS: '00:00-23:59' }, use),
    withWorker: (use) => running({}, use),
    withStore: (use) => withStore(env, use),
    settle: () => Promise.resolve(),
    stop: () => rm(home, { recursive: true, force: true }),
  };
}

/** Makes an empty store of this kind. `stop` it. */
export const openPlace = (rig: Rig, kind: StoreKind): Promise<Place> =>
  ({ redis: redisPlace, postgres: postgresPlace, embedded: embeddedPlace })[kind](rig);
