/** The store's SQL on a PostgreSQL server: a pool for the statements, one connection of its own for notifications. */
import { setTimeout as wait } from 'node:timers/promises';
import { Client, DatabaseError, Pool, types as parsers } from 'pg';
import { QuireError } from '../../errors.ts';
import { endClient } from '../../grafts/pg-silent-goodbye.ts';
import { refusalOf } from './refusal.ts';
import { inSchema, type SqlClient, type SqlValue } from './sql-client.ts';

/** No store call takes longer than this, whatever the server or the network does. */
const CALL_DEADLINE_MS = 1_900;
const CONNECT_DEADLINE_MS = 1_500;
/** The server gives up before we do, so that it does not go on working for nobody. */
const STATEMENT_DEADLINE_MS = 1_800;
const MIGRATION_DEADLINE_MS = 60_000;
const MOST_TRIES = 4;
/** How often the connection that listens is asked whether it is still there. */
const HEARTBEAT_MS = 5_000;
const RELISTEN_FIRST_MS = 100;
const RELISTEN_MOST_MS = 5_000;

const INT8 = 20;
/** All our 64-bit numbers (times, ids, counts) fit into a JavaScript number. */
const parserOf = parsers.getTypeParser as unknown as (oid: number, format?: string) => (value: string) => unknown;
const types = { getTypeParser: (oid: number, format?: string) => (oid === INT8 ? Number : parserOf(oid, format)) };

/**
 * SQLSTATEs that mean "not now": connection lost, shutting down, too many clients, cancelled by a deadline, disk or memory full, read-only standby; and
 * that we are not let in: wrong user or password, no such database, no right.
 */
const OUTAGE_STATES = /^(08...|57P0[1-5]|57014|53...|25006|55P03|28...|3D000|42501)$/;
const OUTAGE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
const OUTAGE_TEXT = /terminated|timeout|timed out|not queryable|Connection ended|after calling end|SSL connections|certificate/i;
/** Two transactions waited for each other; the server ended one of them, which may simply be tried again. */
const CONFLICTS = new Set(['40P01', '40001']);

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? '';

/** Whether an error means that the server is away or overloaded, rather than that the statement is wrong. */
export function isOutage(error: unknown): boolean {
  const code = codeOf(error);
  if (error instanceof DatabaseError) return OUTAGE_STATES.test(code);
  if (error instanceof QuireError) return error.code === 'store-unavailable';
  return OUTAGE_CODES.has(code) || OUTAGE_TEXT.test((error as Error).message ?? '');
}

export interface PgClient extends SqlClient {
  /** One connection for as long as `work` takes, without the short deadline. */
  session<T>(work: (client: Client) => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

export interface PgClientOptions {
  url: string;
  schema: string;
  /** `host:port/database`, for messages. */
  place: string;
  onError: (error: Error) => void;
}

export function createPgClient({ url, schema, place, onError }: PgClientOptions): PgClient {
  const pool = new Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: CONNECT_DEADLINE_MS,
    query_timeout: CALL_DEADLINE_MS,
    statement_timeout: STATEMENT_DEADLINE_MS,
    keepAlive: true,
    application_name: `quire ${schema}`,
    types,
  });
  // An idle connection that drops is replaced by the next call; without a listener its error would end the process.
  pool.on('error', onError);

  const unavailable = (cause: unknown): QuireError => new QuireError('store-unavailable', refusalOf(cause, place), { cause });

  const inTime = async <T>(call: () => Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unavailable(new Error('timeout'))), CALL_DEADLINE_MS);
    });
    const answer = call();
    // When the deadline wins, nobody looks at the answer any more.
    answer.catch(() => undefined);
    try {
      return await Promise.race([answer, tooLate]);
    } catch (error) {
      throw isOutage(error) && !(error instanceof QuireError) ? unavailable(error) : error;
    } finally {
      clearTimeout(timer);
    }
  };

  const texts = new Map<string, string>();
  const runOnce = async (name: string, text: string, values: SqlValue[]) => {
    let full = texts.get(name);
    if (full === undefined) texts.set(name, (full = inSchema(schema, text)));
    return pool.query({ name, text: full, values });
  };

  const ended = new AbortController();
  const open = new Set<Client>();

  const connect = async (): Promise<Client> => {
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_DEADLINE_MS,
      keepAlive: true,
      application_name: `quire ${schema}`,
      types,
    });
    client.on('error', onError);
    open.add(client);
    client.once('end', () => open.delete(client));
    try {
      await client.connect();
    } catch (error) {
      open.delete(client);
      throw isOutage(error) ? unavailable(error) : error;
    }
    return client;
  };

  const session = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    const client = await connect();
    try {
      await client.query(`SET statement_timeout = ${MIGRATION_DEADLINE_MS}`);
      return await work(client);
    } catch (error) {
      throw isOutage(error) && !(error instanceof QuireError) ? unavailable(error) : error;
    } finally {
      await endClient(client);
    }
  };

  /** Listens until the connection is lost; resolves then. `ready` is called once notifications arrive. */
  const listenOnce = async (channel: string, onPayload: (payload: string) => void, ready: () => void): Promise<void> => {
    const client = await connect();
    const lost = new Promise<void>((resolve) => {
      client.once('end', resolve);
      client.once('error', () => resolve());
    });
    const stop = (): void => void endClient(client);
    ended.signal.addEventListener('abort', stop, { once: true });
    client.on('notification', ({ payload }) => onPayload(payload ?? ''));
    // A firewall that forgot about the connection tells nobody: only an answer that stays out does.
    const heartbeat = setInterval(() => {
      inTime(() => client.query('SELECT 1')).catch(stop);
    }, HEARTBEAT_MS);
    try {
      await client.query(`LISTEN "${channel}"`);
      ready();
      await lost;
    } finally {
      clearInterval(heartbeat);
      ended.signal.removeEventListener('abort', stop);
      await endClient(client);
    }
  };

  return {
    async query(query, params = []) {
      for (let tries = 1; ; tries++) {
        try {
          return (await inTime(() => runOnce(query.name, query.text, params as SqlValue[]))).rows as never;
        } catch (error) {
          if (!CONFLICTS.has(codeOf(error)) || tries >= MOST_TRIES) throw error;
        }
      }
    },
    async script(text) {
      await session((client) => client.query(inSchema(schema, text)));
    },
    transaction: (work) =>
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
      }),
    listen: (channel, onPayload) =>
      new Promise((resolve, reject) => {
        let heard = false;
        const keepListening = async (): Promise<void> => {
          let delayMs = RELISTEN_FIRST_MS;
          while (!ended.signal.aborted) {
            try {
              await listenOnce(channel, onPayload, () => {
                heard = true;
                delayMs = RELISTEN_FIRST_MS;
                resolve();
              });
            } catch (error) {
              // The first failure is the caller's to know, later ones are waited out.
              if (!heard) return reject(error);
              onError(error as Error);
            }
            // Rejects when the client ends, which the loop sees.
            await wait(delayMs * (0.5 + Math.random() / 2), undefined, { signal: ended.signal }).catch(() => undefined);
            delayMs = Math.min(delayMs * 2, RELISTEN_MOST_MS);
          }
        };
        void keepListening();
      }),
    session,
    async end() {
      ended.abort();
      await Promise.all([...open].map(endClient));
      await pool.end();
    },
  };
}
