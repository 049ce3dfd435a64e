/**
 * Gives stored books their search entries, where a version without search stored them. Such a version may store more at any time during an
 * upgrade, so all books are walked through again and again. One process walks at a time: a document holds the lease and how far it came,
 * and another process goes on from there.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { searchEntry, type Searchable } from '../domain/search/entry.ts';
import type { Log } from '../domain/log.ts';
import { CLOCK_TOLERANCE_MS } from '../domain/time/clock.ts';
import { SEARCH_DOCUMENT } from '../storage/transfer.ts';
import type { Store, StoredBook } from '../storage/store.ts';
import type { SearchIndexState } from './search-books.ts';

/** Books that one step looks at. The event loop and the store serve others between two steps. */
const BOOKS_A_STEP = 100;
/** A walk begins so long after the end of the one before. */
const EVERY_MS = 900_000;
const LEASE_MS = 30_000;
/** How often a process asks whether there is a walk to begin or to go on with. */
const LOOK_MS = 10_000;

const NOTHING_YET: SearchIndexState = { completedAtMs: null, cursor: null, leaseUntilMs: 0 };

export interface BookIndexer {
  start(): void;
  /** Resolves when nothing runs; the walk goes on elsewhere, or later. */
  stop(): Promise<void>;
  /** Walks to the end, if a walk is due and nobody else is at it. Resolves to how many entries were added; `null` where it did not walk. */
  walk(): Promise<number | null>;
}

export interface BookIndexerOptions {
  store: Pick<Store, 'books' | 'search' | 'documents'>;
  log: Log;
  now?: () => number;
}

/** The entry of a stored copy; `null` when its JSON is no book. */
function entryOf({ body }: StoredBook): string | null {
  try {
    return searchEntry(JSON.parse(body.toString('utf8')) as Searchable);
  } catch {
    return null;
  }
}

export function createBookIndexer({ store, log, now = Date.now }: BookIndexerOptions): BookIndexer {
  const stopping = new AbortController();

  /** Writes the document, if nobody did since `version`. */
  const write = (state: SearchIndexState, version: number): Promise<number | null> =>
    store.documents.put(SEARCH_DOCUMENT, JSON.stringify(state), { nowMs: now(), ifVersion: version, expireAtMs: null });

  /** Takes the lease, if a walk is due and nobody has it. */
  const begin = async (): Promise<{ state: SearchIndexState; version: number } | null> => {
    const found = await store.documents.get(SEARCH_DOCUMENT, now());
    const state = found === null ? NOTHING_YET : (JSON.parse(found.json) as SearchIndexState);
    const { completedAtMs, cursor, leaseUntilMs } = state;
    // What a clock that was ahead has left does not count.
    const isHeld = leaseUntilMs > now() && leaseUntilMs <= now() + LEASE_MS + CLOCK_TOLERANCE_MS;
    const isDone = cursor === null && completedAtMs !== null && Math.abs(now() - completedAtMs) < EVERY_MS;
    if (isHeld || isDone) return null;
    const version = await write({ ...state, leaseUntilMs: now() + LEASE_MS }, found?.version ?? 0);
    return version === null ? null : { state, version };
  };

  /** Looks at some books, and adds the entries that are missing. */
  const step = async (from: string | null): Promise<{ added: number; cursor: string | null }> => {
    const { bookIds, cursor } = await store.search.unentered(from, BOOKS_A_STEP);
    const books = await store.books.read(bookIds, now());
    const entries = books.flatMap((book) => {
      const entry = entryOf(book);
      return entry === null ? [] : [{ bookId: book.bookId, etag: book.etag, entry }];
    });
    await store.search.enter(entries);
    return { added: entries.length, cursor };
  };

  const walk = async (): Promise<number | null> => {
    const lease = await begin();
    if (lease === null) return null;
    let { version } = lease;
    let { cursor } = lease.state;
    let added = 0;
    do {
      const startedMs = performance.now();
      const done = await step(cursor);
      added += done.added;
      ({ cursor } = done);
      const isOver = cursor === null;
      const leaseUntilMs = isOver || stopping.signal.aborted ? 0 : now() + LEASE_MS;
      const written = await write({ completedAtMs: isOver ? now() : lease.state.completedAtMs, cursor, leaseUntilMs }, version);
      // Somebody else took the lease, because this step took too long.
      if (written === null) return added;
      version = written;
      // Half of the time belongs to others.
      if (!isOver) await rest(performance.now() - startedMs, stopping.signal);
    } while (cursor !== null && !stopping.signal.aborted);
    if (added > 0) log.info({ books: added }, 'made books of an earlier version known to search');
    return added;
  };

  let running: Promise<void> = Promise.resolve();
  let isFailing = false;
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await walk();
        isFailing = false;
      } catch (error) {
        if (!isFailing) log.warn({ err: error }, 'search entries of stored books');
        isFailing = true;
      }
      await rest(LOOK_MS, stopping.signal);
    }
  };

  return {
    start: () => void (running = run()),
    async stop() {
      stopping.abort();
      await running;
    },
    walk,
  };
}

/** Waits, but not beyond `signal`. */
const rest = (ms: number, signal: AbortSignal): Promise<void> => wait(ms, undefined, { signal, ref: false }).catch(() => undefined);
