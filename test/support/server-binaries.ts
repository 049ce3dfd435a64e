import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Returns the path of an executable on `PATH`, or undefined. */
export function findOnPath(name: string): string | undefined {
  for (const dir of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(dir, name);
    if (dir !== '' && isExecutable(path)) return path;
  }
  return undefined;
}

/** Returns the path of `redis-server`, or undefined. */
export function findRedisServer(): string | undefined {
  return findOnPath('redis-server');
}

/** The two programs of a PostgreSQL server that a private instance needs. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/** Returns PostgreSQL's server programs: the newest of Debian's `/usr/lib/postgresql/*`, which are not on `PATH` there, else those on `PATH`. */
export function findPostgres(): PostgresBinaries | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  for (const version of versions) {
    const found = { initdb: join(debian, version, 'bin/initdb'), postgres: join(debian, version, 'bin/postgres') };
    if (isExecutable(found.initdb) && isExecutable(found.postgres)) return found;
  }
  const initdb = findOnPath('initdb');
  const postgres = findOnPath('postgres');
  return initdb === undefined || postgres === undefined ? undefined : { initdb, postgres };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Returns the path of Chromium: `TEST_CHROMIUM`, or what Debian and others call it on `PATH`; undefined without one. */
export function findChromium(): string | undefined {
  const named = process.env['TEST_CHROMIUM'];
  if (named) return named;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']) {
    const found = findOnPath(name);
    if (found !== undefined) return found;
  }
  return undefined;
}
