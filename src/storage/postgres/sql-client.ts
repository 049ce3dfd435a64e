/**
 * The seam between the SQL of the store and whoever runs it: a PostgreSQL server through `pg`, or PGlite in this process.
 * Everything above this seam is shared by both.
 */

/** A query by name, so that it is parsed and planned once. In its text `@.` stands for the store's schema. */
export interface Statement {
  /** Unique over the store; the name of the prepared statement. */
  name: string;
  text: string;
}

export const statement = (name: string, text: string): Statement => ({ name, text });

/** A value that both drivers write the same way; arrays become SQL arrays, `Uint8Array` becomes `bytea`. */
export type SqlValue = string | number | boolean | null | Uint8Array | readonly string[] | readonly number[];

/** Rows as objects: `bigint` columns are numbers (all of ours fit), `jsonb` is parsed, arrays are arrays. */
export interface SqlClient {
  /** Runs one statement, by itself a transaction. Rejects with `QuireError('store-unavailable')` when nobody answers in time. */
  query<Row extends object>(query: Statement, params?: readonly SqlValue[]): Promise<Row[]>;
  /** Runs plain text (several statements are allowed), by itself; for migrations and upkeep, without the short deadline. */
  script(text: string): Promise<void>;
  /** Runs `work` in one transaction on one session. The texts take `@.` too. */
  transaction<T>(work: (run: <Row extends object>(text: string, params?: readonly SqlValue[]) => Promise<Row[]>) => Promise<T>): Promise<T>;
  /** Calls back with the payload of each notification on `channel` until the client ends; survives lost connections. */
  listen(channel: string, onPayload: (payload: string) => void): Promise<void>;
}

/** The schema's name, quoted. Throws for a name that is no plain identifier. */
export function quoteSchema(name: string): string {
  if (!/^[a-z][a-z0-9_]{0,50}$/.test(name))
    throw new Error(
      `${JSON.stringify(name)} cannot name a schema: use a letter followed by at most 50 lower-case letters, digits or underscores`,
    );
  return `"${name}"`;
}

/** Fills in the schema for `@.`. */
export const inSchema = (schema: string, text: string): string => text.replaceAll('@.', `${quoteSchema(schema)}.`);

/** The channel that signals of a store travel on. */
export const signalChannel = (schema: string): string => `${schema}_signals`;

/** The schema that BullMQ's tables of this store live in. */
export const bullmqSchema = (schema: string): string => `${schema}_bullmq`;
