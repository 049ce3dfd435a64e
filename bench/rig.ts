/** What the benchmarks run on: a private Redis, a stand-in for Goodreads and Quire, each a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { startGoodreadsProcess, startQuire, type QuireProcess } from '../scripts/quire-process.ts';
import { waitUntil } from '../test/support/wait-until.ts';
import { startRedis } from '../test/support/redis-server.ts';
import { defaultPagesDir } from './parse.ts';

export interface Rig {
  quick: boolean;
  /** A private Redis 7, without persistence. */
  redisUrl: string;
  /** A connection to it, for looking and cleaning. */
  redis: Redis;
  origin: string;
  /**
   * Starts Quire without a rate limit, on that Redis unless `env` names another store. `nodeArgs` are options of Node itself. `program`
   * is the `main.js` of another build.
   */
  quire(role: 'api' | 'worker' | 'all', env?: Record<string, string>, nodeArgs?: string[], program?: string): Promise<QuireProcess>;
  /** An empty directory that goes with the rig. */
  directory(): Promise<string>;
  stop(): Promise<void>;
}

export interface RigOptions {
  quick: boolean;
  /** Writes a CPU profile of every Quire process there. */
  profileDir?: string;
}

export const PREFIX = 'bench';
/** From here on the stand-in makes up books. */
export const FIRST_ID = 1_000_000_000;
const AT_ONCE = 1_000;
/** Pages in flight, of our worker as of the loop it is measured by: enough that neither has to wait for the stand-in or for Redis. */
export const CONCURRENCY = 32;

export async function openRig({ quick, profileDir }: RigOptions): Promise<Rig> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (let last = undo.pop(); last; last = undo.pop()) await last();
  };
  try {
    const server = await startRedis();
    undo.push(() => server.stop());
    const redis = new Redis(server.url);
    undo.push(async () => redis.quit());
    const site = await startGoodreadsProcess({ pages: defaultPagesDir() });
    undo.push(() => site.stop());
    return {
      quick,
      redisUrl: server.url,
      redis,
      origin: site.origin,
      async quire(role, env = {}, moreArgs = [], program) {
        const named = ['DATA_DIR', 'DATABASE_URL', 'REDIS_URL'].some((name) => env[name] !== undefined);
        const store = named ? {} : { REDIS_URL: server.url, QUEUE_PREFIX: PREFIX };
        const profileArgs =
          profileDir === undefined
            ? []
            : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`, '--cpu-prof-name', `${role}-${Date.now()}.cpuprofile`];
        const settings = {
          GOODREADS_ORIGIN: site.origin,
          CRAWL_RATE: '0',
          CRAWL_CONCURRENCY: String(CONCURRENCY),
          LOG_LEVEL: 'info',
          ...store,
          ...env,
        };
        const quire = await startQuire({
          role,
          nodeArgs: [...profileArgs, ...moreArgs],
          env: settings,
          ...(program === undefined ? {} : { program }),
        });
        undo.push(() => quire.stop());
        return quire;
      },
      async directory() {
        const dir = await mkdtemp(join(tmpdir(), 'quire-bench-'));
        undo.push(() => rm(dir, { recursive: true, force: true }));
        return dir;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Links to so many books, one number after the other. */
export const linksFrom = (firstId: number, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `https://www.goodreads.com/book/show/${firstId + n}`);

/** Posts links to so many books, `POST`s of 1,000 each as one batch each, and gives the batches. */
export async function submitBooks(address: string, count: number, firstId: number): Promise<string[]> {
  const batchIds: string[] = [];
  for (let from = 0; from < count; from += AT_ONCE) {
    const links = linksFrom(firstId + from, Math.min(AT_ONCE, count - from));
    const answer = await fetch(`${address}/parse-links`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(links),
    });
    const { batchId } = (await answer.json()) as { batchId?: string };
    if (batchId === undefined) throw new Error(`POST /parse-links was answered with ${answer.status}`);
    batchIds.push(batchId);
  }
  return batchIds;
}

/** Has one real page crawled: the book {@link FIRST_ID} is then stored on the rig's Redis. */
export async function crawlOne(rig: Rig): Promise<void> {
  const quire = await rig.quire('all');
  await submitBooks(quire.address, 1, FIRST_ID);
  await waitUntil('one book', async () => (await fetch(`${quire.address}/book-info?id=${FIRST_ID}`)).status === 200);
  await quire.stop();
}

/** Runs one of the limits (`bench/limits/*.ts`) to its end and gives what it reports on its only line. */
export async function runLimit<T>(name: string, args: (string | number)[]): Promise<T> {
  const child = startScript(name, args);
  const [line] = await Promise.all([firstLine(child, name), once(child, 'close')]);
  return JSON.parse(line) as T;
}

/** Starts one of the limits that serves, and gives where it listens. */
export async function serveLimit(name: string, args: (string | number)[]): Promise<{ address: string; stop(): Promise<void> }> {
  const child = startScript(name, args);
  const { address } = JSON.parse(await firstLine(child, name)) as { address: string };
  return {
    address,
    async stop() {
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function startScript(name: string, args: (string | number)[]) {
  const script = fileURLToPath(new URL(`limits/${name}.ts`, import.meta.url));
  return spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function firstLine(child: ReturnType<typeof startScript>, name: string): Promise<string> {
  const { value } = (await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()) as IteratorResult<string, undefined>;
  if (value === undefined) throw new Error(`${name} ended without a word`);
  return value;
}
