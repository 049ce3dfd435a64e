/** BullMQ on PostgreSQL or PGlite: its tables in a schema of their own, its connection made so that it outlives an outage. */
import type { BackendFactory, PostgresQueueBackend } from 'bullmq';
import { LastingConnection, type ConnectionOptions } from '../../grafts/bullmq-postgres-connection.ts';
import { RECOVER } from '../../grafts/bullmq-postgres-recovery.ts';
import { CORRECT_TIMES } from '../../grafts/bullmq-postgres-times.ts';
import { TrimmingBackend, type Keep } from '../../grafts/bullmq-postgres-trimming.ts';
import { UNFINISHED } from '../../grafts/bullmq-postgres-unfinished.ts';
import { inSchema, statement, type SqlClient } from './sql-client.ts';

/** The last argument of BullMQ's constructors. `isOutage` decides which errors mean that the server is away. */
export function createBackendFactory(schema: string, isOutage: (error: unknown) => boolean): BackendFactory {
  const factory: BackendFactory<PostgresQueueBackend, ConnectionOptions> = (name, opts, kind = {}) => {
    const connection = new LastingConnection(opts.connection, schema, isOutage);
    // The name under which BullMQ's `getWorkers` and `getQueueEvents` look for the connection.
    const { name: workerName, removeOnComplete, removeOnFail } = opts as { name?: string; removeOnComplete?: Keep; removeOnFail?: Keep };
    const listener = kind.withBlockingConnection
      ? `${name}${workerName ? `:w:${workerName}` : ''}`
      : kind.blocking
        ? `${name}:qe`
        : undefined;
    return new TrimmingBackend({ completed: removeOnComplete, failed: removeOnFail }, connection, name, opts, true, listener);
  };
  return factory as unknown as BackendFactory;
}

/** Runs the grafts' statements on BullMQ's tables; `schema` is theirs. */
export function createQueueQueries(sql: SqlClient, schema: string) {
  const recover = statement('queue.recover', inSchema(schema, RECOVER));
  const unfinished = statement('queue.unfinished', inSchema(schema, UNFINISHED));
  const correctTimes = statement('queue.correctTimes', inSchema(schema, CORRECT_TIMES));
  return {
    async correctTimes(queueName: string, lockMs: number): Promise<void> {
      await sql.query(correctTimes, [queueName, lockMs]);
    },
    async recover(queueName: string, maxStalled: number): Promise<void> {
      await sql.query(recover, [queueName, maxStalled]);
    },
    async has(queueName: string, runIds: string[]): Promise<boolean[]> {
      return (await sql.query<{ live: boolean }>(unfinished, [queueName, runIds])).map((row) => row.live);
    },
  };
}
