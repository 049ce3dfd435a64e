import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedStore } from '../../src/storage/embedded/store.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { createRedisStore } from '../../src/storage/redis/store.ts';
import type { Store, StoreSettings } from '../../src/storage/store.ts';
import { createDatabase, sharedPostgresUrl } from './postgres-server.ts';
import { sharedRedisUrl } from './redis-server.ts';

/** A started store that is the caller's alone, and how to get rid of it. */
export interface MadeStore {
  store: Store;
  /** Stops the store and removes what it kept. */
  cleanup: () => Promise<void>;
}

/** A kind of store that a suite runs on. */
export interface StoreKind {
  name: Store['kind'];
  /** Starts an empty store; `settings` differ from {@link TEST_SETTINGS} where given. */
  make: (settings?: Partial<StoreSettings>) => Promise<MadeStore>;
}

export const TEST_SETTINGS: StoreSettings = {
  prefix: 'quire_test',
  batchTtlMs: 7 * 86_400_000,
  maxFinishedJobs: 1_000,
  maxFailedJobs: 1_000,
};

const uniquePrefix = (): string => `t${randomUUID().replaceAll('-', '').slice(0, 16)}`;

/** Making a database from nothing takes seconds, copying one does not: each test process makes one and copies that. */
let template: Promise<string> | undefined;

async function makeTemplate(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'quire-template-'));
  const store = createEmbeddedStore({ dataDir, settings: TEST_SETTINGS });
  await store.start();
  await store.stop();
  // Nobody tells a module that its process is about to end but `exit`, where only synchronous work is done.
  process.once('exit', () => {
    removeNow(dataDir);
  });
  return dataDir;
}

function removeNow(directory: string): void {
  const { rmSync } = process.getBuiltinModule('node:fs');
  rmSync(directory, { recursive: true, force: true });
}

/** A directory with an empty embedded database in it: the caller removes it. */
export async function embeddedDirectory(): Promise<string> {
  const from = await (template ??= makeTemplate());
  const dataDir = await mkdtemp(join(tmpdir(), 'quire-store-'));
  await cp(from, dataDir, { recursive: true });
  return dataDir;
}

async function started(store: Store, remove: () => Promise<void>): Promise<MadeStore> {
  const cleanup = async (): Promise<void> => {
    await store.stop();
    await remove();
  };
  try {
    await store.start();
  } catch (error) {
    await cleanup();
    throw error;
  }
  return { store, cleanup };
}

export const embeddedStore: StoreKind = {
  name: 'embedded',
  async make(settings) {
    const dataDir = await embeddedDirectory();
    // The template has the tables of this prefix already; nothing is shared, so no other is needed.
    const store = createEmbeddedStore({ dataDir, settings: { ...TEST_SETTINGS, ...settings } });
    return started(store, () => rm(dataDir, { recursive: true, force: true }));
  },
};

export const postgresStore: StoreKind = {
  name: 'postgres',
  async make(settings) {
    const database = await createDatabase(sharedPostgresUrl());
    const store = createPostgresStore({ url: database.url, settings: { ...TEST_SETTINGS, prefix: uniquePrefix(), ...settings } });
    return started(store, database.drop);
  },
};

export const redisStore: StoreKind = {
  name: 'redis',
  async make(settings) {
    const store = createRedisStore({ url: sharedRedisUrl(), settings: { ...TEST_SETTINGS, prefix: uniquePrefix(), ...settings } });
    return started(store, () => Promise.resolve());
  },
};

/** Every kind of store there is: a suite that loops over them holds on all. */
export const eachStore: readonly StoreKind[] = [embeddedStore, redisStore, postgresStore];
