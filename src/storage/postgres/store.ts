/** The PostgreSQL store: a server that several processes share. */
import { createSqlParts } from './parts.ts';
import { migrate, migrateBullmq, type MigrationSession } from './migrations.ts';
import { isOutage } from './server/outage.ts';
import { createPgClient } from './server/pg-client.ts';
import { createBackendFactory, createQueueQueries } from './queue-backend.ts';
import { bullmqSchema, statement, type SqlClient } from './sql-client.ts';
import { startOnce } from '../start-once.ts';
import type { Store, StoreSettings } from '../store.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with everything `pg` understands after a `?`. */
  url: string;
  settings: StoreSettings;
  /** Told of lost connections; they are made again without anybody's help. */
  onError?: (error: Error) => void;
}

const OLDEST_SERVER = 14;
const FACTS = statement(
  'store.facts',
  `SELECT current_setting('server_version_num')::integer / 10000 AS major, current_setting('synchronous_commit') AS synchronous_commit, current_setting('fsync') AS fsync,
     current_setting('max_connections')::integer AS max_connections, current_setting('autovacuum') AS autovacuum`,
);

interface Facts {
  major: number;
  synchronous_commit: string;
  fsync: string;
  max_connections: number;
  autovacuum: string;
}

/** What an operator should know of the server at start. */
async function warningsOf(sql: SqlClient): Promise<string[]> {
  const found: string[] = [];
  const [facts] = await sql.query<Facts>(FACTS);
  if (!facts) return found;
  if (facts.major < OLDEST_SERVER) found.push(`PostgreSQL ${facts.major} is older than ${OLDEST_SERVER}, the oldest version tested.`);
  if (facts.fsync === 'off') found.push('PostgreSQL runs with fsync off: a power cut can destroy the database.');
  if (facts.synchronous_commit === 'off')
    found.push('PostgreSQL runs with synchronous_commit off: a crash of the server loses the last moments, and jobs accepted in them.');
  if (facts.autovacuum === 'off') found.push('PostgreSQL runs with autovacuum off: the tables of a busy queue grow without end.');
  if (facts.max_connections < 50)
    found.push(`PostgreSQL allows ${facts.max_connections} connections; each process of Quire takes up to 20.`);
  return found;
}

/** Host, port and database of a URL: what may be logged. */
const placeOf = (url: string): string => {
  const { host, pathname } = new URL(url);
  return `${host || 'localhost'}${pathname === '/' ? '' : pathname}`;
};

/** A store on PostgreSQL 14 or later. Its tables lie in the schema named by `settings.prefix`, BullMQ's in another beside it. */
export function createPostgresStore({ url, settings, onError = () => undefined }: PostgresStoreOptions): Store {
  const schema = settings.prefix;
  const place = placeOf(url);
  const sql = createPgClient({ url, schema, place, onError });
  const { startSignals, ...parts } = createSqlParts(sql, settings);
  const queue = createQueueQueries(sql, bullmqSchema(schema));
  let stopping: Promise<void> | null = null;

  const { start } = startOnce(async () => {
    await migrate(sql, schema);
    await sql.session((client) => migrateBullmq(client as unknown as MigrationSession, schema));
    await startSignals();
  });
  return {
    kind: 'postgres',
    description: `PostgreSQL at ${place}, schema ${schema}`,
    start,
    stop: () => (stopping ??= sql.end()),
    warnings: () => warningsOf(sql),
    fullness: () => Promise.resolve(null),
    ...parts,
    queueBackend: {
      options: (use) => ({
        connection: {
          connectionString: url,
          schema: bullmqSchema(schema),
          max: use === 'producer' ? 4 : 8,
          connectionTimeoutMillis: 1_500,
          keepAlive: true,
          application_name: `quire ${schema}`,
          // An HTTP request waits behind a producer; a worker may wait longer for a slow server, and does not give up a job's end so soon.
          ...(use === 'producer'
            ? { query_timeout: 1_900, statement_timeout: 1_800 }
            : { query_timeout: 15_000, statement_timeout: 14_000 }),
        },
        prefix: schema,
      }),
      factory: createBackendFactory(bullmqSchema(schema), isOutage),
      ...queue,
      // Another process may hold the lock of an active job: only BullMQ's stalled check can tell.
      recover: () => Promise.resolve(),
    },
  };
}
