/**
 * `npx tsx scripts/make-upgrade-fixtures.ts`: makes the fixtures that later versions start on, in `test/fixtures/upgrade/<version>/`. Run it once for a
 * version, by hand, before the first change of the next one. It refuses to replace fixtures, since fixtures that change prove nothing.
 *
 * It builds `src/` without source maps and packs the build. Then it runs that build on a store of each kind, plays the story of
 * `upgrade-story.ts` over HTTP against the stand-in for Goodreads, reads everything that the API tells, stops Quire and saves the store:
 *
 *   quire-<version>.tgz     the program: `dist/` and `package.json`
 *   embedded.tar.br         the data directory, as tar, compressed by brotli: gzip does not see that a cluster holds the same catalogue three times
 *   dump.rdb                the Redis dump
 *   postgres.sql.gz         the dump of `pg_dump --inserts`, which needs no psql to be restored
 *   expected-<store>.json   the reading, and what the test has to know of the story
 *
 * One thing is changed by hand: whatever is kept for a day or longer is kept for 30 years in a fixture, or the tests would have nothing to look at
 * after a week.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { startReceiver } from '../test/integration/webhooks/receiver.ts';
import { createDatabase, startPostgres } from '../test/support/postgres-server.ts';
import { startRedis } from '../test/support/redis-server.ts';
import { findPostgres } from '../test/support/server-binaries.ts';
import {
  makeDataDir,
  onUpgradePort,
  startUpgradeGoodreads,
  unpackProgram,
  upgradeFile,
  UPGRADE_PORTS,
  UPGRADE_SETTINGS,
  UPGRADE_STORES,
  type Undo,
  type UpgradeExpected,
  type UpgradeStore,
} from '../test/support/upgrade-fixtures.ts';
import { readEverything } from '../test/support/upgrade-reading.ts';
import { startQuire, type QuireProcess } from './quire-process.ts';
import { playUpgradeStory } from './upgrade-story.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DAY_MS = 86_400_000;
const FAR_MS = 30 * 365 * DAY_MS;
/** The tables whose rows end at a time of their own. */
const LIVE_LONG = ['document', 'page']
  .map(
    (table) =>
      `UPDATE quire.${table} SET expire_at_ms = expire_at_ms + ${FAR_MS} WHERE expire_at_ms > extract(epoch FROM now()) * 1000 + ${DAY_MS};`,
  )
  .join('\n');
const MAX_BUFFER = 256 * 1024 * 1024;

/** Runs `work` and undoes, in reverse, what it hands to its argument. */
async function undoing<T>(work: (atEnd: Undo) => Promise<T>): Promise<T> {
  const undos: (() => Promise<unknown>)[] = [];
  try {
    return await work((undo) => void undos.push(undo));
  } finally {
    for (const undo of undos.toReversed()) await undo();
  }
}

async function packProgram(version: string): Promise<string> {
  const tarball = upgradeFile(version, `quire-${version}.tgz`);
  const dir = await mkdtemp(join(tmpdir(), 'quire-pack-'));
  try {
    const options = ['--sourceMap', 'false', '--incremental', 'false', '--tsBuildInfoFile', 'null', '--outDir', join(dir, 'dist')];
    await run('npx', ['tsc', '-p', 'tsconfig.build.json', ...options], { cwd: ROOT });
    await run('node', ['scripts/copy-assets.mjs', join(dir, 'dist')], { cwd: ROOT });
    await copyFile(join(ROOT, 'package.json'), join(dir, 'package.json'));
    await run('tar', ['-czf', tarball, '--owner=0', '--group=0', '--sort=name', '-C', dir, 'package.json', 'dist']);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return tarball;
}

/** A store that is empty yet: the settings that lead to it, and a way to save it once nothing uses it any more. */
interface EmptyStore {
  env: Record<string, string>;
  save(version: string): Promise<void>;
}

async function emptyEmbedded(atEnd: Undo): Promise<EmptyStore> {
  const dir = await makeDataDir(atEnd);
  return {
    env: { DATA_DIR: join(dir, 'data') },
    async save(version) {
      // Everything is written to the tables, and the log begins anew: what lies in old segments is not needed.
      const database = join(dir, 'data/postgres-18');
      const db = await PGlite.create({ dataDir: database });
      await db.exec(LIVE_LONG);
      await db.exec('CHECKPOINT');
      await db.close();
      const { stdout } = await run('tar', ['-cf', '-', '--owner=0', '--group=0', '--sort=name', '-C', dir, 'data'], {
        encoding: 'buffer',
        maxBuffer: MAX_BUFFER,
      });
      const params = {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_LGWIN]: 24,
        [constants.BROTLI_PARAM_SIZE_HINT]: stdout.length,
      };
      await writeFile(upgradeFile(version, 'embedded.tar.br'), brotliCompressSync(stdout, { params }));
    },
  };
}

async function emptyRedis(atEnd: Undo): Promise<EmptyStore> {
  const server = await startRedis();
  atEnd(server.stop);
  return {
    env: { REDIS_URL: server.url },
    async save(version) {
      const redis = new Redis(server.url);
      for (const key of await redis.keys('*')) if ((await redis.pttl(key)) >= DAY_MS) await redis.pexpire(key, FAR_MS);
      await redis.save();
      await redis.quit();
      await copyFile(join(server.dir, 'dump.rdb'), upgradeFile(version, 'dump.rdb'));
    },
  };
}

async function emptyPostgres(atEnd: Undo): Promise<EmptyStore> {
  const server = await startPostgres();
  atEnd(server.stop);
  const { url } = await createDatabase(server.url);
  return {
    env: { DATABASE_URL: url },
    async save(version) {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query(LIVE_LONG);
      await client.end();
      const program = join(dirname(findPostgres()?.postgres ?? ''), 'pg_dump');
      const { stdout } = await run(program, ['--inserts', '--no-owner', '--no-privileges', url], {
        encoding: 'buffer',
        maxBuffer: MAX_BUFFER,
      });
      await writeFile(upgradeFile(version, 'postgres.sql.gz'), gzipSync(stdout, { level: 9 }));
    },
  };
}

const EMPTY: Record<UpgradeStore, (atEnd: Undo) => Promise<EmptyStore>> = {
  embedded: emptyEmbedded,
  redis: emptyRedis,
  postgres: emptyPostgres,
};

async function makeFixture(version: string, store: UpgradeStore, program: string): Promise<void> {
  await undoing(async (atEnd) => {
    const { env, save } = await EMPTY[store](atEnd);
    const site = await startUpgradeGoodreads(store);
    atEnd(site.stop);
    const receiver = await onUpgradePort(() => startReceiver(UPGRADE_PORTS[store].receiver));
    atEnd(receiver.stop);

    const running: { api?: QuireProcess; worker?: QuireProcess } = {};
    const start = async (role: 'all' | 'api' | 'worker', settings: Record<string, string> = {}): Promise<QuireProcess> => {
      const quire = await startQuire({ role, program, env: { ...UPGRADE_SETTINGS, ...env, GOODREADS_ORIGIN: site.origin, ...settings } });
      atEnd(() => quire.kill9());
      return quire;
    };
    const apart = store !== 'embedded';
    if (apart) running.api = await start('api');
    const work = async (settings: Record<string, string>): Promise<void> => {
      await running.worker?.stop();
      running.worker = await start(apart ? 'worker' : 'all', settings);
      if (!apart) running.api = running.worker;
    };
    const api = (): QuireProcess => running.api as QuireProcess;
    const facts = await playUpgradeStory({ site, receiver, api, work });
    // A worker changes nothing any more, but its own record of who is there.
    if (apart) await running.worker?.stop();
    const reading = await readEverything(api().address, facts.known);
    await api().stop();
    await save(version);
    const expected: UpgradeExpected = { version, madeAt: new Date().toISOString(), ...facts, reading };
    await writeFile(upgradeFile(version, `expected-${store}.json`), `${JSON.stringify(expected, null, 1)}\n`);
  });
}

const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const target = upgradeFile(version, '.');
if (existsSync(target)) throw new Error(`There are fixtures of version ${version} already, and they never change.`);
await mkdir(target, { recursive: true });
try {
  const tarball = await packProgram(version);
  await undoing(async (atEnd) => {
    const program = await unpackProgram(tarball, atEnd);
    for (const store of UPGRADE_STORES) {
      process.stdout.write(`${store} …\n`);
      await makeFixture(version, store, program);
    }
  });
} catch (error) {
  // Half of the fixtures would keep the next run from making all of them.
  await cp(target, join(tmpdir(), `quire-upgrade-${version}-broken`), { recursive: true });
  await rm(target, { recursive: true, force: true });
  throw error;
}
