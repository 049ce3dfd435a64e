/** The store that the settings name. */
import type { Config } from '../config/config.ts';
import { createEmbeddedStore } from './embedded/store.ts';
import { createPostgresStore } from './postgres/store.ts';
import { createRedisStore } from './redis/store.ts';
import type { Store, StoreSettings } from './store.ts';

/** Settled job records kept for `GET /jobs`: enough to look back at, a constant in memory. */
const MAX_FINISHED_JOBS = 10_000;
const MAX_FAILED_JOBS = 10_000;

/** Builds the store without touching it: `start` connects. `onError` is told of connection errors that heal by themselves. */
export function openStore(config: Config, onError: (error: Error) => void): Store {
  const settings: StoreSettings = {
    prefix: config.queuePrefix,
    batchTtlMs: config.batchTtlMs,
    maxSettledJobs: MAX_FINISHED_JOBS,
    maxFailedJobs: MAX_FAILED_JOBS,
  };
  if (config.redisUrl) return createRedisStore({ url: config.redisUrl, settings, onError });
  if (config.databaseUrl) return createPostgresStore({ url: config.databaseUrl, settings, onError });
  return createEmbeddedStore({ dataDir: config.dataDir, settings, onError });
}
