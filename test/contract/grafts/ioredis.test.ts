/** What ioredis does without our grafts, on real servers. A test that fails means that the library has mended a fault: its graft can go. */
import { Cluster, Redis } from 'ioredis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { sharedRedisUrl, startRedis } from '../../support/redis-server.ts';
import { waitUntil } from '../../support/wait-until.ts';

it('each command of a turn is a write of its own', async () => {
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  await redis.ping();
  const socket = redis.stream as unknown as { _write: (...args: unknown[]) => void; _writev: (...args: unknown[]) => void };
  const [alone, together] = [vi.spyOn(socket, '_write'), vi.spyOn(socket, '_writev')];
  await Promise.all(Array.from({ length: 10 }, () => redis.ping()));
  expect(alone.mock.calls.length + together.mock.calls.length, 'remove the graft ioredis-shared-writes').toBe(10);
});

it('a connection whose database is refused writes into database 0', async () => {
  const server = await startRedis({ args: ['--databases', '4'] });
  onTestFinished(() => server.stop());
  const [redis, admin] = [new Redis(server.port, { db: 9 }), new Redis(server.port)];
  onTestFinished(() => [redis, admin].forEach((one) => one.disconnect()));
  const refused = vi.fn<(error: Error) => void>();
  redis.on('error', refused);
  await waitUntil('the refusal', () => refused.mock.calls.some(([{ message }]) => message.includes('DB index')));
  await redis.set('where', 'here', 'EX', 60).catch(() => undefined);
  expect(await admin.get('where'), 'remove the graft ioredis-refused-database').toBe('here');
});

it('a command waits for a cluster that is away, whatever its time-out is', async () => {
  const commandTimeout = 20;
  const node = { host: '127.0.0.1', port: await freePort() };
  const cluster = new Cluster([node], { clusterRetryStrategy: () => commandTimeout, redisOptions: { commandTimeout } });
  onTestFinished(() => cluster.disconnect());
  cluster.on('error', () => undefined);
  const failed = vi.fn<() => void>();
  cluster.get('key').catch(failed);
  const attempted = vi.fn<() => void>();
  cluster.on('reconnecting', attempted);
  await waitUntil('attempts that take longer than the time-out', () => attempted.mock.calls.length > 10);
  expect(failed, 'remove the graft ioredis-cluster-waits').not.toHaveBeenCalled();
});
