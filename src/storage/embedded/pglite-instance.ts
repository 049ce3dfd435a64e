/** One running PGlite. Statements are prepared once, which takes a quarter of the time of PGlite's own `query`. Its end is noticed. */
import type { PGlite } from '@electric-sql/pglite';
import { endAtPanic } from '../../grafts/pglite-panic.ts';
import { createValues, type Field } from './pglite-values.ts';

export interface QueryResult {
  /** Values are parsed by type: numbers, booleans, JSON, arrays, bytes; else text. */
  rows: Record<string, unknown>[];
  rowCount: number;
}

/** Thrown by every call once the database has ended: it must be opened again. The first call that throws may have done its work, or not. */
export class InstanceEnded extends Error {
  override readonly name = 'InstanceEnded';
}

export interface Instance {
  /** Runs one statement with parameters. Not to be called again before it has ended. */
  run(text: string, params: readonly unknown[]): Promise<QueryResult>;
  /** Runs text of one or more statements without parameters; the result is that of the last. */
  script(text: string): Promise<QueryResult>;
  close(): Promise<void>;
}

interface Prepared {
  name: string;
  parameterTypes: number[];
  fields: Field[];
}

const shortened = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 200);

/** Opens PGlite. `lastWords` is what PostgreSQL wrote to its log when it gave up, which tells more than the exception. */
async function openDatabase(directory: string, settings: readonly string[]) {
  const { PGlite: Database, protocol } = await import('@electric-sql/pglite');
  let lastWords = '';
  const db = await Database.create({
    dataDir: directory,
    startParams: [...Database.defaultStartParams, ...settings.flatMap((setting) => ['-c', setting])],
    relaxedDurability: false,
    onStderr(line) {
      lastWords = /(?:PANIC|FATAL):\s+(.*)/.exec(line)?.[1] ?? lastWords;
      return false;
    },
  }).catch((error: unknown) => {
    throw new Error(lastWords || (error as Error).message, { cause: error });
  });
  return { db, serialize: protocol.serialize, lastWords: (): string => lastWords };
}

/** Sends messages of PostgreSQL's protocol. Throws {@link InstanceEnded} from the moment at which the database ends. */
function createSender(db: PGlite, lastWords: () => string) {
  let ended: InstanceEnded | null = null;
  endAtPanic(db.Module, (cause) => (ended = new InstanceEnded(lastWords() || cause.message, { cause })));
  const throwIfEnded = (): void => {
    if (ended !== null) throw ended as Error;
  };

  const send = async (...messages: Uint8Array[]) => {
    throwIfEnded();
    const bytes = Buffer.concat(messages);
    try {
      const answer = await db.execProtocolStream(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), { syncToFs: false });
      // The panic itself arrives as an answer like any other.
      throwIfEnded();
      return answer;
    } catch (error) {
      throwIfEnded();
      throw error;
    }
  };

  return { send, hasEnded: (): boolean => ended !== null };
}

/** Opens the database in `directory`, which must exist. `settings` are PostgreSQL's, `name=value`. */
export async function openInstance(
  directory: string,
  settings: readonly string[],
  onNotification: (channel: string, payload: string) => void,
): Promise<Instance> {
  const { db, serialize, lastWords } = await openDatabase(directory, settings);
  const { send, hasEnded } = createSender(db, lastWords);
  db.onNotification(onNotification);
  const statements = new Map<string, Prepared>();
  const { rowOf, encode } = createValues(db);

  const prepare = async (text: string): Promise<Prepared> => {
    const prepared: Prepared = { name: `q${statements.size + 1}`, parameterTypes: [], fields: [] };
    const { name } = prepared;
    const messages = await send(serialize.parse({ name, text }), serialize.describe({ type: 'S', name }), serialize.sync()).catch(
      (error: unknown) => {
        if (error instanceof Error && !(error instanceof InstanceEnded)) error.message += ` in ${shortened(text)}`;
        throw error;
      },
    );
    for (const message of messages) {
      if (message.name === 'parameterDescription') prepared.parameterTypes = (message as unknown as { dataTypeIDs: number[] }).dataTypeIDs;
      if (message.name === 'rowDescription') prepared.fields = (message as unknown as { fields: Field[] }).fields;
    }
    statements.set(text, prepared);
    return prepared;
  };

  return {
    async run(text, params) {
      const { name, parameterTypes, fields } = statements.get(text) ?? (await prepare(text));
      const values = params.map((value, at) => encode(value, parameterTypes[at]));
      const messages = await send(serialize.bind({ statement: name, values }), serialize.execute({}), serialize.sync());
      const result: QueryResult = { rows: [], rowCount: 0 };
      for (const message of messages) {
        if (message.name === 'dataRow') result.rows.push(rowOf(fields, (message as unknown as { fields: (string | null)[] }).fields));
        else if (message.name === 'commandComplete')
          result.rowCount = Number(/\d+$/.exec((message as unknown as { text: string }).text)?.[0] ?? 0);
      }
      return result;
    },
    async script(text) {
      let rows: Record<string, unknown>[] = [];
      let fields: Field[] = [];
      for (const message of await send(serialize.query(text))) {
        if (message.name === 'rowDescription') {
          ({ fields } = message as unknown as { fields: Field[] });
          rows = [];
        } else if (message.name === 'dataRow') {
          rows.push(rowOf(fields, (message as unknown as { fields: (string | null)[] }).fields));
        }
      }
      return { rows, rowCount: rows.length };
    },
    async close() {
      if (!hasEnded()) await db.close();
    },
  };
}
