/**
 * Library: bullmq 6.7.0.
 * Reason: BullMQ's connection to PostgreSQL does not outlive an outage, and gives a pool that is handed in no choice of a schema. The
 *   graft differs:
 *   - A pool that is handed in may have any schema.
 *   - Being ready costs nothing, since the store checks the schema when it starts. BullMQ keeps the failure of its own check for ever.
 *   - Every outage looks to BullMQ like the one kind that it waits out.
 *   - The client that listens is a {@link HeardClient}.
 * Expiry: test/contract/grafts/bullmq-postgres.test.ts, "a connection that was not ready once never is", "a pool that is handed in has
 *   BullMQ's schema" and "an outage rejects with the server's own error".
 */
import { PostgresConnection } from 'bullmq';
import type { Client } from 'pg';
import { HeardClient } from './bullmq-postgres-listener.ts';

export type ConnectionOptions = ConstructorParameters<typeof PostgresConnection>[0];
type Pool = PostgresConnection['pool'];

/** BullMQ waits and tries again after errors that look like this, and gives up after others. */
const asOutage = (error: unknown): Error => Object.assign(new Error((error as Error).message, { cause: error }), { code: 'ECONNREFUSED' });

/** BullMQ's connection, made to outlive an outage. `isOutage` tells which errors mean that the server is away. */
export class LastingConnection extends PostgresConnection {
  override readonly schema: string;
  #announced = false;

  constructor(connection: ConnectionOptions, schema: string, isOutage: (error: unknown) => boolean) {
    super(connection);
    this.schema = schema;
    const own = this as unknown as { pgModule: { Client: typeof Client } | undefined };
    if (own.pgModule) own.pgModule = { ...own.pgModule, Client: HeardClient };
    const pool = this.pool as { query: Pool['query'] };
    const query: Pool['query'] = pool.query.bind(this.pool);
    pool.query = async (text: string, params?: readonly unknown[]) => {
      try {
        return await query(text, params);
      } catch (error) {
        throw isOutage(error) ? asOutage(error) : error;
      }
    };
  }

  override async waitUntilReady(): Promise<void> {
    if (this.#announced) return;
    this.#announced = true;
    // Listeners that are attached right after construction still hear it.
    setTimeout(() => this.emit('ready'), 0);
  }
}
