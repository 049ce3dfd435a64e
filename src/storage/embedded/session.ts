/**
 * The one session that PGlite has, shared by all of this process: statements are prepared once, run one after the other, and the
 * event loop gets its turn in between. Compared to PGlite's own `query` a prepared read takes a quarter of the time.
 */
import type { PGlite, protocol as Protocol } from '@electric-sql/pglite';
import { QuireError } from '../../errors.ts';

/** A value of a row, as text was parsed by type. */
export type Row = Record<string, unknown>;
export interface QueryResult {
  rows: Row[];
  rowCount: number;
}

interface Prepared {
  name: string;
  parameterTypes: number[];
  fields: { name: string; parse: ((text: string) => unknown) | null }[];
}

export interface Session {
  /** Runs one statement with parameters, by itself a transaction. */
  run(text: string, params: readonly unknown[]): Promise<QueryResult>;
  /** Runs text of one or more statements without parameters; the result is that of the last. */
  script(text: string): Promise<QueryResult>;
  /** Nobody else's statement runs between those of `work`. */
  exclusive<T>(work: (own: Pick<Session, 'run' | 'script'>) => Promise<T>): Promise<T>;
  /** Notifications of channels that were listened to. Returns a function that ends it. */
  onNotification(listener: (channel: string, payload: string) => void): () => void;
  /** From now on everything rejects with this error. */
  fail(reason: QuireError): void;
  /** Lets what was asked for finish, then closes PGlite. Idempotent. */
  close(): Promise<void>;
}

/** So long the session may keep the event loop to itself. */
const MOST_MS_WITHOUT_TURN = 8;

const BYTEA = 17;

/** The tail of a long text of SQL, for an error message. */
const shortened = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 200);

/** What goes wrong inside PGlite: an error of PostgreSQL (has a `code`), or the end of the WebAssembly instance. */
function translate(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string };
  if (code === '53100' || /No space left on device/.test(message ?? '')) {
    return new QuireError(
      'store-unavailable',
      'The disk of the embedded store is full: free some space (DATA_DIR) and it goes on by itself.',
      { cause: error },
    );
  }
  return error;
}

const isFromPostgres = (error: unknown): boolean =>
  typeof (error as { code?: unknown }).code === 'string' && 'severity' in (error as object);

/** Wraps an open PGlite. `protocol` is PGlite's own export of that name. */
export function createSession(db: PGlite, protocol: typeof Protocol): Session {
  const { serialize } = protocol;
  const statements = new Map<string, Prepared>();
  let tail: Promise<unknown> = Promise.resolve();
  let broken: QuireError | null = null;
  let closing: Promise<void> | null = null;
  let turnAt = performance.now();

  const send = async (...messages: Uint8Array[]) => {
    const bytes = Buffer.concat(messages);
    try {
      return await db.execProtocolStream(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), { syncToFs: false });
    } catch (error) {
      if (!isFromPostgres(error)) {
        broken ??= new QuireError(
          'store-unavailable',
          `The embedded store has failed (${(error as Error).message}): restart the process.`,
          { cause: error },
        );
        throw broken;
      }
      throw translate(error);
    }
  };

  const prepare = async (text: string): Promise<Prepared> => {
    const name = `q${statements.size + 1}`;
    const messages = await send(serialize.parse({ name, text }), serialize.describe({ type: 'S', name }), serialize.sync()).catch(
      (error: unknown) => {
        if (error instanceof Error && !(error instanceof QuireError)) error.message += ` in ${shortened(text)}`;
        throw error;
      },
    );
    const prepared: Prepared = { name, parameterTypes: [], fields: [] };
    for (const message of messages) {
      if (message.name === 'parameterDescription') prepared.parameterTypes = (message as unknown as { dataTypeIDs: number[] }).dataTypeIDs;
      if (message.name === 'rowDescription') {
        const { fields } = message as unknown as { fields: { name: string; dataTypeID: number }[] };
        prepared.fields = fields.map((field) => ({
          name: field.name,
          parse: (db.parsers[field.dataTypeID] as ((value: string) => unknown) | undefined) ?? null,
        }));
      }
    }
    statements.set(text, prepared);
    return prepared;
  };

  const encode = (value: unknown, type: number | undefined): string | Uint8Array | null => {
    if (value === null || value === undefined) return null;
    if (typeof value === 'string') return value;
    if (type === BYTEA && value instanceof Uint8Array)
      return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
    const serializer = type === undefined ? undefined : db.serializers[type];
    if (serializer) return serializer(value);
    return typeof value === 'object' ? JSON.stringify(value) : `${value as number}`;
  };

  const runNow = async (text: string, params: readonly unknown[]): Promise<QueryResult> => {
    const prepared = statements.get(text) ?? (await prepare(text));
    const values = params.map((value, at) => encode(value, prepared.parameterTypes[at]));
    // The protocol's writer takes more than its type says: text and bytes.
    const messages = await send(serialize.bind({ statement: prepared.name, values: values }), serialize.execute({}), serialize.sync());
    const rows: Row[] = [];
    let rowCount = 0;
    for (const message of messages) {
      if (message.name === 'dataRow') {
        const { fields } = message as unknown as { fields: (string | null)[] };
        const row: Row = {};
        for (let at = 0; at < prepared.fields.length; at++) {
          const field = prepared.fields[at];
          const value = fields[at];
          if (field) row[field.name] = value === null || value === undefined ? null : field.parse ? field.parse(value) : value;
        }
        rows.push(row);
      } else if (message.name === 'commandComplete') {
        rowCount = Number(/\d+$/.exec((message as unknown as { text: string }).text)?.[0] ?? 0);
      }
    }
    return { rows, rowCount };
  };

  const scriptNow = async (text: string): Promise<QueryResult> => {
    const messages = await send(serialize.query(text));
    const rows: Row[] = [];
    let fields: { name: string; dataTypeID: number }[] = [];
    for (const message of messages) {
      if (message.name === 'rowDescription') {
        ({ fields } = message as unknown as { fields: typeof fields });
        rows.length = 0;
      } else if (message.name === 'dataRow') {
        const values = (message as unknown as { fields: (string | null)[] }).fields;
        rows.push(
          Object.fromEntries(
            fields.map((field, at) => {
              const value = values[at] ?? null;
              const parse = db.parsers[field.dataTypeID] as ((given: string) => unknown) | undefined;
              return [field.name, value === null || !parse ? value : parse(value)];
            }),
          ),
        );
      }
    }
    return { rows, rowCount: rows.length };
  };

  const throwIfBroken = (): void => {
    if (broken !== null) throw broken;
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(async () => {
      throwIfBroken();
      if (performance.now() - turnAt > MOST_MS_WITHOUT_TURN) {
        await new Promise((resolve) => setImmediate(resolve));
        turnAt = performance.now();
        throwIfBroken();
      }
      return work();
    });
    tail = result.catch(() => undefined);
    return result;
  };

  const close = async (): Promise<void> => {
    await tail;
    const dead = broken;
    broken ??= new QuireError('store-unavailable', 'The embedded store is closed.');
    if (!dead && !db.closed) await db.close();
  };

  return {
    run: (text, params) => inTurn(() => runNow(text, params)),
    script: (text) => inTurn(() => scriptNow(text)),
    exclusive: (work) => inTurn(() => work({ run: runNow, script: scriptNow })),
    onNotification: (listener) => db.onNotification(listener),
    fail(reason) {
      broken ??= reason;
    },
    close: () => (closing ??= close()),
  };
}
