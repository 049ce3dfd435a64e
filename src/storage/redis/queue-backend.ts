/** BullMQ on Redis. */
import { connectForBullmq } from '../../grafts/bullmq-redis-first-connection.ts';
import { correctDelays } from '../../grafts/bullmq-redis-times.ts';
import { areUnfinished } from '../../grafts/bullmq-redis-unfinished.ts';
import type { QueueBackend } from '../queue-backend.ts';
import type { RedisAddress } from '../../config/redis-url.ts';
import { asked, closeConnection, openConnection, type RedisClient } from './connection.ts';

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
      return { connection: connectForBullmq(connection), prefix: `{${prefix}}` };
    },
    factory: undefined,
    // Another process may hold the lock of an active job: only BullMQ's stalled check can tell.
    recover: () => Promise.resolve(),
    has: (queueName, runIds) => asked(areUnfinished(redis, `{${prefix}}:`, queueName, runIds)),
    async correctTimes(queueName) {
      // Locks and the look for stalled jobs are timed by Redis itself.
      await asked(correctDelays(redis, `{${prefix}}:`, queueName));
    },
    async stop() {
      await Promise.all(opened.map(closeConnection));
    },
  };
}
