/**
 * A fresh database that the build made, with the tables of the default QUEUE_PREFIX. The first start copies it, which takes a fraction of a
 * second where making a database takes many. Without it, or with one of another state, the first start makes its own.
 */
import { chmodSync, constants, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LATEST_SCHEMA_VERSION } from 'bullmq';
import { FUNCTIONS_MARK, SCHEMA_VERSION } from '../postgres/schema.ts';

/** The QUEUE_PREFIX whose tables are in it. @public scripts/fresh-database.mjs */
export const FRESH_PREFIX = 'quire';
/** The same folder from `src/` and from `dist/`. */
const FOLDER = fileURLToPath(new URL('../../../dist/fresh-database/', import.meta.url));

/** Where the fresh database of this code lies, or would lie. The name has all that it depends on. */
export function freshDatabase(folder = FOLDER): string {
  const pglite = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const { version } = JSON.parse(readFileSync(join(dirname(pglite), '../package.json'), 'utf8')) as { version: string };
  return join(folder, `pglite-${version}-tables-${SCHEMA_VERSION}.${LATEST_SCHEMA_VERSION}-${FUNCTIONS_MARK.replaceAll(' ', '-')}`);
}

/** Copies the files below `from` into `to`, ten times as fast as `fs.cp`, which asks a lot about each of a thousand files. */
export function copyFiles(from: string, to: string): void {
  mkdirSync(to, { mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyFiles(source, target);
    else copyFileSync(source, target, constants.COPYFILE_FICLONE);
  }
}

/** Lets every user read: the one who starts Quire may not be the one who built it. */
function openToAll(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else chmodSync(path, 0o644);
  }
}

/** Keeps `database`, which nobody may have open, as the fresh database of this code, and removes those of other states. @public scripts/fresh-database.mjs */
export function keepFreshDatabase(database: string, folder = FOLDER): void {
  const place = freshDatabase(folder);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const draft = `${place}.draft`;
  copyFiles(database, draft);
  openToAll(draft);
  renameSync(draft, place);
}

/** Whether there is a fresh database for a store of this prefix. */
export const hasFreshDatabase = (prefix: string): boolean => prefix === FRESH_PREFIX && existsSync(join(freshDatabase(), 'PG_VERSION'));
