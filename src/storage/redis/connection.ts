/** Connections to Redis, each made for one use, and what their errors mean to the rest of Quire. */
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { QuireError } from '../../errors.ts';
import type { RedisAddress } from '../../config/redis-url.ts';
import { scriptsOf, type ScriptName } from './scripts.ts';

/** A command that has no answer after this long is given up: the API's promise is 503 within 2 s. */
export const COMMAND_TIMEOUT_MS = 1800;

/**
 * A connection on which an answer is due for this long is closed and opened anew: a firewall that forgot about it tells nobody, and each
 * command would run into its time-out for ever.
 */
const SILENCE_MS = 5_000;
/** BullMQ's blocking reads wait up to 10 s for a job, so their silence means nothing before. */
const WORKER_SILENCE_MS = 15_000;

/** Our scripts as methods; the `Buffer` form returns bulk replies as bytes. The first argument is the hash-tagged prefix. */
type ScriptMethods = Record<ScriptName, (prefix: string, ...args: (string | number | Buffer)[]) => Promise<unknown>>;
export type RedisClient = Redis & ScriptMethods;

export type ConnectionUse = 'records' | 'subscriber' | 'producer' | 'worker';

const reconnectDelayMs = (times: number): number => Math.min(50 * 2 ** Math.min(times, 6), 1000);

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
 * What a server says that is there, but does not work just now: starting, full, a replica, its disk failing, out of its cluster, or no longer ours to
 * use. A cluster in the middle of a failover sends the client round in circles.
 */
const REFUSALS =
  /^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|OOM|NOAUTH|NOPERM|WRONGPASS|MISCONF|NOREPLICAS|TRYAGAIN|BUSY|MOVED|ASK)\b|too many cluster redirections|failed to refresh slots cache|none of startup nodes|cluster is(n't ready| disconnect)|node is disconnected/i;

/** How often a worker's connection tells of refusals at most, in milliseconds: BullMQ asks once a second for each job it has in hand. */
const TOLD_EVERY_MS = 1_000;

/**
 * BullMQ waits (`runRetryDelay`) after errors that look like a lost connection. After any other it asks again at once, thousands of times a second for as
 * long as a server refuses, and gives up a job's end. So refusals are made to look like a lost connection; since BullMQ is silent about those, `onError` is told.
 */
function waitOutRefusals(client: RedisClient, onError: (error: Error) => void): void {
  const send = client.sendCommand.bind(client);
  let toldAtMs = -Infinity;
  client.sendCommand = (command, ...rest) => {
    // Attached before BullMQ's own, so that it sees the code.
    command.promise.catch((error: Error & { code?: string }) => {
      if (!REFUSALS.test(error.message)) return;
      error.code = 'ECONNREFUSED';
      if (performance.now() - toldAtMs < TOLD_EVERY_MS) return;
      toldAtMs = performance.now();
      onError(error);
    });
    return send(command, ...rest);
  };
}

/** A cluster client keeps commands for as long as no node can be reached, whatever their time-out: each gets its deadline when it is sent. */
function boundWaits(client: RedisClient): void {
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, ...rest) => {
    if (!/^(b|subscribe|quit)/i.test(command.name)) command.setTimeout(COMMAND_TIMEOUT_MS);
    return send(command, ...rest);
  };
}

/**
 * Has the commands of one turn of the event loop share a write to the socket, which costs more than most commands do: pages that arrive together are
 * settled together. Nothing waits for longer than the turn takes.
 */
function shareWrites(client: Redis): void {
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, ...rest) => {
    const { stream } = client;
    // A pipeline hands over a stream of its own, and writes all its commands at once anyway.
    if (rest[0] === undefined && client.status === 'ready' && stream.writableCorked === 0) {
      stream.cork();
      setImmediate(() => stream.uncork());
    }
    return send(command, ...rest);
  };
}

/** Writes what a turn has gathered so far, for a caller that has gathered enough by itself. On a cluster it goes when the turn ends. */
export function writeNow(client: RedisClient): void {
  (client.stream as typeof client.stream | undefined)?.uncork();
}

/**
 * The driver goes on in database 0 when a server refuses ours at a reconnect, and would write there. Such a connection is closed and opened again, until
 * the server has the database; what is asked meanwhile runs into its time-out. Holds for the connections made of this one, too.
 */
function insistOnDatabase(client: RedisClient): void {
  const select: (database: number | string) => Promise<'OK'> = client.select.bind(client);
  client.select = (database: number | string): Promise<'OK'> => {
    const answer = select(database);
    // Attached before the driver's own, so that the connection is closed before it counts as ready.
    answer.catch(() => client.disconnect(true));
    return answer;
  };
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (...overrides) => {
    const copy = duplicate(...overrides);
    insistOnDatabase(copy as RedisClient);
    return copy;
  };
}

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
  if (kind === 'cluster' && (use === 'records' || use === 'producer')) boundWaits(client);
  if (use === 'worker') waitOutRefusals(client, onError);
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

/** Ends a connection in good order where it is up, at once where it is not. */
export async function closeConnection(client: RedisClient): Promise<void> {
  if (client.status !== 'ready') return client.disconnect();
  await Promise.race([client.quit(), new Promise((done) => setTimeout(done, 500).unref())]).catch(() => undefined);
  client.disconnect();
}
