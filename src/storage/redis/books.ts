/** Books on Redis: a copy is one string, a header of fixed width and then the bytes that are served. */
import type { BookId, JobId } from '../../domain/identity.ts';
import { writeNow } from '../../grafts/ioredis-shared-writes.ts';
import type { BookStore, Found, StoredBook } from '../store.ts';
import { asked, type RedisClient } from './connection.ts';
import { HEADER_BYTES, MOST_HOPS } from './scripts.ts';

const digits = (value: number, width: number): string => String(Math.max(0, Math.round(value))).padStart(width, '0');

/** The string a copy is kept as. */
export function encodeCopy(book: StoredBook): Buffer {
  if (book.etag.length !== 16) throw new Error(`an etag has 16 characters, this one ${book.etag.length}`);
  const header = `Q${digits(book.fetchedAtMs, 13)}${digits(book.freshUntilMs, 13)}${digits(Math.min(book.richness, 999), 3)}${book.etag}\n`;
  return Buffer.concat([Buffer.from(header, 'latin1'), book.body]);
}

/** What a stored value says; `null` for an alias, which leads elsewhere. The body is a view on `value`, not a copy. */
export function decodeValue(value: Buffer, bookId: BookId): Found | null {
  const header = value.toString('latin1', 0, HEADER_BYTES - 1);
  if (header[0] === 'M') return { kind: 'not-found', sinceMs: Number(header.slice(1, 14)), untilMs: Number(header.slice(14, 27)) };
  if (header[0] !== 'Q') return null;
  return {
    kind: 'book',
    book: {
      bookId,
      fetchedAtMs: Number(header.slice(1, 14)),
      freshUntilMs: Number(header.slice(14, 27)),
      richness: Number(header.slice(27, 30)),
      etag: header.slice(30, 46),
      body: value.subarray(HEADER_BYTES),
    },
  };
}

/** First byte of a value that leads to another book: an A. */
const ALIAS = 0x41;

/**
 * Follows an alias: the name that it leads to, what is kept under it, and how many reads it took. Only an earlier version left more than
 * one.
 */
export async function followAlias(
  alias: Buffer,
  read: (name: string) => Promise<Buffer | null>,
): Promise<{ name: string; value: Buffer | null; hops: number }> {
  let value: Buffer | null = alias;
  let name = '';
  let hops = 0;
  while (value?.[0] === ALIAS && hops < MOST_HOPS) {
    name = `book-${value.toString('latin1', 1)}`;
    value = await read(name);
    hops += 1;
  }
  return { name, value, hops };
}

/** Values read by one command at most: as many as Redis hands out without holding up others. */
const MOST_READ_AT_ONCE = 100;

interface Read {
  key: string;
  resolve: (value: Buffer | null) => void;
  reject: (error: unknown) => void;
}

/**
 * Reads values. What is asked for in one turn of the event loop goes as one command: writing to the socket costs more than the rest of a
 * read, and under load one turn has most of the reads of all connections.
 */
function createReader(redis: RedisClient): (key: string) => Promise<Buffer | null> {
  let waiting: Read[] = [];
  const send = (reads: Read[]): void => {
    asked(redis.mgetBuffer(reads.map((read) => read.key))).then(
      (values) => reads.forEach((read, at) => read.resolve(values[at] ?? null)),
      (error: unknown) => reads.forEach((read) => read.reject(error)),
    );
  };
  const flush = (): void => {
    const reads = waiting;
    waiting = [];
    for (let from = 0; from < reads.length; from += MOST_READ_AT_ONCE) send(reads.slice(from, from + MOST_READ_AT_ONCE));
    writeNow(redis);
  };
  return (key) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ key, resolve, reject });
    });
}

export function createBookStore(redis: RedisClient, prefix: string): BookStore {
  const readKey = createReader(redis);
  const read = (name: string): Promise<Buffer | null> => readKey(prefix + name);
  const decode = (value: Buffer | null, name: string, nowMs: number): Found | null => {
    const found = value && decodeValue(value, name.slice(5) as BookId);
    return found?.kind === 'not-found' && found.untilMs <= nowMs ? null : found;
  };
  const findThrough = async (alias: Buffer, jobId: JobId, nowMs: number): Promise<Found | null> => {
    const { name, value, hops } = await followAlias(alias, read);
    // The answer does not depend on it: a repair that fails is made at the next read.
    if (hops > 1) redis.repairAlias(prefix, jobId).catch(() => undefined);
    return decode(value, name, nowMs);
  };
  // This is the busiest path of all, and each promise costs: so it is no async function.
  const find = (jobId: JobId, nowMs: number): Promise<Found | null> =>
    read(jobId).then((value) => (value?.[0] === ALIAS ? findThrough(value, jobId, nowMs) : decode(value, jobId, nowMs)));

  return {
    find,
    async put(book, aliases, keepUntilMs) {
      const stored = await asked(redis.putBook(prefix, book.bookId, encodeCopy(book), keepUntilMs, book.entry ?? '', ...aliases));
      return String(stored) as 'stored' | 'older' | 'poorer';
    },
    async delete(bookId) {
      return Number(await asked(redis.deleteBook(prefix, bookId))) > 0;
    },
    async read(bookIds) {
      if (bookIds.length === 0) return [];
      const values = await asked(redis.mgetBuffer(bookIds.map((id) => `${prefix}book-${id}`)));
      return bookIds.flatMap((id, at) => {
        const found = values[at] ? decodeValue(values[at], id) : null;
        return found?.kind === 'book' ? [found.book] : [];
      });
    },
    async list(afterId, limit) {
      const books: StoredBook[] = [];
      let after = afterId ? `(${afterId}` : '-inf';
      while (books.length < limit) {
        const ids = await asked(redis.zrangebyscore(`${prefix}books`, after, '+inf', 'LIMIT', 0, limit - books.length));
        if (ids.length === 0) break;
        const values = await asked(redis.mgetBuffer(ids.map((id) => `${prefix}book-${id}`)));
        const expired: string[] = [];
        ids.forEach((id, at) => {
          const found = values[at] ? decodeValue(values[at], id as BookId) : null;
          if (found?.kind === 'book') books.push(found.book);
          else expired.push(id);
        });
        // Redis drops an expired copy by itself; its id in the list goes when a read notices.
        if (expired.length > 0) await asked(redis.forgetExpired(prefix, 'books', 'book-', ...expired));
        after = `(${ids.at(-1)}`;
      }
      return books;
    },
    count: () => asked(redis.zcard(`${prefix}books`)),
  };
}
