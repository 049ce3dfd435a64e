/** The directory of the embedded store: made, checked, and filled with a fresh database. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { QuireError } from '../../errors.ts';
import { copyFiles, freshDatabase, hasFreshDatabase } from './fresh-database.ts';

/** The major version of PostgreSQL in the PGlite we use: another one's files it cannot read. */
const POSTGRES_MAJOR = '18';
const INIT_DEADLINE_MS = 60_000;

const unavailable = (detail: string, cause?: unknown): QuireError => new QuireError('store-unavailable', detail, { cause });

const ELSEWHERE = 'set DATA_DIR to another directory';

/** Why a directory cannot be made, by the code of the system's error. */
function sentenceOf(directory: string, code: string): string {
  switch (code) {
    case 'ENOENT':
      return existsSync(directory)
        ? `cannot be written to: its file system takes no files, so ${ELSEWHERE}`
        : existsSync(dirname(directory))
          ? `cannot be made: the file system of ${dirname(directory)} takes no directories, so ${ELSEWHERE}`
          : `cannot be made, since ${dirname(directory)} does not exist: make that first, or ${ELSEWHERE}`;
    case 'ENOTDIR':
      return `cannot be made, since a part of its path is a file: ${ELSEWHERE}`;
    case 'EACCES':
    case 'EPERM':
      return `is not writable for this user: change its owner or permissions, or ${ELSEWHERE}`;
    case 'EROFS':
      return `lies on a read-only file system: mount it writable, or ${ELSEWHERE}`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `lies on a disk that is full: make room, or ${ELSEWHERE}`;
    case 'ENAMETOOLONG':
      return `has too long a name: ${ELSEWHERE}`;
    case 'ELOOP':
      return `is a link that leads to itself: remove the link, or ${ELSEWHERE}`;
    default:
      return `cannot be used (${code}): ${ELSEWHERE}`;
  }
}

/** What to tell of an error met in a data directory: the system's as a sentence, all others as they are. */
export function directoryFault(directory: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof QuireError || code === undefined || syscall === undefined) return error;
  return unavailable(`DATA_DIR ${directory} ${sentenceOf(directory, code)}.`, error);
}

/** Makes sure that `dataDir` is a directory that can be written to. Returns its absolute path. */
export function prepareDataDirectory(dataDir: string): string {
  const directory = resolve(dataDir);
  try {
    if (!existsSync(directory)) mkdirSync(directory);
    if (!statSync(directory).isDirectory()) throw unavailable(`DATA_DIR ${directory} is a file: name a directory instead.`);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw directoryFault(directory, error);
  }
  return directory;
}

/** Where the database of a data directory lies; its major version is in the name, so that an upgrade never opens old files by mistake. */
export function databaseDirectory(directory: string): string {
  const others = readdirSync(directory).filter((name) => /^postgres-\d+$/.test(name) && name !== `postgres-${POSTGRES_MAJOR}`);
  const mine = join(directory, `postgres-${POSTGRES_MAJOR}`);
  if (!existsSync(mine) && others.length > 0) {
    throw unavailable(
      `DATA_DIR ${directory} holds a database of another version (${others.join(', ')}; this Quire needs postgres-${POSTGRES_MAJOR}): start the Quire that wrote it, or set DATA_DIR to another directory.`,
    );
  }
  return mine;
}

/** Whether there is a database in `dataDir`; makes nothing. */
export const hasDatabase = (dataDir: string): boolean =>
  existsSync(dataDir) && statSync(dataDir).isDirectory() && existsSync(join(databaseDirectory(dataDir), 'PG_VERSION'));

/**
 * Runs in a process of its own: making a database takes some hundred MB of memory, which this process would keep. The child ends when its
 * parent does, which closes its input.
 */
const INIT = `
  process.stdin.resume().on('end', () => process.exit(1));
  const [pglite, options] = process.argv.slice(1);
  require(pglite).PGlite.create(JSON.parse(options)).then((db) => db.close()).then(
    () => process.exit(0),
    (error) => { console.error(error.message); process.exit(1); },
  );
`;

/** Runs {@link INIT}; resolves to what went wrong, `''` when nothing did. */
async function initialise(database: string): Promise<string> {
  const pglite = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const options = { dataDir: database, initDbStartParams: ['--wal-segsize=4', '--no-sync', '-c', 'shared_buffers=16MB'] };
  const child = spawn(process.execPath, ['-e', INIT, '--', pglite, JSON.stringify(options)], { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-500);
  });
  const deadline = setTimeout(() => {
    said = `it took longer than ${INIT_DEADLINE_MS / 1000} s`;
    child.kill('SIGKILL');
  }, INIT_DEADLINE_MS);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code === 0 ? '' : said.trim() || 'its process was killed';
  } catch (error) {
    return (error as Error).message;
  } finally {
    clearTimeout(deadline);
  }
}

/** Makes a database in `draft`, by a copy of the fresh one where there is one for this prefix. Resolves to what went wrong, or `''`. */
async function makeDatabase(draft: string, prefix: string): Promise<string> {
  if (!hasFreshDatabase(prefix)) return initialise(draft);
  try {
    copyFiles(freshDatabase(), draft);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Makes a fresh database unless there is one. It is made beside its place and moved there when it is whole, so that a process killed
 * half way leaves nothing that looks like a database.
 */
export async function ensureDatabase(database: string, prefix: string): Promise<void> {
  if (existsSync(join(database, 'PG_VERSION'))) {
    const version = readFileSync(join(database, 'PG_VERSION'), 'utf8').trim();
    if (version !== POSTGRES_MAJOR)
      throw unavailable(
        `${database} holds a database of PostgreSQL ${version}, this Quire needs ${POSTGRES_MAJOR}: set DATA_DIR to another directory.`,
      );
    return;
  }
  const [parent, name] = [dirname(database), basename(database)];
  const removeDrafts = (): void => {
    for (const entry of readdirSync(parent))
      if (entry.startsWith(`${name}.new`)) rmSync(join(parent, entry), { recursive: true, force: true });
  };
  removeDrafts();
  const draft = `${database}.new-${randomUUID()}`;
  const failure = (await makeDatabase(draft, prefix)) || (existsSync(join(draft, 'PG_VERSION')) ? '' : 'nothing was written');
  if (failure !== '') {
    removeDrafts();
    throw unavailable(`The database in ${parent} could not be made (${failure}): is the disk full?`);
  }
  renameSync(draft, database);
}
