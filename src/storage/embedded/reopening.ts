/** Keeping a PGlite open: when the database ends, it is opened again and again, until it opens. */
import { setTimeout as wait } from 'node:timers/promises';
import { doublingMs } from '../../domain/backoff.ts';
import { QuireError } from '../../errors.ts';
import { InstanceEnded, type Instance } from './pglite-instance.ts';

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

export interface OpenDatabase {
  /** Runs `work` on the database. Rejects with `store-unavailable` when the database ends meanwhile. */
  use<T>(work: (instance: Instance) => Promise<T>): Promise<T>;
  /** Throws while nothing can be run. */
  throwIfDown(): void;
  /** From now on everything rejects with this error, and the database is not opened again. */
  fail(reason: QuireError): void;
  close(): Promise<void>;
}

/** Opens the database, and again whenever it ends; `setUps` run each time. Rejects when the first attempt fails. */
export async function keepOpen(
  open: () => Promise<Instance>,
  setUps: ReadonlySet<string>,
  onError: (error: Error) => void,
): Promise<OpenDatabase> {
  let instance = await open();
  /** Why nothing can be run just now, or ever again. */
  let down: QuireError | null = null;
  let reopening: Promise<void> | null = null;
  const waking = new AbortController();
  let over = false;

  const reopen = async (): Promise<void> => {
    for (let failures = 0; ; failures += 1) {
      const delayMs = doublingMs(failures, REOPEN_FIRST_MS, REOPEN_MOST_MS);
      await wait(delayMs, undefined, { signal: waking.signal }).catch(() => undefined);
      if (over) return;
      try {
        const next = await open();
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

  const fail = (reason: QuireError): void => {
    over = true;
    down = reason;
    waking.abort();
  };

  return {
    async use(work) {
      try {
        return await work(instance);
      } catch (error) {
        if (!(error instanceof InstanceEnded)) throw translate(error);
        if (down === null) {
          down = downFor(error);
          onError(down);
          reopening = reopen().finally(() => (reopening = null));
        }
        throw down;
      }
    },
    throwIfDown() {
      if (down !== null) throw down;
    },
    fail,
    async close() {
      fail(down ?? new QuireError('store-unavailable', 'The embedded store is closed.'));
      await reopening;
      await instance.close().catch(onError);
    },
  };
}
