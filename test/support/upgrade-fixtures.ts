/**
 * What older versions of Quire left behind, in `test/fixtures/upgrade/<version>/`: a store of each kind with its reading by that version, and the
 * program itself. CONTRIBUTING.md says how they were made. They never change.
 */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { Client } from 'pg';
import { startGoodreads, type Goodreads } from './goodreads.ts';
import { createDatabase, sharedPostgresUrl } from './postgres-server.ts';
import { startRedis } from './redis-server.ts';
import type { Known, Reading } from './upgrade-reading.ts';
import { waitUntil } from './wait-until.ts';

const run = promisify(execFile);

export const UPGRADE_STORES = ['embedded', 'redis', 'postgres'] as const;
export type UpgradeStore = (typeof UPGRADE_STORES)[number];

/**
 * Where the stand-in for Goodreads and the receiver of webhooks listen. The fixtures name these ports: the state of the source is kept by its
 * address, and webhooks have URLs. They lie below the ports that systems give out by themselves.
 */
export const UPGRADE_PORTS: Record<UpgradeStore, { goodreads: number; receiver: number }> = {
  embedded: { goodreads: 18_511, receiver: 18_512 },
  redis: { goodreads: 18_513, receiver: 18_514 },
  postgres: { goodreads: 18_515, receiver: 18_516 },
};

/** The robots.txt of the stand-in: one book is disallowed. */
const UPGRADE_ROBOTS = 'User-agent: *\nDisallow: /search\nDisallow: /book/show/1000000104\nAllow: /book/show/\n';

/** The settings under which the fixtures were made and are used. Everything is kept as long as the settings allow, so that the fixtures age slowly. */
export const UPGRADE_SETTINGS = {
  BOOK_TTL: '3650d',
  BOOK_RETENTION: '3650d',
  NOT_FOUND_TTL: '3650d',
  BATCH_TTL: '365d',
  CRAWL_RATE: '0',
  CRAWL_CONCURRENCY: '30',
  WEBHOOK_ALLOW_LOOPBACK: 'true',
  WEBHOOK_SECRET: 'whsec_ZGVmYXVsdCBzZWNyZXQgb2YgdGhlIHVwZ3JhZGUgdGVzdHM=',
};

/** `expected-<store>.json`: what the older version told of the store that lies beside it. */
export interface UpgradeExpected {
  version: string;
  madeAt: string;
  /** Secrets that sign: by id of a standing webhook (the latest first) or of a batch. */
  secrets: Record<string, string[]>;
  /** Books whose jobs were live, by what was to happen to them. */
  live: { parsed: string[]; notFound: string[] };
  /** Batches that were open, ended and cancelled. */
  batches: { open: string[]; ended: string[]; cancelled: string[] };
  /** A request that was sent with this `Idempotency-Key`. */
  idempotent: { key: string; body: string };
  /** The ISBN of a book that was merged into another later, as a path of `GET /book-info`. */
  isbnOfMerged: string;
  mergedInto: string;
  known: Known;
  reading: Reading;
}

const ROOT = join(import.meta.dirname, '../fixtures/upgrade');
const MODULES = join(import.meta.dirname, '../../node_modules');

export const upgradeFile = (version: string, name: string): string => join(ROOT, version, name);

/** Versions that left fixtures, the oldest first. */
export const upgradeVersions = (): string[] => readdirSync(ROOT).toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));

export const readExpected = async (version: string, store: UpgradeStore): Promise<UpgradeExpected> =>
  JSON.parse(await readFile(upgradeFile(version, `expected-${store}.json`), 'utf8')) as UpgradeExpected;

export type Undo = (undo: () => Promise<unknown>) => void;

/** Unpacks the program of an older version. It runs with the packages of today, and `prom-client` is one of them for its sake. Returns the path of its `main.js`. */
export async function unpackProgram(tarball: string, atEnd: Undo): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'quire-old-'));
  atEnd(() => rm(dir, { recursive: true, force: true }));
  await run('tar', ['-xzf', tarball, '-C', dir]);
  await symlink(MODULES, join(dir, 'node_modules'), 'dir');
  return join(dir, 'dist/main.js');
}

/** Statements of psql itself, which `pg_dump` writes around a dump. */
const PSQL_COMMAND = /^\\.*$/gm;

async function restoreDump(url: string, file: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      gunzipSync(await readFile(file))
        .toString('utf8')
        .replaceAll(PSQL_COMMAND, ''),
    );
  } finally {
    await client.end();
  }
}

/** Brings the store of an older version to life. Returns the settings that lead to it. */
export async function restoreStore(version: string, store: UpgradeStore, atEnd: Undo): Promise<Record<string, string>> {
  if (store === 'postgres') {
    const { url, drop } = await createDatabase(sharedPostgresUrl());
    atEnd(drop);
    await restoreDump(url, upgradeFile(version, 'postgres.sql.gz'));
    return { DATABASE_URL: url };
  }
  const dir = await mkdtemp(join(tmpdir(), 'quire-upgrade-'));
  atEnd(() => rm(dir, { recursive: true, force: true }));
  if (store === 'embedded') {
    const archive = brotliDecompressSync(await readFile(upgradeFile(version, 'embedded.tar.br')));
    const unpacking = run('tar', ['-xf', '-', '-C', dir]);
    unpacking.child.stdin?.end(archive);
    await unpacking;
    return { DATA_DIR: join(dir, 'data') };
  }
  await copyFile(upgradeFile(version, 'dump.rdb'), join(dir, 'dump.rdb'));
  // Redis loads the dump that it finds in its directory.
  const server = await startRedis({ dir });
  atEnd(server.stop);
  return { REDIS_URL: server.url };
}

/** Starts the stand-in at the address that the fixtures know. Another run of these tests on this machine may have it for a while. */
export async function startUpgradeGoodreads(store: UpgradeStore): Promise<Goodreads> {
  return onUpgradePort(() => startGoodreads({ port: UPGRADE_PORTS[store].goodreads, robots: UPGRADE_ROBOTS }));
}

/** Starts a server on a port that is given, and waits until the port is free. */
export async function onUpgradePort<T>(start: () => Promise<T>): Promise<T> {
  return waitUntil('a port of the upgrade fixtures to be free', start, { timeoutMs: 60_000, everyMs: 250 });
}

/** Makes an empty directory for a data directory to lie in. */
export async function makeDataDir(atEnd: Undo): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'quire-upgrade-'));
  atEnd(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'data'));
  return dir;
}
