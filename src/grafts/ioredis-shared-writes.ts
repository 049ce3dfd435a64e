/**
 * Library: ioredis 6.0.0.
 * Reason: ioredis writes each command to the socket by itself, which costs more than most commands do. The graft makes the commands of one
 *   turn of the event loop share a write. No command waits longer than the turn takes.
 * Expiry: test/contract/grafts/ioredis.test.ts, "each command of a turn is a write of its own".
 */
import type { Redis } from 'ioredis';

/** Makes the commands of one turn share a write. For a connection to one server: on a cluster, for each node. */
export function shareWrites(client: Redis): void {
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

/** Writes what the turn has gathered so far. On a cluster the write happens when the turn ends. */
export function writeNow(client: Redis): void {
  (client.stream as typeof client.stream | undefined)?.uncork();
}
