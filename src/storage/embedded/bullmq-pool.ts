/**
 * What BullMQ's PostgreSQL backend takes for a `pg.Pool`, on PGlite's one session. Every BullMQ object gets a pool of its own, so
 * that closing one does not disturb the others; all lead to the same session.
 */
import type { Session } from './session.ts';

type Listener = (message: { channel: string; payload: string }) => void;

/** One "connection": a view on the session that forgets its listeners when it is released. */
function createPoolClient(session: () => Session) {
  const heard = new Map<Listener, () => void>();
  const query = async (text: string, params: readonly unknown[] = []) => {
    // Whoever listens goes on listening when the database had to be opened again.
    if (/^LISTEN /m.test(text)) return session().setUp(text);
    return session().run(text, params);
  };
  const forgetAll = (): void => {
    for (const forget of heard.values()) forget();
    heard.clear();
  };
  return {
    query: async (text: string, params?: readonly unknown[]) => {
      // The name of a connection tells workers apart on a server; here one session serves all.
      if (text.includes(`set_config('application_name'`)) return { rows: [], rowCount: 0 };
      return query(text, params);
    },
    on(event: string, listener: Listener) {
      // Nothing but a notification can happen to a connection inside the process.
      if (event === 'notification' && !heard.has(listener)) {
        heard.set(
          listener,
          session().onNotification((channel, payload) => listener({ channel, payload })),
        );
      }
      return this;
    },
    removeListener(_event: string, listener: Listener) {
      heard.get(listener)?.();
      heard.delete(listener);
      return this;
    },
    removeAllListeners() {
      forgetAll();
      return this;
    },
    release: forgetAll,
  };
}

/**
 * A pool in the shape of `pg.Pool`. `keepAlive` tells BullMQ that its listener cannot drop unnoticed, so that an idle worker need not poll.
 */
export function createBullmqPool(session: () => Session) {
  const shared = createPoolClient(session);
  return {
    options: { keepAlive: true },
    query: shared.query,
    connect: () => Promise.resolve(createPoolClient(session)),
    end: () => Promise.resolve(),
    on() {
      return this;
    },
    removeAllListeners() {
      return this;
    },
  };
}
