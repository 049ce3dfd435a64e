/** The embedded store: PostgreSQL as WebAssembly in this process, its files in one directory. */
import { statfs } from 'node:fs/promises';
import { QuireError } from '../../errors.ts';
import { migrate, migrateBullmq } from '../postgres/migrations.ts';
import { createSqlParts } from '../postgres/parts.ts';
import { createBackendFactory, createQueueQueries } from '../postgres/queue-backend.ts';
import { bullmqSchema, quoteSchema, type SqlClient } from '../postgres/sql-client.ts';
import type { Store, StoreSettings } from '../store.ts';
import { startOnce } from '../start-once.ts';
import { createBullmqPool } from './bullmq-pool.ts';
import { databaseDirectory, ensureDatabase, prepareDataDirectory, directoryFault } from './data-directory.ts';
import { lockDirectory, type DirectoryLock } from './directory-lock.ts';
import { openSession, type Session } from './session.ts';
import { openInstance } from './pglite-instance.ts';
import { createEmbeddedClient } from './sql-client.ts';
import { createUpkeep, type Upkeep } from './upkeep.ts';

export interface EmbeddedStoreOptions {
  /** Made when it does not exist; its parent must. */
  dataDir: string;
  settings: StoreSettings;
  /** Told of failures that no call reports: of the upkeep, or a lost lock. */
  onError?: (error: Error) => void;
}

/** WebAssembly never gives memory back, so every part is kept small; the system caches the files besides. */
const SERVER_SETTINGS = [
  'shared_buffers=16MB',
  'work_mem=2MB',
  'maintenance_work_mem=4MB',
  // Statistics are taken from 300 rows for each of these, all in memory at once, whole books among them.
  'default_statistics_target=5',
  'max_wal_size=64MB',
  'min_wal_size=16MB',
  // Every query has its index. Without background statistics the planner would take a table for small that has grown since.
  'enable_seqscan=off',
];

interface Running {
  session: Session;
  lock: DirectoryLock;
  upkeep: Upkeep;
}

/** Opens the database of a data directory, and makes it where there is none. */
async function open(directory: string, prefix: string, onError: (error: Error) => void): Promise<Session> {
  const database = databaseDirectory(directory);
  await ensureDatabase(database, prefix);
  return openSession({ open: (onNotification) => openInstance(database, SERVER_SETTINGS, onNotification), onError }).catch(
    (error: unknown) => {
      throw new QuireError(
        'store-unavailable',
        `The database in ${database} cannot be opened (${(error as Error).message}): restore it from a backup, or move it away to begin with an empty one.`,
        { cause: error },
      );
    },
  );
}

/** Takes the lock of a data directory. `onLost` hears when another process takes it away. */
function takeLock(directory: string, onLost: (lost: QuireError) => void): DirectoryLock {
  const lost = `Another process took the data directory ${directory}: this one stops writing. Restart it.`;
  try {
    return lockDirectory(directory, () => onLost(new QuireError('store-unavailable', lost)));
  } catch (error) {
    throw directoryFault(directory, error);
  }
}

/** Makes or updates the tables of Quire and BullMQ. */
async function migrateAll(sql: SqlClient, session: Session, schema: string): Promise<void> {
  await migrate(sql, schema);
  await session.exclusive((own) =>
    migrateBullmq({ query: async (text, params) => (params ? await own.run(text, params) : await own.script(text)) as never }, schema),
  );
  // BullMQ's statements name their tables without a schema.
  await session.setUp(`SET search_path TO ${quoteSchema(bullmqSchema(schema))}`);
}

/**
 * A store that needs no server. One process at a time: `start` rejects with `QuireError('store-unavailable')` when another process holds
 * the directory, and names that process. It rejects for a directory that cannot be used, too. What was acknowledged survives `kill -9`.
 * The files are not synced, so a power cut can lose the last seconds.
 */
export function createEmbeddedStore({ dataDir, settings, onError = () => undefined }: EmbeddedStoreOptions): Store {
  const schema = settings.prefix;
  let running: Running | null = null;
  let stopping: Promise<void> | null = null;

  const session = (): Session => {
    if (running === null)
      throw new QuireError('store-unavailable', stopping ? 'The embedded store is closed.' : 'The embedded store has not been started.');
    return running.session;
  };
  // A call on a store that is not running rejects; it does not throw.
  const sql = createEmbeddedClient(session, schema);
  const { startSignals, ...parts } = createSqlParts(sql, settings);
  const queue = createQueueQueries(sql, bullmqSchema(schema));

  const { start, settled } = startOnce(async () => {
    const directory = prepareDataDirectory(dataDir);
    const lock = takeLock(directory, (lost) => {
      running?.session.fail(lost);
      onError(lost);
    });
    let opened: Session | null = null;
    try {
      opened = await open(directory, schema, onError);
      running = { session: opened, lock, upkeep: createUpkeep(opened, onError) };
      await migrateAll(sql, opened, schema);
      await startSignals();
    } catch (error) {
      await running?.upkeep.stop();
      running = null;
      await opened?.close();
      lock.release();
      throw directoryFault(directory, error);
    }
  });

  const stop = async (): Promise<void> => {
    await settled();
    if (running === null) return;
    const { session: last, lock, upkeep } = running;
    await upkeep.stop();
    await last.close();
    lock.release();
    running = null;
  };

  return {
    kind: 'embedded',
    description: `embedded PostgreSQL (PGlite) in ${dataDir}, schema ${schema}`,
    start: () => (stopping ? Promise.reject(new QuireError('store-unavailable', 'The embedded store was stopped.')) : start()),
    stop: () => (stopping ??= stop()),
    warnings: () => Promise.resolve([]),
    async fullness() {
      const { blocks, bavail } = await statfs(dataDir);
      return blocks === 0 ? null : { used: 1 - bavail / blocks, what: `the disk of ${dataDir}` };
    },
    ...parts,
    queueBackend: {
      options: () => ({ connection: createBullmqPool(session), prefix: schema }),
      factory: createBackendFactory(bullmqSchema(schema), (error) => error instanceof QuireError && error.code === 'store-unavailable'),
      ...queue,
    },
  };
}
