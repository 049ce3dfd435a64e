import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { it } from 'vitest';
import { createEmbeddedStore } from '../../src/storage/embedded/store.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { createRedisStore } from '../../src/storage/redis/store.ts';
import type { Store, StoreSettings } from '../../src/storage/store.ts';
import type { Records } from '../specification/records.ts';
import { createSpecification } from '../specification/store.ts';
import { sharedClusterUrl, sharedRedisUrl } from './redis-server.ts';
import { embeddedDirectory, storeDatabase, TEST_SETTINGS } from './templates.ts';

export { embeddedDirectory, TEST_SETTINGS } from './templates.ts';

/** A started store that is the caller's alone, and how to get rid of it. */
export interface MadeStore {
  store: Store;
  /** Opens what `store` keeps once more, after `store` was stopped; not for one that is still open. */
  reopen: () => Promise<Store>;
  /** Stops every store that was opened here and removes what it kept. */
  cleanup: () => Promise<void>;
}

/** What a suite about the rules of the records runs on: a kind of store, or the specification. */
export interface RecordsKind {
  name: Store['kind'] | 'specification';
  make: (settings?: Partial<StoreSettings>) => Promise<{ store: Records; cleanup: () => Promise<void> }>;
}

/** A kind of store that a suite runs on. */
export interface StoreKind {
  name: Store['kind'];
  /** Starts an empty store; `settings` differ from {@link TEST_SETTINGS} where given. */
  make: (settings?: Partial<StoreSettings>) => Promise<MadeStore>;
}

const uniquePrefix = (): string => `t${randomUUID().replaceAll('-', '').slice(0, 16)}`;

async function started(open: () => Store, remove: () => Promise<void>): Promise<MadeStore> {
  const opened: Store[] = [];
  const cleanup = async (): Promise<void> => {
    for (const store of opened) await store.stop();
    await remove();
  };
  const reopen = async (): Promise<Store> => {
    const store = open();
    opened.push(store);
    await store.start();
    return store;
  };
  try {
    return { store: await reopen(), reopen, cleanup };
  } catch (error) {
    await cleanup();
    throw error;
  }
}

export const embeddedStore: StoreKind = {
  name: 'embedded',
  async make(settings) {
    const dataDir = await embeddedDirectory();
    // The template has the tables of this prefix already; nothing is shared, so no other is needed.
    const open = (): Store => createEmbeddedStore({ dataDir, settings: { ...TEST_SETTINGS, ...settings } });
    return started(open, () => rm(dataDir, { recursive: true, force: true }));
  },
};

export const postgresStore: StoreKind = {
  name: 'postgres',
  async make(settings) {
    const database = await storeDatabase();
    const own = { ...TEST_SETTINGS, ...settings };
    return started(() => createPostgresStore({ url: database.url, settings: own }), database.drop);
  },
};

/** The Redis store on the server or cluster at an address, which is asked for when a store is made. */
export const redisAt = (url: () => string): StoreKind => ({
  name: 'redis',
  async make(settings) {
    const own = { ...TEST_SETTINGS, prefix: uniquePrefix(), ...settings };
    return started(
      () => createRedisStore({ url: url(), settings: own }),
      () => Promise.resolve(),
    );
  },
});

export const redisStore: StoreKind = redisAt(sharedRedisUrl);

/** The same store on a cluster of three nodes. */
export const clusterStore: StoreKind = redisAt(sharedClusterUrl);

/** The rules of the port without a store: see test/specification. */
export const specification: RecordsKind = {
  name: 'specification',
  make: async (settings) => ({ store: createSpecification({ ...TEST_SETTINGS, ...settings }), cleanup: () => Promise.resolve() }),
};

/** Every kind of store there is: a suite that loops over them holds on all. */
export const eachStore: readonly StoreKind[] = [embeddedStore, redisStore, postgresStore];

/** `it` for tests of what only some stores have; elsewhere there is no such test, so none is counted as skipped. */
export const testOn = (applies: boolean): ((title: string, test: () => Promise<void>, timeoutMs?: number) => void) =>
  applies ? it : () => undefined;
