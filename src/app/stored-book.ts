/** Turns a parse into what a store keeps. */
import { createHash } from 'node:crypto';
import type { Book, ParsedBook } from '../domain/book.ts';
import { richness } from '../domain/richness.ts';
import { searchEntry } from '../domain/search/entry.ts';
import { serializeBook } from '../domain/serialize-book.ts';
import type { StoredBook } from '../storage/store.ts';
import { iso } from '../domain/time/iso.ts';

/** `etag` changes with the bytes; times are in milliseconds since the epoch. */
export function toStoredBook(parsed: ParsedBook, via: Book['via'], fetchedAtMs: number, freshForMs: number): StoredBook {
  const body = serializeBook({ ...parsed, fetchedAt: iso(fetchedAtMs), via });
  return {
    bookId: parsed.id as StoredBook['bookId'],
    body,
    etag: createHash('sha1').update(body).digest('base64url').slice(0, 16),
    fetchedAtMs,
    freshUntilMs: fetchedAtMs + freshForMs,
    richness: richness(parsed),
    entry: searchEntry(parsed),
  };
}
