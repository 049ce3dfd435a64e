import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chown } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { makeServerDir, startChildServer, type ChildServer } from './child-server.ts';
import { onFreePort } from './free-port.ts';
import { findPostgres } from './server-binaries.ts';

const run = promisify(execFile);

/** A private PostgreSQL, started for one test or one run of the tests. */
export interface PostgresServer extends ChildServer {
  url: string;
  port: number;
  dir: string;
}

/** A database of its own in a shared server. */
export interface TestDatabase {
  url: string;
  drop: () => Promise<void>;
}

/**
 * Starts a private PostgreSQL server on loopback. It does not wait for the disk, which is safe against `kill9()` but not
 * against a power cut. To restart a killed one on its data, pass the `dir` and `port` of the first.
 */
export async function startPostgres({
  args = [],
  dir,
  port,
}: { args?: string[]; dir?: string; port?: number } = {}): Promise<PostgresServer> {
  const binaries = findPostgres();
  if (binaries === undefined) throw new Error('the PostgreSQL server is not installed: `npm test` installs it, or set TEST_DATABASE_URL');
  const user = await unprivilegedUser();
  const start = async (at: number): Promise<PostgresServer> => {
    const home = dir ?? (await newCluster(binaries.initdb, user));
    const url = `postgres://quire@127.0.0.1:${at}/postgres`;
    const server = await startChildServer({
      command: binaries.postgres,
      args: ['-D', home, '-h', '127.0.0.1', '-p', String(at), '-k', '', '-F', '-c', 'max_connections=200', ...args],
      dir: home,
      removeDir: dir === undefined,
      ...(user === undefined ? {} : { user }),
      // SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
      stopSignal: 'SIGINT',
      isReady: async () => withClient(url, async (client) => (await client.query('SHOW data_directory')).rows[0].data_directory === home),
    });
    return { ...server, url, port: at, dir: home };
  };
  return port === undefined ? onFreePort(start) : start(port);
}

/** Returns the URL of the one PostgreSQL that all tests of this run share. A test makes a database of its own there. */
export function sharedPostgresUrl(): string {
  const url = process.env['TEST_DATABASE_URL'];
  if (!url) throw new Error('no shared PostgreSQL: run the tests through vitest, whose global setup starts one');
  return url;
}

/** Makes a database in the server at `baseUrl`, empty or as `template` is; `drop()` removes it again, together with whoever is still connected. */
export async function createDatabase(baseUrl: string, template = 'template1'): Promise<TestDatabase> {
  const name = `quire_test_${randomUUID().replaceAll('-', '')}`;
  await withClient(baseUrl, async (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  const url = new URL(baseUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await withClient(baseUrl, async (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  // A server that goes away while the client closes is no news to whoever asked.
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Makes an empty database cluster, which belongs to `user`. */
async function newCluster(initdb: string, user: User | undefined): Promise<string> {
  const home = await makeServerDir('postgres');
  if (user !== undefined) await chown(home, user.uid, user.gid);
  const settings = ['--username', 'quire', '--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C', '--no-sync'];
  await run(initdb, ['--pgdata', home, ...settings], { cwd: home, timeout: 60_000, ...user });
  return home;
}

interface User {
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root, so root hands it to Debian's `postgres` user, or to `nobody`. */
async function unprivilegedUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = async (flag: string, name: string): Promise<number> => Number((await run('id', [flag, name])).stdout);
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: await idOf('-u', name), gid: await idOf('-g', name) };
    } catch {
      continue;
    }
  }
  throw new Error('PostgreSQL does not run as root, and this machine has neither a user `postgres` nor a user `nobody`');
}
