/** A fleet on a Redis with an append-only file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../../support/redis-server.ts';
import { heldStill, type Fleet, type FleetOptions } from '../fleet.ts';
import { readRedis } from '../leftovers.ts';
import { startServedFleet } from './servers.ts';

/** Two apis and two workers on a Redis of their own. */
export async function startRedisFleet(options: FleetOptions): Promise<Fleet> {
  const dir = await mkdtemp(join(tmpdir(), 'quire-faults-redis-'));
  const args = ['--appendonly', 'yes', '--appendfsync', 'everysec'];
  let server = await startRedis({ args, dir });
  const { port, url } = server;
  return startServedFleet(
    {
      name: 'redis',
      store: 'Redis',
      port,
      env: (at) => ({ REDIS_URL: `redis://127.0.0.1:${at}` }),
      faults: [
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
        heldStill('redis-server', () => [server.pid], options.pauseMs),
      ],
      read: (prefix) => readRedis(url, prefix),
      async stop() {
        await server.stop();
        await rm(dir, { recursive: true, force: true });
      },
    },
    options,
  );
}
