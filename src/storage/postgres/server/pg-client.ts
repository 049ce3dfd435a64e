/** The store's SQL on a PostgreSQL server: a pool for the statements, one connection of its own for notifications. */
import { Pool } from 'pg';
import { CALL_DEADLINE_MS, inTime, isConflict } from './outage.ts';
import { connectionOptions, createConnections, type PgClientOptions, type PgConnections } from './pg-connections.ts';
import { keepListening } from './pg-listener.ts';
import { inSchema, type SqlClient, type SqlValue } from '../sql-client.ts';

/** The server gives up before we do, so that it does not go on working for nobody. */
const STATEMENT_DEADLINE_MS = 1_800;
const MOST_TRIES = 4;
const MOST_CONNECTIONS = 10;

export interface PgClient extends SqlClient, Pick<PgConnections, 'session' | 'end'> {}

/** `BEGIN`, `work` and `COMMIT` on one session. */
const transactionOn =
  ({ session }: PgConnections, schema: string): SqlClient['transaction'] =>
  (work) =>
    session(async (client) => {
      await client.query('BEGIN');
      try {
        const result = await work(
          async (text, params) => (await client.query(inSchema(schema, text), params as SqlValue[] | undefined)).rows as never,
        );
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });

export function createPgClient(options: PgClientOptions): PgClient {
  const { schema, place, onError } = options;
  const pool = new Pool({
    ...connectionOptions(options),
    max: MOST_CONNECTIONS,
    query_timeout: CALL_DEADLINE_MS,
    statement_timeout: STATEMENT_DEADLINE_MS,
  });
  // An idle connection that drops is replaced by the next call; without a listener its error would end the process.
  pool.on('error', onError);
  const connections = createConnections(options);
  const ended = new AbortController();

  const texts = new Map<string, string>();
  const textOf = (name: string, text: string): string => {
    let full = texts.get(name);
    if (full === undefined) texts.set(name, (full = inSchema(schema, text)));
    return full;
  };

  return {
    async query({ name, text }, params = []) {
      for (let tries = 1; ; tries++) {
        try {
          return (await inTime(pool.query({ name, text: textOf(name, text), values: params as SqlValue[] }), place)).rows as never;
        } catch (error) {
          if (!isConflict(error) || tries >= MOST_TRIES) throw error;
        }
      }
    },
    async script(text) {
      await connections.session((client) => client.query(inSchema(schema, text)));
    },
    transaction: transactionOn(connections, schema),
    listen: (channel, onPayload) => keepListening({ connections, options, channel, onPayload, signal: ended.signal }),
    session: connections.session,
    async end() {
      ended.abort();
      await connections.end();
      await pool.end();
    },
  };
}
