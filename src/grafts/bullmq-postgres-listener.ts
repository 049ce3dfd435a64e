/**
 * Library: bullmq 6.7.0.
 * Reason: BullMQ listens for errors of its listening client only once the client is connected, and no more while it closes. An error that
 *   nobody listens for ends the process, and PostgreSQL may close a connection right after accepting it. The graft is a client whose
 *   errors always have a listener.
 * Expiry: test/contract/grafts/bullmq-postgres.test.ts, "the client that listens connects without a listener for its errors".
 */
import { Client } from 'pg';

/** A client that never throws an error that nobody listens for. */
export class HeardClient extends Client {
  constructor(...args: ConstructorParameters<typeof Client>) {
    super(...args);
    this.on('error', () => undefined);
  }

  override removeAllListeners(event?: string | symbol): this {
    super.removeAllListeners(event);
    if (event === undefined || event === 'error') this.on('error', () => undefined);
    return this;
  }
}
