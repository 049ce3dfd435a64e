/** The processes that a run of faults is about: what can be done to them, and how they are brought back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startQuire, type QuireProcess } from '../../scripts/quire-process.ts';
import { startRedis } from '../support/redis-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { readEmbedded, readRedis, type Contents } from './leftovers.ts';

export interface Fault {
  name: string;
  /** Does it, and brings back what it ended. */
  run(): Promise<void>;
}

export interface Fleet {
  name: string;
  /** The processes with an API that run now. */
  apis(): readonly QuireProcess[];
  faults: readonly Fault[];
  /** Processes that ended although nobody ended them. */
  fallen(): readonly string[];
  /** Stops the processes, and reads all that they left in the store. */
  leave(): Promise<Contents>;
  stop(): Promise<void>;
}

export interface FleetOptions {
  origin: string;
  random: () => number;
}

const SETTINGS = { CRAWL_RATE: '0', CRAWL_CONCURRENCY: '8', CRAWL_BACKOFF: '100ms', LOG_LEVEL: 'info' };
/** How long Redis is held still, in milliseconds: longer than a command may take. */
const PAUSE_MS = 3_000;

/** A place for one process: it is killed and started again there. */
interface Berth {
  now: QuireProcess | null;
  start(): Promise<void>;
  kill9(): Promise<void>;
  stop(): Promise<void>;
}

function createBerth(name: string, fallen: string[], begin: () => Promise<QuireProcess>): Berth {
  let wanted = false;
  const berth: Berth = {
    now: null,
    async start() {
      const quire = await begin();
      wanted = true;
      berth.now = quire;
      void quire.ended.then(({ code, signal, errors }) => {
        if (wanted && berth.now === quire) fallen.push(`${name} ended by itself (${code ?? signal}): ${errors.slice(-500)}`);
      });
    },
    async kill9() {
      wanted = false;
      const quire = berth.now;
      berth.now = null;
      await quire?.kill9();
    },
    async stop() {
      wanted = false;
      await berth.now?.stop();
    },
  };
  return berth;
}

const running = (berths: Berth[]): QuireProcess[] => berths.flatMap(({ now }) => (now ? [now] : []));

/** Two apis and two workers on a Redis with an append-only file. */
export async function startRedisFleet({ origin, random }: FleetOptions): Promise<Fleet> {
  const dir = await mkdtemp(join(tmpdir(), 'quire-faults-redis-'));
  const args = ['--appendonly', 'yes', '--appendfsync', 'everysec'];
  let server = await startRedis({ args, dir });
  const { port, url } = server;
  const fallen: string[] = [];
  const env = { ...SETTINGS, GOODREADS_ORIGIN: origin, REDIS_URL: url, QUEUE_PREFIX: 'faults' };
  const berths = (role: 'api' | 'worker'): Berth[] =>
    [1, 2].map((n) => createBerth(`${role} ${n}`, fallen, () => startQuire({ role, env })));
  const apis = berths('api');
  const workers = berths('worker');
  await Promise.all([...apis, ...workers].map((berth) => berth.start()));

  const killOneOf = (list: Berth[]) => async (): Promise<void> => {
    const berth = list[Math.floor(random() * list.length)];
    await berth?.kill9();
    await berth?.start();
  };
  return {
    name: 'redis',
    apis: () => running(apis),
    fallen: () => fallen,
    faults: [
      { name: 'kill -9 of an api', run: killOneOf(apis) },
      { name: 'kill -9 of a worker', run: killOneOf(workers) },
      {
        name: 'kill -9 of redis-server',
        async run() {
          await server.kill9();
          server = await startRedis({ args, dir, port });
        },
      },
      {
        name: 'restart of redis-server',
        async run() {
          await server.stop();
          server = await startRedis({ args, dir, port });
        },
      },
      {
        name: 'every connection to Redis cut',
        async run() {
          const redis = new Redis(url);
          await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
          await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub', 'SKIPME', 'yes');
          await redis.quit();
        },
      },
      {
        name: `redis-server held still for ${PAUSE_MS / 1000} s`,
        async run() {
          const untilMs = Date.now() + PAUSE_MS;
          process.kill(server.pid, 'SIGSTOP');
          await waitUntil('the pause to be over', () => Date.now() >= untilMs, { timeoutMs: 2 * PAUSE_MS });
          process.kill(server.pid, 'SIGCONT');
        },
      },
    ],
    async leave() {
      await Promise.all([...apis, ...workers].map((berth) => berth.stop()));
      return readRedis(url, env.QUEUE_PREFIX);
    },
    async stop() {
      await Promise.all([...apis, ...workers].map((berth) => berth.stop()));
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** One process with everything in it, on the embedded store. */
export async function startEmbeddedFleet({ origin }: FleetOptions): Promise<Fleet> {
  const dir = await mkdtemp(join(tmpdir(), 'quire-faults-embedded-'));
  const fallen: string[] = [];
  const env = { ...SETTINGS, GOODREADS_ORIGIN: origin, DATA_DIR: join(dir, 'data') };
  const berth = createBerth('quire', fallen, () => startQuire({ env }));
  await berth.start();
  return {
    name: 'embedded',
    apis: () => running([berth]),
    fallen: () => fallen,
    faults: [
      {
        name: 'kill -9 of the process',
        async run() {
          await berth.kill9();
          await berth.start();
        },
      },
    ],
    async leave() {
      await berth.stop();
      return readEmbedded(env.DATA_DIR, 'quire');
    },
    async stop() {
      await berth.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
