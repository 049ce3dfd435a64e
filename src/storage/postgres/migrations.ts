/** Brings the schema of a database up to what this version of Quire needs, or refuses one that is newer. */
import { assertSchemaCompatibility, LATEST_SCHEMA_VERSION, runMigrations, SchemaMigrationRequiredError } from 'bullmq';
import { QuireError } from '../../errors.ts';
import { FUNCTIONS } from './schema-functions.ts';
import { TABLES } from './schema-tables.ts';
import { bullmqSchema, quoteSchema, signalChannel, statement, type SqlClient } from './sql-client.ts';

/** Append, never edit: a database runs those whose version is above its own, in order. */
const MIGRATIONS: readonly { version: number; text: string }[] = [
  { version: 1, text: TABLES },
  // Versions 1 to 3 once brought functions too. All are replaced by what they are now, so only the latest version has to bring them. What it has under
  // another name stays as it was (`settle`): services of the version before may still be running.
  { version: 4, text: FUNCTIONS },
];

const SCHEMA_VERSION = MIGRATIONS.at(-1)?.version ?? 0;

/** What BullMQ's migrator needs: a session of its own. */
export interface MigrationSession {
  query(text: string, params?: readonly unknown[]): Promise<{ rows: never[] }>;
}

const CURRENT = statement('migrations.current', 'SELECT coalesce(max(version), 0)::integer AS version FROM @.migration');

/** No such table, or no such schema. */
const isMissing = (error: unknown): boolean => ['42P01', '3F000'].includes((error as { code?: string }).code ?? '');

async function currentVersion(sql: SqlClient): Promise<number> {
  try {
    const [row] = await sql.query<{ version: number }>(CURRENT);
    return row?.version ?? 0;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

function refuseNewer(schema: string, version: number): void {
  if (version <= SCHEMA_VERSION) return;
  throw new QuireError(
    'store-unavailable',
    `The store's schema ${schema} has version ${version}, newer than the ${SCHEMA_VERSION} that this Quire knows: start the newer Quire, or give this one a QUEUE_PREFIX, database or DATA_DIR of its own.`,
  );
}

/**
 * Makes or updates Quire's own tables: all in one transaction, under a lock that other starting processes wait for. Costs one read
 * when there is nothing to do. Throws `QuireError('store-unavailable')` for a newer schema.
 */
export async function migrate(sql: SqlClient, schema: string): Promise<void> {
  const before = await currentVersion(sql);
  refuseNewer(schema, before);
  if (before === SCHEMA_VERSION) return;
  await sql.transaction(async (run) => {
    await run(`SELECT pg_advisory_xact_lock(hashtextextended('${schema}', 0))`);
    await run(`CREATE SCHEMA IF NOT EXISTS ${quoteSchema(schema)}`);
    await run('CREATE TABLE IF NOT EXISTS @.migration (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())');
    const [row] = await run<{ version: number }>('SELECT coalesce(max(version), 0)::integer AS version FROM @.migration');
    const current = row?.version ?? 0;
    refuseNewer(schema, current);
    for (const { version, text } of MIGRATIONS) {
      if (version <= current) continue;
      await run(text.replaceAll('@channel', signalChannel(schema)));
      await run(`INSERT INTO @.migration (version) VALUES (${version})`);
    }
  });
}

/** Makes or updates BullMQ's tables, in a schema of their own beside ours. Costs one read when there is nothing to do. */
export async function migrateBullmq(session: MigrationSession, schema: string): Promise<void> {
  const client = session;
  const current = await assertSchemaCompatibility(client, bullmqSchema(schema)).catch((error: unknown) => {
    if (error instanceof SchemaMigrationRequiredError || isMissing(error)) return 0;
    throw error;
  });
  if (current < LATEST_SCHEMA_VERSION) await runMigrations(client, bullmqSchema(schema));
}
