/** `quire migrate`, in this process and as one of its own, and places to move from and to. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { runMigrate } from '../../../src/cli/migrate.ts';
import compiled from '../../support/build-setup.ts';
import { createDatabase, sharedPostgresUrl } from '../../support/postgres-server.ts';
import { sharedClusterUrl, sharedRedisUrl } from '../../support/redis-server.ts';
import type { StoreName } from '../../support/service.ts';
import { embeddedDirectory } from '../../support/templates.ts';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
/** A folder without a file `.env`. */
const CWD = fileURLToPath(new URL('.', import.meta.url));
const DEADLINE_MS = 60_000;

export interface CommandEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  /** Lines of the error output. */
  errors: string[];
}

/** Runs it to its end. `onLine` is told of each line of the error output and may end the process. */
export async function runMigration(
  args: string[],
  env: Record<string, string>,
  onLine: (line: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<CommandEnd> {
  await compiled();
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [MAIN, 'migrate', ...args], {
    cwd: CWD,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    errors.push(line);
    onLine(line, (signal) => child.kill(signal));
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, output, errors };
}

/** A place for a store to be made in, and the store's name on the command line. */
export interface Place {
  env: Record<string, string>;
  name: string;
  directory: string | undefined;
}

/** An empty place of this test's own: nothing is there before Quire or the migration comes, or, where it is `prepared`, no records. */
export async function place(store: StoreName, prefix: string, prepared = false): Promise<Place> {
  const served = (setting: string, url: string): Place => ({
    env: { [setting]: url, QUEUE_PREFIX: prefix },
    name: url,
    directory: undefined,
  });
  if (store === 'redis') return served('REDIS_URL', sharedRedisUrl());
  if (store === 'redis-cluster') return served('REDIS_URL', sharedClusterUrl());
  if (store === 'postgres') {
    const { url, drop } = await createDatabase(sharedPostgresUrl());
    onTestFinished(drop);
    return served('DATABASE_URL', url);
  }
  const dir = await mkdtemp(join(tmpdir(), 'quire-migrate-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const directory = join(dir, 'data');
  // To make a database takes seconds.
  if (prepared) await rename(await embeddedDirectory(), directory);
  return { env: { DATA_DIR: directory, QUEUE_PREFIX: prefix }, name: `embedded:${directory}`, directory };
}

export const LINKS = 400;
export const links = Array.from({ length: LINKS }, (_, n) => `https://www.goodreads.com/book/show/${1_000_000_000 + n}`);

/** The command in this process: exit code, output, error output. */
export async function runHere(args: string[], env: Record<string, string> = {}): Promise<[number, string, string]> {
  let [output, errors] = ['', ''];
  const code = await runMigrate({
    args,
    env,
    output: { write: (text) => (output += text) },
    errors: { write: (text) => (errors += text) },
    signal: new AbortController().signal,
  });
  return [code, output, errors];
}
