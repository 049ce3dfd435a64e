/**
 * A small cache of stored books in the process that serves them. A copy is dropped when any process changes the book, which a signal tells.
 * A signal can get lost, so a copy is dropped after `maxAgeMs` in any case.
 */
import { LRUCache } from 'lru-cache';
import type { BookId, JobId } from '../domain/identity.ts';
import type { BookStore, Found, Signals } from './store.ts';

export interface ReadCacheOptions {
  /** Bytes of JSON that are held at most. */
  maxBytes: number;
  /** Milliseconds after which a copy is read again. */
  maxAgeMs: number;
}

/** Two reads within this many milliseconds make a book hot; a scan over all books must not push the hot ones out. */
const HOT_MS = 200;
/** Names of books that were asked for are remembered up to this number; then all are forgotten. */
const MOST_ASKED = 4_000;

/** What an entry costs beside its JSON, in bytes. */
const ENTRY_OVERHEAD = 200;

/**
 * A copy with bytes of its own. The bytes of a driver are a view on up to 64 KiB that came over the socket, and would keep all of it in
 * memory.
 */
function ownCopy(found: Found): Found {
  if (found.kind !== 'book') return found;
  const body = Buffer.allocUnsafeSlow(found.book.body.length);
  found.book.body.copy(body);
  return { kind: 'book', book: { ...found.book, body } };
}

/** Notes a read that memory could not answer; `true` when the book was asked for shortly before. Only such a book is worth its copy. */
function createAskedLately(): (name: string, nowMs: number) => boolean {
  let asked = new Set<string>();
  let askedSinceMs = 0;
  return (name, nowMs) => {
    if (nowMs - askedSinceMs > HOT_MS || asked.size >= MOST_ASKED) {
      asked = new Set();
      askedSinceMs = nowMs;
    }
    if (asked.has(name)) return true;
    asked.add(name);
    return false;
  };
}

export interface ReadCache extends BookStore {
  figures(): ReadCacheFigures;
  close(): void;
}

/** Reads since the start, and what is held now. */
export interface ReadCacheFigures {
  hits: number;
  misses: number;
  bytes: number;
  books: number;
}

/** A book store whose `find` answers from memory where it can, and reads a book once for all who ask at the same time. `close` ends it. */
export function withReadCache(books: BookStore, signals: Signals, { maxBytes, maxAgeMs }: ReadCacheOptions): ReadCache {
  const cache = new LRUCache<string, Found>({
    maxSize: maxBytes,
    ttl: maxAgeMs,
    sizeCalculation: (found) => (found.kind === 'book' ? found.book.body.length : 0) + ENTRY_OVERHEAD,
  });
  const reading = new Map<string, Promise<Found | null>>();
  const askedAgain = createAskedLately();
  let hits = 0;
  let misses = 0;
  const forget = (bookId: BookId): void => {
    const name = `book-${bookId}`;
    cache.delete(name);
    // A read that began before the change may bring the old copy: nobody else shares it, and it is not kept.
    reading.delete(name);
  };
  const unsubscribe = signals.subscribe((signal) => {
    if (signal.kind === 'book') forget(signal.bookId);
  });

  const read = (jobId: JobId, nowMs: number): Promise<Found | null> => {
    const shared = reading.get(jobId);
    if (shared) return shared;
    const fresh: Promise<Found | null> = books.find(jobId, nowMs).then(
      (found) => {
        if (reading.get(jobId) === fresh) {
          reading.delete(jobId);
          // An ISBN leads to a book by an alias; a change of that book is only known by its number, so those are not kept.
          if (found && jobId.startsWith('book-')) cache.set(jobId, ownCopy(found));
        }
        return found;
      },
      (error: unknown) => {
        if (reading.get(jobId) === fresh) reading.delete(jobId);
        throw error;
      },
    );
    reading.set(jobId, fresh);
    return fresh;
  };

  return {
    ...books,
    find(jobId, nowMs) {
      const held = cache.get(jobId);
      if (held && (held.kind === 'book' || held.untilMs > nowMs)) {
        hits += 1;
        return Promise.resolve(held);
      }
      misses += 1;
      // The first read of a book goes straight to the store: most books are asked for once.
      return askedAgain(jobId, nowMs) ? read(jobId, nowMs) : books.find(jobId, nowMs);
    },
    async put(book, aliases, keepUntilMs) {
      const stored = await books.put(book, aliases, keepUntilMs);
      forget(book.bookId);
      return stored;
    },
    async delete(bookId) {
      const gone = await books.delete(bookId);
      forget(bookId);
      return gone;
    },
    figures: () => ({ hits, misses, bytes: cache.calculatedSize, books: cache.size }),
    close: unsubscribe,
  };
}
