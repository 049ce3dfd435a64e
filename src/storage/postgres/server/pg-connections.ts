/** Connections to PostgreSQL of their own, beside the pool: for migrations, and for the notifications. */
import { Client, types as parsers } from 'pg';
import { endClient } from '../../../grafts/pg-silent-goodbye.ts';
import { storeError } from './outage.ts';

const CONNECT_DEADLINE_MS = 1_500;
const MIGRATION_DEADLINE_MS = 60_000;

const INT8 = 20;
/** All our 64-bit numbers (times, ids, counts) fit into a JavaScript number. */
const parserOf = parsers.getTypeParser as unknown as (oid: number, format?: string) => (value: string) => unknown;
const types = { getTypeParser: (oid: number, format?: string) => (oid === INT8 ? Number : parserOf(oid, format)) };

export interface PgClientOptions {
  url: string;
  schema: string;
  /** `host:port/database`, for messages. */
  place: string;
  onError: (error: Error) => void;
}

/** What every connection is opened with. */
export const connectionOptions = ({ url, schema }: PgClientOptions) => ({
  connectionString: url,
  connectionTimeoutMillis: CONNECT_DEADLINE_MS,
  keepAlive: true,
  application_name: `quire ${schema}`,
  types,
});

export interface PgConnections {
  connect(): Promise<Client>;
  /** One connection for as long as `work` takes, without the short deadline. */
  session<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** Ends every connection that is open. */
  end(): Promise<void>;
}

export function createConnections(options: PgClientOptions): PgConnections {
  const { place, onError } = options;
  const open = new Set<Client>();

  const connect = async (): Promise<Client> => {
    const client = new Client(connectionOptions(options));
    client.on('error', onError);
    open.add(client);
    client.once('end', () => open.delete(client));
    try {
      await client.connect();
    } catch (error) {
      open.delete(client);
      throw storeError(error, place);
    }
    return client;
  };

  return {
    connect,
    async session(work) {
      const client = await connect();
      try {
        await client.query(`SET statement_timeout = ${MIGRATION_DEADLINE_MS}`);
        return await work(client);
      } catch (error) {
        throw storeError(error, place);
      } finally {
        await endClient(client);
      }
    },
    async end() {
      await Promise.all([...open].map(endClient));
    },
  };
}
