/**
 * The one session that PGlite has, shared by all of this process. Statements run one after the other, and the event loop gets its turn in
 * between. When the database ends (a full disk can do that), it is opened again, and until then every call rejects.
 */
import type { QuireError } from '../../errors.ts';
import type { Instance, QueryResult } from './pglite-instance.ts';
import { keepOpen } from './reopening.ts';

type Runner = Pick<Instance, 'run' | 'script'>;

export interface Session extends Runner {
  /** Nobody else's statement runs between those of `work`. */
  exclusive<T>(work: (own: Runner) => Promise<T>): Promise<T>;
  /** Runs `text` now and whenever the database is opened again: settings of the session, `LISTEN`. */
  setUp(text: string): Promise<QueryResult>;
  /** Notifications of channels that were listened to. Returns a function that ends it. */
  onNotification(listener: (channel: string, payload: string) => void): () => void;
  /** From now on everything rejects with this error. */
  fail(reason: QuireError): void;
  /** Lets what was asked for finish, then closes the database. Idempotent. */
  close(): Promise<void>;
}

export interface SessionOptions {
  open: (onNotification: (channel: string, payload: string) => void) => Promise<Instance>;
  /** Told when the database has ended, and of each attempt to open it that fails. */
  onError: (error: Error) => void;
}

/** So long the session may keep the event loop to itself. */
const MOST_MS_WITHOUT_TURN = 8;

/** Runs pieces of work one after the other. Each calls `check` first, which throws when it cannot run any more. */
function createTurns(check: () => void) {
  let tail: Promise<unknown> = Promise.resolve();
  let turnAt = performance.now();
  return {
    inTurn<T>(work: () => Promise<T>): Promise<T> {
      const result = tail.then(async () => {
        check();
        if (performance.now() - turnAt > MOST_MS_WITHOUT_TURN) {
          await new Promise((resolve) => setImmediate(resolve));
          turnAt = performance.now();
          check();
        }
        return work();
      });
      tail = result.catch(() => undefined);
      return result;
    },
    /** Resolves when all that was asked for so far has ended. */
    ended: (): Promise<unknown> => tail,
  };
}

/** Opens the database. Rejects with what `open` rejects with; only later ends are waited out. */
export async function openSession({ open, onError }: SessionOptions): Promise<Session> {
  const listeners = new Set<(channel: string, payload: string) => void>();
  const setUps = new Set<string>();
  const tell = (channel: string, payload: string): void => {
    for (const listener of listeners) listener(channel, payload);
  };
  const database = await keepOpen(() => open(tell), setUps, onError);
  const { inTurn, ended } = createTurns(database.throwIfDown);
  let closing: Promise<void> | null = null;

  const script = (text: string): Promise<QueryResult> => inTurn(() => database.use((instance) => instance.script(text)));
  const close = async (): Promise<void> => {
    await ended();
    await database.close();
  };

  return {
    run: (text, params) => inTurn(() => database.use((instance) => instance.run(text, params))),
    script,
    exclusive: (work) => inTurn(() => database.use(work)),
    async setUp(text) {
      const result = await script(text);
      setUps.add(text);
      return result;
    },
    onNotification(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    fail: database.fail,
    close: () => (closing ??= close()),
  };
}
