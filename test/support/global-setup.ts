import { startPostgres } from './postgres-server.ts';
import { startRedis } from './redis-server.ts';
import { startRedisCluster } from './redis-topologies.ts';
import { makeDatabaseTemplate, prepareEmbedded } from './templates.ts';

/** Databases of the Redis. */
const DATABASES = '512';

type Stop = () => Promise<void>;

/** Vitest loads this file once for each project; the servers are the same for all, so they are kept on the process. */
const onProcess = globalThis as typeof globalThis & { quireTestServers?: { users: number; started: Promise<Stop> } };

/** Starts what the environment does not name, and names it there: the processes that run the tests inherit it. */
async function start(): Promise<Stop> {
  const started = await Promise.all([
    process.env['TEST_REDIS_URL'] ? undefined : startRedis({ args: ['--databases', DATABASES] }),
    process.env['TEST_DATABASE_URL'] ? undefined : startPostgres(),
    process.env['TEST_REDIS_CLUSTER_URL'] ? undefined : startRedisCluster(),
    prepareEmbedded(),
  ]);
  const [redis, postgres, cluster] = started;
  if (redis !== undefined) Object.assign(process.env, { TEST_REDIS_URL: redis.url, TEST_REDIS_DATABASES: DATABASES });
  if (postgres !== undefined) process.env['TEST_DATABASE_URL'] = postgres.url;
  if (cluster !== undefined) process.env['TEST_REDIS_CLUSTER_URL'] = cluster.url;
  const template = await makeDatabaseTemplate(process.env['TEST_DATABASE_URL'] ?? '');
  process.env['TEST_DATABASE_TEMPLATE'] = template.name;
  return async () => {
    delete process.env['TEST_DATABASE_TEMPLATE'];
    await template.drop();
    if (redis !== undefined) for (const name of ['TEST_REDIS_URL', 'TEST_REDIS_DATABASES']) delete process.env[name];
    if (postgres !== undefined) delete process.env['TEST_DATABASE_URL'];
    if (cluster !== undefined) delete process.env['TEST_REDIS_CLUSTER_URL'];
    await Promise.all([redis, postgres, cluster].map(async (server) => server?.stop()));
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
