/** BullMQ on PostgreSQL or PGlite: its tables in a schema of their own, its connection made so that it outlives an outage. */
import { PostgresConnection, PostgresQueueBackend, type BackendFactory } from 'bullmq';
import { Client } from 'pg';
import { CLOCK_TOLERANCE_MS } from '../../domain/time/clock.ts';
import { inSchema, statement, type SqlClient } from './sql-client.ts';

type ConnectionOptions = ConstructorParameters<typeof PostgresConnection>[0];
type Pool = PostgresConnection['pool'];

/** BullMQ waits and tries again after errors that look like this, and gives up after others. */
const asOutage = (error: unknown): Error => Object.assign(new Error((error as Error).message, { cause: error }), { code: 'ECONNREFUSED' });

/**
 * BullMQ listens for the errors of its listening client only once it is connected, and no more while it closes. A server that ends a connection in
 * the breath in which it lets it in would end the process: an error that nobody listens for is thrown.
 */
class HeardClient extends Client {
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

/**
 * BullMQ's connection with four differences: a pool that is handed in may have any schema; the schema was checked when the
 * store started, so being ready costs nothing and a server that is away just then does no lasting harm; every loss of the
 * connection looks to BullMQ like the one kind that it waits out; and no error of the client that listens goes unheard.
 */
class LastingConnection extends PostgresConnection {
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

type Keep = Parameters<PostgresQueueBackend['moveToCompleted']>[2] | undefined;

/**
 * BullMQ's backend with one difference: a cap on finished jobs is applied once for every tenth of it (at most every 100 jobs). BullMQ's SQL looks
 * through all kept jobs each time it does, which with 1,000 of them takes three times as long as finishing the job itself. So a tenth more may be kept.
 */
class TrimmingBackend extends PostgresQueueBackend {
  readonly #keep: { completed: Keep; failed: Keep };
  readonly #since = { completed: 0, failed: 0 };

  constructor(keep: { completed: Keep; failed: Keep }, ...args: ConstructorParameters<typeof PostgresQueueBackend>) {
    super(...args);
    this.#keep = keep;
  }

  override moveToCompleted: PostgresQueueBackend['moveToCompleted'] = (job, returnValue, keep, token, fetchNext) =>
    super.moveToCompleted(job, returnValue, this.#due('completed', keep), token, fetchNext);

  override moveToFailed: PostgresQueueBackend['moveToFailed'] = (job, reason, keep, token, fetchNext, fields) =>
    super.moveToFailed(job, reason, this.#due('failed', keep), token, fetchNext, fields);

  #due(state: 'completed' | 'failed', given: Keep): NonNullable<Keep> {
    const keep = given ?? this.#keep[state] ?? false;
    if (typeof keep === 'boolean') return keep;
    const count = typeof keep === 'number' ? keep : (keep.count ?? 1_000);
    this.#since[state] += 1;
    if (this.#since[state] < Math.min(100, count / 10)) return false;
    this.#since[state] = 0;
    return keep;
  }
}

/** The last argument of BullMQ's constructors. `isOutage` tells which errors mean that the server is away. */
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

/**
 * Interrupted jobs go first and keep their attempts. It counts as a stall, as it does where BullMQ's own check finds them: a job that
 * ends its process again and again must not go round for ever. The text of the failure is BullMQ's.
 * In this text `@.` is BullMQ's schema.
 */
const RECOVER = `
  WITH back AS (
    UPDATE @.job SET state = 'waiting', seq = -nextval('@.job_seq'), lock_token = NULL, locked_until_ms = NULL, stalled_marked = false,
      stalled_count = stalled_count + 1,
      deferred_failure = CASE WHEN stalled_count + 1 > $2::integer THEN 'job stalled more than allowable limit' ELSE deferred_failure END
    WHERE queue = $1 AND state = 'active' RETURNING id
  ), told AS (SELECT @.publish_event($1, 'waiting', jsonb_build_object('jobId', id, 'prev', 'active')) FROM back)
  SELECT count(told.*)::integer AS n, pg_notify('bullmq_jobs', $1) FROM told`;

const UNFINISHED = `
  SELECT EXISTS (SELECT 1 FROM @.job j WHERE j.queue = $1 AND j.id = u.id AND j.state NOT IN ('completed', 'failed')) AS live
  FROM unnest($2::text[]) WITH ORDINALITY AS u (id, place) ORDER BY place`;

/**
 * BullMQ looks for stalled jobs only some seconds after the last look, whose time is that of the worker that looked: one from the future would stop it.
 * Parameters: the queue, and how long its locks last. In this text `@.` is BullMQ's schema.
 */
const CORRECT_TIMES = `
  WITH clock AS MATERIALIZED (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now),
  looks AS (
    DELETE FROM @.meta USING clock WHERE queue = $1 AND field = 'stalled-check' AND value::bigint > clock.now + ${CLOCK_TOLERANCE_MS}
  ), locks AS (
    UPDATE @.job SET locked_until_ms = clock.now + $2::bigint FROM clock
    WHERE queue = $1 AND state = 'active' AND locked_until_ms > clock.now + $2::bigint + ${CLOCK_TOLERANCE_MS}
  )
  UPDATE @.job SET process_at_ms = clock.now + delay_ms FROM clock
  WHERE queue = $1 AND state = 'delayed' AND process_at_ms > clock.now + delay_ms + ${CLOCK_TOLERANCE_MS}`;

/** The questions that need BullMQ's tables; `schema` is theirs. */
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
    async unfinished(queueName: string, runIds: string[]): Promise<boolean[]> {
      return (await sql.query<{ live: boolean }>(unfinished, [queueName, runIds])).map((row) => row.live);
    },
  };
}
