/** Brings the schema of a database up to what this version of Quire needs, or refuses one that is newer. */
import { assertSchemaCompatibility, LATEST_SCHEMA_VERSION, runMigrations, SchemaMigrationRequiredError } from 'bullmq';
import { QuireError } from '../../errors.ts';
import { FUNCTIONS, FUNCTIONS_MARK, MIGRATIONS, SCHEMA_VERSION } from './schema.ts';
import { bullmqSchema, quoteSchema, signalChannel, statement, type SqlClient } from './sql-client.ts';

/** What BullMQ's migrator needs: a session of its own. */
export interface MigrationSession {
  query(text: string, params?: readonly unknown[]): Promise<{ rows: never[] }>;
}

const CURRENT = `SELECT coalesce(max(version), 0)::integer AS version, obj_description('@.migration'::regclass) AS functions FROM @.migration`;
const READ_CURRENT = statement('migrations.current', CURRENT);

interface Current {
  version: number;
  /** The mark of the functions that are installed. */
  functions: string | null;
}

const isUpToDate = ({ version, functions }: Current): boolean => version === SCHEMA_VERSION && functions === FUNCTIONS_MARK;

/** No such table, or no such schema. */
const isMissing = (error: unknown): boolean => ['42P01', '3F000'].includes((error as { code?: string }).code ?? '');

const NOTHING: Current = { version: 0, functions: null };

async function readCurrent(sql: SqlClient): Promise<Current> {
  try {
    return (await sql.query<Current>(READ_CURRENT))[0] ?? NOTHING;
  } catch (error) {
    if (isMissing(error)) return NOTHING;
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
  const before = await readCurrent(sql);
  refuseNewer(schema, before.version);
  if (isUpToDate(before)) return;
  await sql.transaction(async (run) => {
    await run(`SELECT pg_advisory_xact_lock(hashtextextended('${schema}', 0))`);
    await run(`CREATE SCHEMA IF NOT EXISTS ${quoteSchema(schema)}`);
    await run('CREATE TABLE IF NOT EXISTS @.migration (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())');
    // Another process may have done it while this one waited for the lock.
    const current = (await run<Current>(CURRENT))[0] ?? NOTHING;
    refuseNewer(schema, current.version);
    if (isUpToDate(current)) return;
    for (const { version, text } of MIGRATIONS) {
      if (version <= current.version) continue;
      await run(text);
      await run(`INSERT INTO @.migration (version) VALUES (${version})`);
    }
    await run(FUNCTIONS.replaceAll('@channel', signalChannel(schema)));
    await run(`INSERT INTO @.migration (version) VALUES (${SCHEMA_VERSION}) ON CONFLICT DO NOTHING`);
    await run(`COMMENT ON TABLE @.migration IS '${FUNCTIONS_MARK}'`);
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
