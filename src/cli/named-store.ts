/** Stores as the command line names them. */
import { randomBytes } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ConfigError, readConfig } from '../config/config.ts';
import { hasDatabase } from '../storage/embedded/data-directory.ts';
import { openStore } from '../storage/open-store.ts';
import { hasSchema } from '../storage/postgres/has-schema.ts';
import { parseRedisUrl } from '../config/redis-url.ts';
import type { Store } from '../storage/store.ts';

export type Environment = Record<string, string | undefined>;

/** A store that was named, but not opened yet. */
export interface NamedStore {
  /** Whether the store exists. Checking never creates it. Throws `QuireError('store-unavailable')`. */
  exists(): Promise<boolean>;
  /** Builds the store; `start` connects. `onError` gets connection errors that the store recovers from. */
  open(onError: (error: Error) => void): Store;
}

/** A name that cannot be read; the message completes "--from must be …". */
export class BadStoreName extends Error {
  override readonly name = 'BadStoreName';
}

const FORMS =
  'embedded:<directory>, redis://…, redis-sentinel://…, redis-cluster://… or postgres://… (or REDIS_URL, DATABASE_URL or DATA_DIR, for what that setting says)';
/** Settings by which a store can be named, so that a password need not be on the command line. */
const SETTINGS: Record<string, (value: string) => string> = {
  REDIS_URL: (url) => url,
  DATABASE_URL: (url) => url,
  DATA_DIR: (directory) => `embedded:${directory}`,
};

/** One path for a directory, also when links lead to it. */
function wholePath(directory: string): string {
  const path = resolve(directory);
  if (existsSync(path)) return realpathSync(path);
  return existsSync(dirname(path)) ? join(realpathSync(dirname(path)), basename(path)) : path;
}

function checkRedisUrl(url: string): void {
  try {
    parseRedisUrl(url);
  } catch (error) {
    throw new BadStoreName((error as Error).message, { cause: error });
  }
}

/**
 * Reads the name of a store. QUEUE_PREFIX and BATCH_TTL come from `env`, as for the service. Throws {@link BadStoreName} or `ConfigError`.
 */
export function nameStore(given: string, env: Environment): NamedStore {
  const fromSetting = SETTINGS[given];
  if (fromSetting && !env[given]) throw new BadStoreName(`a store, but ${given} is not set`);
  const name = fromSetting ? fromSetting(env[given] ?? '') : given;
  const shared = { QUEUE_PREFIX: env['QUEUE_PREFIX'], BATCH_TTL: env['BATCH_TTL'] };
  const opened = (settings: Environment): ((onError: (error: Error) => void) => Store) => {
    const config = readConfig({ ...shared, ...settings });
    return (onError) => openStore(config, onError);
  };
  /** Turns faults of settings into faults of the command line. */
  const checked = (settings: Environment): ((onError: (error: Error) => void) => Store) => {
    try {
      return opened(settings);
    } catch (error) {
      const ours = error instanceof ConfigError && error.faults.some((fault) => /^(REDIS|DATABASE)_URL/.test(fault));
      throw ours ? new BadStoreName(FORMS) : error;
    }
  };

  if (name.startsWith('embedded:')) {
    const directory = name.slice('embedded:'.length);
    if (directory === '') throw new BadStoreName('embedded:<directory>, with a directory');
    const path = wholePath(directory);
    return { exists: () => Promise.resolve(hasDatabase(path)), open: checked({ DATA_DIR: path }) };
  }
  if (/^rediss?(-sentinel|-cluster)?:/.test(name)) {
    checkRedisUrl(name);
    return { exists: () => Promise.resolve(true), open: checked({ REDIS_URL: name }) };
  }
  if (/^postgres(ql)?:/.test(name)) {
    const { queuePrefix } = readConfig(shared);
    checked({ DATABASE_URL: name });
    const url = new URL(name);
    // This name is unique, so that the connections of services and of other migrations have other names.
    url.searchParams.set('application_name', `quire ${queuePrefix} migration ${randomBytes(3).toString('hex')}`);
    return { exists: () => hasSchema(url.href, queuePrefix), open: checked({ DATABASE_URL: url.href }) };
  }
  throw new BadStoreName(FORMS);
}
