/** Makes one outage of the store one story in the log, however many connections and calls it breaks. */
import { doublingMs } from '../domain/backoff.ts';
import type { Log } from '../domain/log.ts';
import type { Store } from '../storage/store.ts';

/** Waits between two questions to a store that is away, in milliseconds. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** How often the log says that the store is still away, in milliseconds. */
const TELL_EVERY_MS = 60_000;

export interface StoreWatch {
  /** Takes an error of a connection to the store. `where` names the connection in the log. */
  fault(where: string, error: Error): void;
  stop(): Promise<void>;
}

export interface StoreWatchOptions {
  store: () => Pick<Store, 'ping'>;
  log: Log;
}

/**
 * Makes the watch. With the first fault it asks the store. A store that answers had one bad connection, which is a line. One that does
 * not is away: a line now, a line each minute with `awaySeconds`, and a line when it answers again.
 */
export function createStoreWatch({ store, log }: StoreWatchOptions): StoreWatch {
  let timer: NodeJS.Timeout | null = null;
  let asking: Promise<void> | null = null;
  let stopped = false;
  let awaySince: number | null = null;
  let toldAt = 0;
  let failures = 0;

  const awaySeconds = (): number => Math.round((performance.now() - (awaySince ?? 0)) / 1000);

  const isBack = (where: string, error: Error): void => {
    if (awaySince === null)
      log.warn({ err: error.message, connection: where }, 'a fault of the store or of a connection to it; the store answers');
    else log.info({ awaySeconds: awaySeconds() }, 'the store answers again');
    awaySince = null;
    failures = 0;
  };

  const isAway = (where: string, error: Error): void => {
    const nowMs = performance.now();
    if (awaySince === null) {
      log.warn({ err: error.message, connection: where, awaySeconds: 0 }, 'the store does not answer; Quire tries again until it does');
      awaySince = toldAt = nowMs;
    } else if (nowMs - toldAt >= TELL_EVERY_MS) {
      log.warn({ err: error.message, awaySeconds: awaySeconds() }, 'the store still does not answer');
      toldAt = nowMs;
    }
    failures += 1;
    timer = setTimeout(() => ask(where, error), doublingMs(failures, FIRST_WAIT_MS, LONGEST_WAIT_MS));
    timer.unref();
  };

  const ask = (where: string, error: Error): void => {
    timer = null;
    asking = store()
      .ping()
      .then(
        () => isBack(where, error),
        (failure: Error) => (stopped ? undefined : isAway(where, failure)),
      )
      .finally(() => (asking = null));
  };

  return {
    fault(where, error) {
      if (!stopped && timer === null && asking === null) ask(where, error);
    },
    async stop() {
      stopped = true;
      if (timer) clearTimeout(timer);
      await asking;
    },
  };
}
