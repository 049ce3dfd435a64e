/**
 * The one session that PGlite has, shared by all of this process: statements run one after the other, and the event loop gets its turn
 * in between. When the database ends (a full disk can do that), it is opened again, and until then every call rejects.
 */
import { QuireError } from '../../errors.ts';
import { InstanceEnded, type Instance, type QueryResult } from './pglite-instance.ts';

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
const REOPEN_FIRST_MS = 250;
const REOPEN_MOST_MS = 10_000;

/** What a full disk says is not a fault of the statement. */
function translate(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string };
  if (code !== '53100' && !/No space left on device/.test(message ?? '')) return error;
  return new QuireError(
    'store-unavailable',
    'The disk of the embedded store is full: free some space (DATA_DIR) and it goes on by itself.',
    { cause: error },
  );
}

const downFor = (error: unknown): QuireError =>
  new QuireError(
    'store-unavailable',
    `The embedded store has failed and is being opened again (${(error as Error).message}): is the disk full?`,
    { cause: error },
  );

/** Opens the database. Rejects with what `open` rejects with; only later ends are waited out. */
export async function openSession({ open, onError }: SessionOptions): Promise<Session> {
  const listeners = new Set<(channel: string, payload: string) => void>();
  const setUps = new Set<string>();
  const tell = (channel: string, payload: string): void => {
    for (const listener of listeners) listener(channel, payload);
  };
  let instance = await open(tell);
  /** Why nothing can be run just now, or ever again. */
  let down: QuireError | null = null;
  let over = false;
  let closing: Promise<void> | null = null;
  let reopening: Promise<void> | null = null;
  let wake: (() => void) | null = null;
  let tail: Promise<unknown> = Promise.resolve();
  let turnAt = performance.now();

  const reopen = async (): Promise<void> => {
    for (let delayMs = REOPEN_FIRST_MS; ; delayMs = Math.min(delayMs * 2, REOPEN_MOST_MS)) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, delayMs);
        wake = () => (clearTimeout(timer), resolve());
      });
      if (over) return;
      try {
        const next = await open(tell);
        for (const text of setUps) await next.script(text);
        instance = next;
        if (!over) down = null;
        return;
      } catch (error) {
        down = downFor(error);
        onError(down);
      }
    }
  };

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof InstanceEnded)) throw translate(error);
      if (down === null) {
        down = downFor(error);
        onError(down);
        reopening = reopen().finally(() => (reopening = null));
      }
      throw down;
    }
  };

  const throwIfDown = (): void => {
    if (down !== null) throw down;
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(async () => {
      throwIfDown();
      if (performance.now() - turnAt > MOST_MS_WITHOUT_TURN) {
        await new Promise((resolve) => setImmediate(resolve));
        turnAt = performance.now();
        throwIfDown();
      }
      return guarded(work);
    });
    tail = result.catch(() => undefined);
    return result;
  };

  const script = (text: string): Promise<QueryResult> => inTurn(() => instance.script(text));
  const fail = (reason: QuireError): void => {
    over = true;
    down = reason;
    wake?.();
  };

  const close = async (): Promise<void> => {
    await tail;
    fail(down ?? new QuireError('store-unavailable', 'The embedded store is closed.'));
    await reopening;
    await instance.close().catch(onError);
  };

  return {
    run: (text, params) => inTurn(() => instance.run(text, params)),
    script,
    exclusive: (work) => inTurn(() => work(instance)),
    async setUp(text) {
      const result = await script(text);
      setUps.add(text);
      return result;
    },
    onNotification(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    fail,
    close: () => (closing ??= close()),
  };
}
