/** The directory of the embedded store: made, checked, and filled with a fresh database. */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { QuireError } from '../../errors.ts';

/** The major version of PostgreSQL in the PGlite we use: another one's files it cannot read. */
const POSTGRES_MAJOR = '18';
const INIT_DEADLINE_MS = 60_000;

const unavailable = (detail: string, cause?: unknown): QuireError => new QuireError('store-unavailable', detail, { cause });

/** Makes sure that `dataDir` is a directory that can be written to. Returns its absolute path. */
export function prepareDataDirectory(dataDir: string): string {
  const directory = resolve(dataDir);
  try {
    if (!existsSync(directory)) mkdirSync(directory);
    if (!statSync(directory).isDirectory()) throw unavailable(`DATA_DIR ${directory} is a file: name a directory instead.`);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof QuireError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw unavailable(`DATA_DIR ${directory} cannot be made, since ${dirname(directory)} does not exist: make that first, or set DATA_DIR to another directory.`, error);
    if (code === 'ENOTDIR') throw unavailable(`DATA_DIR ${directory} cannot be made, since a part of its path is a file: set DATA_DIR to another directory.`, error);
    if (code === 'EACCES' || code === 'EPERM') throw unavailable(`DATA_DIR ${directory} is not writable for this user: change its owner or permissions, or set DATA_DIR to another directory.`, error);
    if (code === 'EROFS') throw unavailable(`DATA_DIR ${directory} lies on a read-only file system: mount it writable, or set DATA_DIR to another directory.`, error);
    throw unavailable(`DATA_DIR ${directory} cannot be used: ${(error as Error).message}.`, error);
  }
  return directory;
}

/** Where the database of a data directory lies; its major version is in the name, so that an upgrade never opens old files by mistake. */
export function databaseDirectory(directory: string): string {
  const others = readdirSync(directory).filter((name) => /^postgres-\d+$/.test(name) && name !== `postgres-${POSTGRES_MAJOR}`);
  const mine = join(directory, `postgres-${POSTGRES_MAJOR}`);
  if (!existsSync(mine) && others.length > 0) {
    throw unavailable(`DATA_DIR ${directory} holds a database of another version (${others.join(', ')}; this Quire needs postgres-${POSTGRES_MAJOR}): start the Quire that wrote it, or set DATA_DIR to another directory.`);
  }
  return mine;
}

/** Runs in a thread of its own, whose memory (some hundred MB) goes with it. */
const INIT = `
  const { workerData } = require('node:worker_threads');
  const { PGlite } = require(workerData.pglite);
  PGlite.create(workerData.options).then((db) => db.close());
`;

/**
 * Makes a fresh database unless there is one. It is made beside its place and moved there when it is whole, so that a process killed
 * half way leaves nothing that looks like a database.
 */
export async function ensureDatabase(database: string): Promise<void> {
  if (existsSync(join(database, 'PG_VERSION'))) {
    const version = readFileSync(join(database, 'PG_VERSION'), 'utf8').trim();
    if (version !== POSTGRES_MAJOR) throw unavailable(`${database} holds a database of PostgreSQL ${version}, this Quire needs ${POSTGRES_MAJOR}: set DATA_DIR to another directory.`);
    return;
  }
  const draft = `${database}.new`;
  rmSync(draft, { recursive: true, force: true });
  const pglite = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const options = { dataDir: draft, initDbStartParams: ['--wal-segsize=4', '--no-sync', '-c', 'shared_buffers=16MB'] };
  const thread = new Worker(INIT, { eval: true, workerData: { pglite, options }, execArgv: [] });
  let failure: Error | null = null;
  const deadline = setTimeout(() => {
    failure = new Error(`it took longer than ${INIT_DEADLINE_MS / 1000} s`);
    void thread.terminate();
  }, INIT_DEADLINE_MS);
  thread.once('error', (error) => {
    failure = error;
  });
  await new Promise((done) => thread.once('exit', done));
  clearTimeout(deadline);
  if (!existsSync(join(draft, 'PG_VERSION'))) failure ??= new Error('nothing was written');
  if (failure !== null) {
    rmSync(draft, { recursive: true, force: true });
    throw unavailable(`The database in ${dirname(database)} could not be made (${(failure as Error).message}): is the disk full?`, failure);
  }
  renameSync(draft, database);
}
