/**
 * Library: bullmq 6.7.0.
 * Reason: BullMQ waits (`runRetryDelay`) after an error that looks like a lost connection. After any other error it asks again at once,
 *   thousands of times a second for as long as the server refuses. It also gives up the end of a job, which runs again when its lock has
 *   ended. The graft makes refusals look like a lost connection.
 * Expiry: test/contract/grafts/bullmq-redis.test.ts, "a worker asks a server that refuses without a pause, and gives up the end of a job".
 */
import type { Redis } from 'ioredis';

/** How often a connection reports refusals at most, in milliseconds. BullMQ asks once a second for each job that it works on. */
const TOLD_EVERY_MS = 1_000;

/** Makes what `refusals` matches look like a lost connection. BullMQ is silent about lost connections, so `onError` is told. */
export function waitOutRefusals(client: Redis, refusals: RegExp, onError: (error: Error) => void): void {
  const send = client.sendCommand.bind(client);
  let toldAtMs = -Infinity;
  client.sendCommand = (command, ...rest) => {
    // Attached before BullMQ's own handler, so that BullMQ sees the code.
    command.promise.catch((error: Error & { code?: string }) => {
      if (!refusals.test(error.message)) return;
      error.code = 'ECONNREFUSED';
      if (performance.now() - toldAtMs < TOLD_EVERY_MS) return;
      toldAtMs = performance.now();
      onError(error);
    });
    return send(command, ...rest);
  };
}
