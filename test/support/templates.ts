/** Making a database from nothing takes seconds, copying one does not: both kinds of SQL store begin as a copy of a template. */
import { createHash, randomUUID } from 'node:crypto';
import { constants, copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LATEST_SCHEMA_VERSION } from 'bullmq';
import { createEmbeddedStore } from '../../src/storage/embedded/store.ts';
import { FUNCTIONS, MIGRATIONS } from '../../src/storage/postgres/schema.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import type { StoreSettings } from '../../src/storage/store.ts';
import { createDatabase, sharedPostgresUrl, type TestDatabase } from './postgres-server.ts';

/** The settings of stores in tests. The templates have the tables of this prefix. */
export const TEST_SETTINGS: StoreSettings = {
  prefix: 'quire_test',
  batchTtlMs: 7 * 86_400_000,
  maxSettledJobs: 1_000,
  maxFailedJobs: 1_000,
};

const MODULES = join(import.meta.dirname, '../../node_modules');
const CACHE = join(MODULES, '.cache/quire-test');

/** One is made for each state of the schema, and kept with the dependencies. */
let template: Promise<string> | undefined;

async function findOrMakeTemplate(): Promise<string> {
  const pglite = await readFile(join(MODULES, '@electric-sql/pglite/package.json'), 'utf8');
  const state = createHash('sha256')
    .update([...MIGRATIONS.map(({ text }) => text), FUNCTIONS, LATEST_SCHEMA_VERSION, pglite, TEST_SETTINGS.prefix].join())
    .digest('hex')
    .slice(0, 16);
  const place = join(CACHE, `embedded-${state}`);
  if (existsSync(place)) return place;
  const draft = join(CACHE, `draft-${randomUUID()}`);
  await mkdir(draft, { recursive: true });
  const store = createEmbeddedStore({ dataDir: draft, settings: TEST_SETTINGS });
  await store.start();
  await store.stop();
  try {
    await rename(draft, place);
  } catch {
    // Another test process was faster.
    await rm(draft, { recursive: true, force: true });
  }
  return place;
}

/** Copies what lies in `from` into `to`, ten times as fast as `fs.cp`, which asks a lot about each of a thousand files. */
function copyInto(to: string, from: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (!entry.isDirectory()) copyFileSync(source, target, constants.COPYFILE_FICLONE);
    else {
      mkdirSync(target);
      copyInto(target, source);
    }
  }
}

/** Makes the database that {@link embeddedDirectory} copies, unless an earlier run has. The global setup does so, so that no two processes do. */
export const prepareEmbedded = (): Promise<string> => (template ??= findOrMakeTemplate());

/** A directory with an embedded database without records in it: the caller removes it. */
export async function embeddedDirectory(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'quire-store-'));
  copyInto(dataDir, await prepareEmbedded());
  return dataDir;
}

/** Makes the database that {@link storeDatabase} copies, in the server that all tests share. The global setup does so once a run. */
export async function makeDatabaseTemplate(url: string): Promise<{ name: string; drop(): Promise<void> }> {
  const database = await createDatabase(url);
  const store = createPostgresStore({ url: database.url, settings: TEST_SETTINGS });
  await store.start();
  await store.stop();
  return { name: new URL(database.url).pathname.slice(1), drop: database.drop };
}

/** A PostgreSQL database of one's own, which has the tables of {@link TEST_SETTINGS} and no records. */
export const storeDatabase = (): Promise<TestDatabase> => createDatabase(sharedPostgresUrl(), process.env['TEST_DATABASE_TEMPLATE']);
