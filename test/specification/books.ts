/**
 * Books: what is known under a name.
 *
 * - A copy replaces the one there unless that one is newer ("older" is the answer) or richer ("poorer").
 * - A copy whose time is over, and a copy from the future, are newer than nothing.
 * - A poorer copy that is not older prolongs the one there: its freshness and its retention never end earlier than those of the refused copy.
 * - An alias leads to a book directly. When a book becomes an alias (it was merged), every alias that led to it leads to the new book.
 * - Aliases are taken even when the copy is refused.
 * - "Missing" replaces whatever is there, except a copy: that one stays, and is fresh as long as "missing" is remembered.
 */
import type { BookId, JobId } from '../../src/domain/identity.ts';
import { CLOCK_TOLERANCE_MS } from '../../src/domain/time/clock.ts';
import type { BookStore, Found, StoredBook } from '../../src/storage/store.ts';
import { bookOfJob, jobOfBook, type Known, type World } from './records.ts';

type NoAlias = Exclude<Known, { kind: 'alias' }>;

/** What a name leads to: itself, or the book its alias names. */
export function follow(world: World, jobId: JobId): { name: JobId; known: NoAlias | null } {
  const first = world.known.get(jobId);
  const name = first?.kind === 'alias' ? jobOfBook(first.bookId) : jobId;
  const known = world.known.get(name);
  return { name, known: known === undefined || known.kind === 'alias' ? null : known };
}

/** Whether a copy or a "missing" is past its time. */
export const isOver = (known: NoAlias, nowMs: number): boolean => (known.kind === 'book' ? known.keepUntilMs : known.untilMs) <= nowMs;

function judge(world: World, have: Known | undefined, book: StoredBook): 'stored' | 'older' | 'poorer' {
  if (have?.kind !== 'book' || isOver(have, book.fetchedAtMs)) return 'stored';
  const isFromFuture = have.book.fetchedAtMs > world.clock() + CLOCK_TOLERANCE_MS;
  if (have.book.fetchedAtMs > book.fetchedAtMs && !isFromFuture) return 'older';
  return have.book.richness > book.richness ? 'poorer' : 'stored';
}

function addAlias(world: World, alias: JobId, bookId: BookId): void {
  world.known.set(alias, { kind: 'alias', bookId });
  const merged = bookOfJob(alias);
  if (merged === null) return;
  world.entries.delete(merged);
  for (const known of world.known.values()) if (known.kind === 'alias' && known.bookId === merged) known.bookId = bookId;
  world.tell({ kind: 'book', bookId: merged });
}

/** Keeps a copy by the rules above. */
export function putCopy(world: World, book: StoredBook, aliases: JobId[], keepUntilMs: number): 'stored' | 'older' | 'poorer' {
  const name = jobOfBook(book.bookId);
  const have = world.known.get(name);
  const stored = judge(world, have, book);
  const { entry, ...copy } = book;
  if (stored === 'stored') {
    world.known.set(name, { kind: 'book', book: copy, keepUntilMs });
    if (entry === undefined) world.entries.delete(book.bookId);
    else world.entries.set(book.bookId, entry);
  }
  if (stored === 'poorer' && have?.kind === 'book') {
    have.book.freshUntilMs = Math.max(have.book.freshUntilMs, book.freshUntilMs);
    have.keepUntilMs = Math.max(have.keepUntilMs, keepUntilMs);
  }
  if (stored !== 'older') world.tell({ kind: 'book', bookId: book.bookId });
  for (const alias of aliases) if (alias !== name) addAlias(world, alias, book.bookId);
  return stored;
}

/** Remembers that Goodreads has no such book. */
export function markMissing(world: World, jobId: JobId, nowMs: number, untilMs: number): void {
  const { known } = follow(world, jobId);
  if (known?.kind === 'book' && !isOver(known, nowMs)) {
    known.book.freshUntilMs = untilMs;
    world.tell({ kind: 'book', bookId: known.book.bookId });
    return;
  }
  world.known.set(jobId, { kind: 'not-found', sinceMs: nowMs, untilMs });
  const bookId = bookOfJob(jobId);
  if (bookId === null) return;
  world.entries.delete(bookId);
  world.tell({ kind: 'book', bookId });
}

export function createBooks(world: World): BookStore {
  const copies = (): StoredBook[] => [...world.known.values()].flatMap((known) => (known.kind === 'book' ? [{ ...known.book }] : []));
  return {
    async find(jobId, nowMs): Promise<Found | null> {
      const { known } = follow(world, jobId);
      if (known === null || isOver(known, nowMs)) return null;
      return known.kind === 'book' ? { kind: 'book', book: { ...known.book } } : { ...known };
    },
    put: async (book, aliases, keepUntilMs) => putCopy(world, book, aliases, keepUntilMs),
    async delete(bookId) {
      const name = jobOfBook(bookId);
      const known = world.known.get(name);
      if (known === undefined || known.kind === 'alias') return false;
      world.tell({ kind: 'book', bookId });
      world.entries.delete(bookId);
      return world.known.delete(name);
    },
    async read(bookIds, nowMs) {
      const known = bookIds.map((bookId) => world.known.get(jobOfBook(bookId)));
      return known.flatMap((one) => (one?.kind === 'book' && !isOver(one, nowMs) ? [{ ...one.book }] : []));
    },
    async list(afterId, limit) {
      return copies()
        .filter((book) => Number(book.bookId) > Number(afterId))
        .sort((a, b) => Number(a.bookId) - Number(b.bookId))
        .slice(0, limit);
    },
    count: async () => copies().length,
  };
}
