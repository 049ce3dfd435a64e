/**
 * Library: ioredis 6.0.0.
 * Reason: while no node of a cluster can be reached, the cluster client keeps commands whatever their time-out is. The graft gives each
 *   command its deadline when it is sent.
 * Expiry: test/contract/grafts/ioredis.test.ts, "a command waits for a cluster that is away, whatever its time-out is".
 */
import type { Redis } from 'ioredis';

/** Bounds every command but those that are meant to wait. */
export function boundWaits(client: Redis, timeoutMs: number): void {
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, ...rest) => {
    if (!/^(b|subscribe|quit)/i.test(command.name)) command.setTimeout(timeoutMs);
    return send(command, ...rest);
  };
}
