import { createConnection } from 'node:net';
import { makeServerDir, startChildServer, type ChildServer } from './child-server.ts';
import { onFreePort } from './free-port.ts';
import { findRedisServer } from './server-binaries.ts';

/** A private Redis, started for one test or one run of the tests. */
export interface RedisServer extends ChildServer {
  url: string;
  port: number;
  dir: string;
}

/**
 * Starts a private redis-server on loopback, without persistence unless `args` asks for it, for example
 * `['--appendonly', 'yes']`. To restart a killed one on its data, pass the `dir` and `port` of the first.
 */
export async function startRedis({ args = [], dir, port }: { args?: string[]; dir?: string; port?: number } = {}): Promise<RedisServer> {
  const command = findRedisServer();
  if (command === undefined) throw new Error('redis-server is not installed: `npm test` installs it, or set TEST_REDIS_URL');
  const start = async (at: number): Promise<RedisServer> => {
    const home = dir ?? (await makeServerDir('redis'));
    const server = await startChildServer({
      command,
      args: ['--bind', '127.0.0.1', '--port', String(at), '--dir', home, '--save', '', '--maxmemory-policy', 'noeviction', ...args],
      dir: home,
      removeDir: dir === undefined,
      stopSignal: 'SIGTERM',
      isReady: async (pid) => answersAs(pid, at),
    });
    return { ...server, port: at, dir: home, url: `redis://127.0.0.1:${at}` };
  };
  return port === undefined ? onFreePort(start) : start(port);
}

/**
 * Returns the URL of the one Redis that all tests of this run share. A test keeps to a key prefix of its own and never flushes. Each file has
 * a database of its own where this run has started the server (see own-database.ts).
 */
export function sharedRedisUrl(): string {
  const url = process.env['TEST_REDIS_URL'];
  if (!url) throw new Error('no shared Redis: run the tests through vitest, whose global setup starts one');
  const database = process.env['TEST_REDIS_DATABASE'];
  return database ? `${url}/${database}` : url;
}

/** Returns the URL of the one cluster that all tests of this run share. Each prefix is a hash tag of its own, so the tests spread over its nodes. */
export function sharedClusterUrl(): string {
  const url = process.env['TEST_REDIS_CLUSTER_URL'];
  if (!url) throw new Error('no shared Redis Cluster: run the tests through vitest, whose global setup starts one');
  return url;
}

/** Asks the server on a port who it is, without a client library. Another server there, which took the port first, is not ours. */
async function answersAs(pid: number, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    let answer = '';
    socket.setTimeout(1_000, () => finish(false));
    socket.once('error', () => finish(false));
    // A server that is still loading its append-only file answers PING with an error, which is not yet "ready".
    socket.once('connect', () => socket.write('PING\r\nINFO server\r\n'));
    socket.on('data', (data) => {
      answer += data.toString();
      if (!answer.startsWith('+PONG')) finish(false);
      else if (answer.includes('executable:')) finish(answer.includes(`process_id:${pid}\r\n`));
    });
  });
}
