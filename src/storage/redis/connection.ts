/** Connections to Redis, each made for one use, and what their errors mean to the rest of Quire. */
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { reconnectMs } from '../../domain/backoff.ts';
import { withDeadline } from '../../domain/deadline.ts';
import { QuireError } from '../../errors.ts';
import { waitOutRefusals } from '../../grafts/bullmq-redis-refusals.ts';
import { boundWaits } from '../../grafts/ioredis-cluster-waits.ts';
import { insistOnDatabase } from '../../grafts/ioredis-refused-database.ts';
import { shareWrites } from '../../grafts/ioredis-shared-writes.ts';
import type { RedisAddress } from '../../config/redis-url.ts';
import { scriptsOf, type ScriptName } from './scripts.ts';

/** A command that has no answer after this long is given up: the API's promise is 503 within 2 s. */
export const COMMAND_TIMEOUT_MS = 1800;

/**
 * A connection that owes an answer for this long is closed and opened again. A firewall that forgot about a connection tells nobody, and
 * each command would run into its time-out.
 */
const SILENCE_MS = 5_000;
/** BullMQ's blocking reads wait up to 10 s for a job, so their silence means nothing before. */
const WORKER_SILENCE_MS = 15_000;

/** Our scripts as methods; the `Buffer` form returns bulk replies as bytes. The first argument is the hash-tagged prefix. */
type ScriptMethods = Record<ScriptName, (prefix: string, ...args: (string | number | Buffer)[]) => Promise<unknown>>;
export type RedisClient = Redis & ScriptMethods;

export type ConnectionUse = 'records' | 'subscriber' | 'producer' | 'worker';

const reconnectDelayMs = (times: number): number => reconnectMs(times, Math.random);

/** Requests must not pile up behind a store that is away: each waits at most its command time-out. */
const REQUESTS = {
  commandTimeout: COMMAND_TIMEOUT_MS,
  maxRetriesPerRequest: null,
  autoResendUnfulfilledCommands: false,
  socketTimeout: SILENCE_MS,
};

const OPTIONS: Record<ConnectionUse, Omit<RedisOptions, 'replyMapping'>> = {
  records: REQUESTS,
  subscriber: { maxRetriesPerRequest: null, autoResubscribe: true, socketTimeout: SILENCE_MS },
  producer: REQUESTS,
  // BullMQ's blocking reads wait as long as it takes; the worker goes on by itself when Redis is back.
  worker: { maxRetriesPerRequest: null, socketTimeout: WORKER_SILENCE_MS },
};

/**
 * What a server says that is there, but does not work now: starting, full, a replica, its disk failing, out of its cluster, or no longer
 * open to us. A cluster in the middle of a failover sends the client round in circles.
 */
const REFUSALS =
  /^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|OOM|NOAUTH|NOPERM|WRONGPASS|MISCONF|NOREPLICAS|TRYAGAIN|BUSY|MOVED|ASK)\b|too many cluster redirections|failed to refresh slots cache|none of startup nodes|cluster is(n't ready| disconnect)|node is disconnected/i;

/** Opens a connection lazily. `onError` is told of every connection error, so that none ends the process. */
export function openConnection(address: RedisAddress, use: ConnectionUse, onError: (error: Error) => void): RedisClient {
  const { kind, nodes, tls, username, password, database, master } = address;
  const common: Omit<RedisOptions, 'replyMapping'> = {
    connectTimeout: COMMAND_TIMEOUT_MS,
    keepAlive: 10_000,
    connectionName: `quire-${use}`,
    // A master that became a replica keeps its connections: the address may lead to the new one by now.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(tls ? { tls: {} } : {}),
    ...OPTIONS[use],
  };
  const client = (
    kind === 'cluster'
      ? new Cluster(nodes, {
          lazyConnect: true,
          clusterRetryStrategy: reconnectDelayMs,
          slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
          redisOptions: common,
        })
      : new Redis({
          ...common,
          lazyConnect: true,
          db: database,
          retryStrategy: reconnectDelayMs,
          ...(kind === 'sentinel' ? { sentinels: nodes, name: master ?? '', sentinelRetryStrategy: reconnectDelayMs } : nodes[0]),
        })
  ) as RedisClient;
  client.on('error', onError);
  if (database > 0) insistOnDatabase(client);
  if (kind === 'cluster' && (use === 'records' || use === 'producer')) boundWaits(client, COMMAND_TIMEOUT_MS);
  if (use === 'worker') waitOutRefusals(client, REFUSALS, onError);
  // A subscriber sends next to nothing.
  if (kind === 'cluster') (client as unknown as Cluster).on('+node', shareWrites);
  else if (use !== 'subscriber') shareWrites(client);
  if (use === 'records') {
    for (const [name, lua] of scriptsOf(database)) client.defineCommand(name, { numberOfKeys: 1, lua });
  }
  return client;
}

const ABSENT = new RegExp(
  `command timed out|connection is closed|max retries|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|isn't writeable|${REFUSALS.source}`,
  'i',
);

/** Turns an error of the driver into `store-unavailable` where the store is to blame; returns all others as they are. */
function storeError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof QuireError) return error;
  return ABSENT.test(error.message)
    ? new QuireError('store-unavailable', `Redis does not answer: ${error.message}`, { cause: error, retryAfterSeconds: 2 })
    : error;
}

/** Awaits `work`; what goes wrong is thrown as `store-unavailable` where the store is to blame, as it is otherwise. */
export async function asked<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw storeError(error);
  }
}

/** A server that is gone never answers the goodbye. */
const GOODBYE_MS = 500;

/** Ends a connection in good order where it is up, at once where it is not. */
export async function closeConnection(client: RedisClient): Promise<void> {
  if (client.status !== 'ready') return client.disconnect();
  await withDeadline(client.quit(), GOODBYE_MS, () => new Error('no goodbye')).catch(() => undefined);
  client.disconnect();
}
