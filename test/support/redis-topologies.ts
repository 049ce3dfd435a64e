/** Redis as production has it: a cluster of three nodes, a master watched by a Sentinel, a server with password and TLS. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { makeCertificate } from './certificate.ts';
import { makeServerDir, startChildServer } from './child-server.ts';
import { freePort } from './free-port.ts';
import { startRedis, type RedisServer } from './redis-server.ts';
import { findRedisServer } from './server-binaries.ts';
import { waitUntil } from './wait-until.ts';

const SLOTS = 16_384;

async function ask<T>(port: number, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
  // The command that fails tells it too.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

export interface RedisCluster {
  /** `redis-cluster://…` of all nodes. */
  url: string;
  nodes: RedisServer[];
  stop(): Promise<void>;
}

/** Nodes that a busy machine keeps from answering each other for some seconds are not to count as failed. */
const NODE_TIMEOUT_MS = '20000';

/** Starts three masters that share the slots, and waits until each of them says that the cluster is whole. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all(
    [0, 1, 2].map(async () =>
      startRedis({
        args: ['--cluster-enabled', 'yes', '--cluster-node-timeout', NODE_TIMEOUT_MS, '--cluster-port', String(await freePort())],
      }),
    ),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    const share = Math.ceil(SLOTS / nodes.length);
    for (const [at, node] of nodes.entries()) {
      await ask(node.port, (redis) => redis.call('CLUSTER', 'ADDSLOTSRANGE', at * share, Math.min((at + 1) * share, SLOTS) - 1));
    }
    const first = nodes[0];
    if (!first) throw new Error('no node');
    const busPort = await ask(first.port, async (redis) => /@(\d+)/.exec(String(await redis.call('CLUSTER', 'NODES')))?.[1] ?? '');
    for (const node of nodes.slice(1)) await ask(node.port, (redis) => redis.call('CLUSTER', 'MEET', '127.0.0.1', first.port, busPort));
    for (const node of nodes) {
      await waitUntil(
        'the cluster to be whole',
        () =>
          ask(node.port, async (redis) => /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(String(await redis.call('CLUSTER', 'INFO')))),
        { timeoutMs: 20_000, everyMs: 50 },
      );
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `redis-cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`, nodes, stop };
}

/** A master and a Sentinel that watches it. */
export async function startRedisSentinel(): Promise<{ url: string; master: RedisServer; stop(): Promise<void> }> {
  const master = await startRedis();
  const port = await freePort();
  const dir = await makeServerDir('sentinel');
  await writeFile(
    join(dir, 'sentinel.conf'),
    `port ${port}\nbind 127.0.0.1\ndir ${dir}\nsentinel monitor books 127.0.0.1 ${master.port} 1\n`,
  );
  const sentinel = await startChildServer({
    command: findRedisServer() ?? 'redis-server',
    args: [join(dir, 'sentinel.conf'), '--sentinel'],
    dir,
    removeDir: true,
    stopSignal: 'SIGTERM',
    isReady: () =>
      ask(port, async (redis) => Array.isArray(await redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'books'))).catch(() => false),
  });
  return {
    url: `redis-sentinel://127.0.0.1:${port}#books`,
    master,
    async stop() {
      await sentinel.stop();
      await master.stop();
    },
  };
}

/** A server that wants a password and speaks TLS alone, with a certificate of its own making. */
export async function startRedisTls(): Promise<{ url: string; ca: string; stop(): Promise<void> }> {
  const dir = await makeServerDir('redis-tls');
  const { key, certificate } = await makeCertificate(dir, '127.0.0.1', 'IP:127.0.0.1');
  const port = await freePort();
  const password = 'pa:ss/word';
  const server = await startChildServer({
    command: findRedisServer() ?? 'redis-server',
    args: [
      '--bind',
      '127.0.0.1',
      '--port',
      '0',
      '--tls-port',
      String(port),
      '--tls-cert-file',
      certificate,
      '--tls-key-file',
      key,
      '--tls-ca-cert-file',
      certificate,
      '--tls-auth-clients',
      'no',
      '--requirepass',
      password,
      '--save',
      '',
      '--dir',
      dir,
    ],
    dir,
    removeDir: true,
    stopSignal: 'SIGTERM',
    isReady: async () => {
      const redis = new Redis({
        port,
        host: '127.0.0.1',
        password,
        tls: { rejectUnauthorized: false },
        lazyConnect: true,
        retryStrategy: () => null,
      });
      redis.on('error', () => undefined);
      try {
        await redis.connect();
        return (await redis.ping()) === 'PONG';
      } finally {
        redis.disconnect();
      }
    },
  });
  return { url: `rediss://:${encodeURIComponent(password)}@127.0.0.1:${port}`, ca: certificate, stop: server.stop };
}
