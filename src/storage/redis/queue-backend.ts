/** BullMQ on Redis. */
import type { Redis } from 'ioredis';
import { correctDelays } from '../../grafts/bullmq-redis-times.ts';
import type { QueueBackend } from '../queue-backend.ts';
import type { RedisAddress } from '../../config/redis-url.ts';
import { asked, closeConnection, openConnection, type RedisClient } from './connection.ts';

/**
 * Begins to connect. A connection that BullMQ opens itself it gives up for good when the first attempt fails, and a queue would need a restart then;
 * one that is under way it waits for, and the driver tries as often as it takes.
 */
function connectNow<Client extends Pick<Redis, 'connect'>>(client: Client): Client {
  client.connect().catch(() => undefined);
  return client;
}

/** The backend, and `stop`, which ends the connections it opened. (BullMQ ends the ones that it makes of them.) */
export function createQueueBackend(
  address: RedisAddress,
  prefix: string,
  redis: RedisClient,
  onError: (error: Error) => void,
): QueueBackend & { stop(): Promise<void> } {
  const opened: RedisClient[] = [];
  return {
    options(use) {
      const connection = openConnection(address, use, onError);
      opened.push(connection);
      // A worker waits for jobs on a second connection, which BullMQ makes of the first.
      const duplicate = connection.duplicate.bind(connection);
      connection.duplicate = (...overrides) => connectNow(duplicate(...overrides));
      return { connection: connectNow(connection), prefix: `{${prefix}}` };
    },
    factory: undefined,
    // Another process may hold the lock of an active job: only BullMQ's stalled check can tell.
    recover: () => Promise.resolve(),
    async unfinished(queueName, runIds) {
      // A BullMQ job is a hash; `finishedOn` is set when it completed or failed.
      const facts = await asked(Promise.all(runIds.map((id) => redis.hmget(`{${prefix}}:${queueName}:${id}`, 'timestamp', 'finishedOn'))));
      return facts.map(([timestamp, finishedOn]) => Boolean(timestamp) && !finishedOn);
    },
    async correctTimes(queueName) {
      // Locks and the look for stalled jobs are timed by Redis itself.
      await asked(correctDelays(redis, `{${prefix}}:`, queueName));
    },
    async stop() {
      await Promise.all(opened.map(closeConnection));
    },
  };
}
