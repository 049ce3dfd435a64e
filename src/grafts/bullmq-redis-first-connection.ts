/**
 * Library: bullmq 6.7.0.
 * Reason: BullMQ opens a connection that is not open yet, and gives it up when the first attempt fails: the queue then needs a restart. It
 *   waits for a connection that is under way, and the driver tries as often as it takes. So the graft begins to connect before BullMQ
 *   does.
 * Expiry: test/contract/grafts/bullmq-redis.test.ts, "a queue gives up when its first attempt to connect fails".
 */
import type { Redis } from 'ioredis';

function connectNow<Client extends Pick<Redis, 'connect'>>(client: Client): Client {
  // What goes wrong comes as an event.
  client.connect().catch(() => undefined);
  return client;
}

/** Begins to connect a connection for BullMQ, and each one that BullMQ makes of it: a worker waits for jobs on a second connection. */
export function connectForBullmq(connection: Redis): Redis {
  const duplicate = connection.duplicate.bind(connection);
  connection.duplicate = (...overrides) => connectNow(duplicate(...overrides));
  return connectNow(connection);
}
