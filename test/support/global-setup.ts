import { startPostgres } from './postgres-server.ts';
import { startRedis } from './redis-server.ts';
import { startRedisCluster } from './redis-topologies.ts';
import { makeDatabaseTemplate } from './templates.ts';

type Stop = () => Promise<void>;

/** Vitest loads this file once for each project; the servers are the same for all, so they are kept on the process. */
const onProcess = globalThis as typeof globalThis & { quireTestServers?: { users: number; started: Promise<Stop> } };

/** Starts what the environment does not name, and names it there: the processes that run the tests inherit it. */
async function start(): Promise<Stop> {
  const started = await Promise.all([
    process.env['TEST_REDIS_URL'] ? undefined : startRedis(),
    process.env['TEST_DATABASE_URL'] ? undefined : startPostgres(),
    process.env['TEST_REDIS_CLUSTER_URL'] ? undefined : startRedisCluster(),
  ]);
  const [redis, postgres, cluster] = started;
  if (redis !== undefined) process.env['TEST_REDIS_URL'] = redis.url;
  if (postgres !== undefined) process.env['TEST_DATABASE_URL'] = postgres.url;
  if (cluster !== undefined) process.env['TEST_REDIS_CLUSTER_URL'] = cluster.url;
  const template = await makeDatabaseTemplate(process.env['TEST_DATABASE_URL'] ?? '');
  process.env['TEST_DATABASE_TEMPLATE'] = template.name;
  return async () => {
    delete process.env['TEST_DATABASE_TEMPLATE'];
    await template.drop();
    if (redis !== undefined) delete process.env['TEST_REDIS_URL'];
    if (postgres !== undefined) delete process.env['TEST_DATABASE_URL'];
    if (cluster !== undefined) delete process.env['TEST_REDIS_CLUSTER_URL'];
    await Promise.all(started.map(async (server) => server?.stop()));
  };
}

/** Starts the Redis, the Redis Cluster and the PostgreSQL that all tests share, unless the environment names them, and stops them after the last project. */
export default async function setup(): Promise<Stop> {
  const run = (onProcess.quireTestServers ??= { users: 0, started: start() });
  run.users += 1;
  const stop = await run.started;
  return async () => {
    run.users -= 1;
    if (run.users > 0) return;
    delete onProcess.quireTestServers;
    await stop();
  };
}
