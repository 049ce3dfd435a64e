/** The parts of the store that are the same for a server and for PGlite: everything that is SQL. */
import { decodeSignal, encodeSignal } from '../signal-lines.ts';
import type { Signal, Signals, Store, StoreSettings } from '../store.ts';
import { createBatchStore } from './batches.ts';
import { createBookStore } from './books.ts';
import { createDocumentStore, createPageStore, createTallyStore } from './documents.ts';
import { createJobStore } from './jobs.ts';
import { createSearchStore } from './search.ts';
import { signalChannel, statement, type SqlClient } from './sql-client.ts';
import { createTransfer } from './transfer/transfer.ts';

const PING = statement('store.ping', 'SELECT 1 AS alive');
const NOTIFY = statement('signals.publish', 'SELECT pg_notify($1, $2)');
const PURGE_KNOWN = statement('purge.known', 'SELECT @.purge_known($1, 1000)');
const PURGE_DOCUMENTS = statement('purge.documents', 'DELETE FROM @.document WHERE expire_at_ms <= $1');
const PURGE_PAGES = statement('purge.pages', 'DELETE FROM @.page WHERE expire_at_ms <= $1');

type SqlParts = Pick<
  Store,
  'ping' | 'books' | 'jobs' | 'batches' | 'documents' | 'tallies' | 'pages' | 'search' | 'transfer' | 'signals'
> & {
  /** Begins to hear signals; the connection must be there. */
  startSignals(): Promise<void>;
};

/** Everything above the {@link SqlClient}. */
export function createSqlParts(sql: SqlClient, settings: StoreSettings): SqlParts {
  const channel = signalChannel(settings.prefix);
  const listeners = new Set<(signal: Signal) => void>();

  const purge = async (): Promise<void> => {
    // Records carry the time at which they may go; only the wall clock can tell when nobody asks for them any more.
    const nowMs = Date.now();
    for (const query of [PURGE_KNOWN, PURGE_DOCUMENTS, PURGE_PAGES]) await sql.query(query, [nowMs]);
  };

  const signals: Signals = {
    async publish(signal) {
      await sql.query(NOTIFY, [channel, encodeSignal(signal)]);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };

  return {
    async ping() {
      await sql.query(PING);
    },
    books: createBookStore(sql, channel),
    jobs: createJobStore(sql, settings),
    batches: createBatchStore(sql, purge),
    documents: createDocumentStore(sql),
    tallies: createTallyStore(sql),
    pages: createPageStore(sql),
    search: createSearchStore(sql),
    transfer: createTransfer(sql, settings),
    signals,
    startSignals: () =>
      sql.listen(channel, (line) => {
        const signal = decodeSignal(line);
        if (signal) for (const listener of listeners) listener(signal);
      }),
  };
}
