/** Finds books by words: those that are stored, and on request those that Goodreads' search box proposes. */
import type { Book } from '../../domain/book.ts';
import { asinReference, isbnReference, parseAsin, parseIsbn, type BookId, type BookReference } from '../../domain/identity.ts';
import type { SearchQuery } from '../../domain/search/query.ts';
import { iso } from '../../domain/time/iso.ts';
import type { Suggestion } from '../../parser/listing/listing.ts';
import type { Store, StoredBook } from '../../storage/store.ts';
import { searchBooks } from '../search-books.ts';
import type { LookUps } from './look-ups.ts';
import { findQuestion } from './question.ts';

export interface FoundItem {
  bookId: BookId;
  workId: string | null;
  title: string;
  author: string | null;
  /** Whether a copy of the book is stored. */
  stored: boolean;
  /** Only where an ISBN or an ASIN was asked for: whether the page of the book, as it is stored, names it. */
  verified?: boolean;
}

export interface FoundItems {
  items: FoundItem[];
  /** As in search-books.ts. */
  complete: boolean;
  /** How Goodreads was asked: not at all, just now, before (its answer is kept), or without an answer. */
  source: 'not-asked' | 'asked' | 'cached' | 'unknown';
  /** Why it is `unknown`, in a sentence. */
  reason: string | null;
  /** When Goodreads was asked, ISO 8601. */
  askedAt: string | null;
}

export interface FindQuery {
  /** As the caller wrote it. */
  text: string;
  /** The same, read. */
  query: SearchQuery;
  limit: number;
  askGoodreads: boolean;
}

export interface FindBooksOptions {
  store: Pick<Store, 'books' | 'search' | 'documents'>;
  lookUps: Pick<LookUps, 'ask'>;
  /** Fires when the process stops. */
  closing: AbortSignal;
  now: () => number;
}

/** The edition that a text names by its ISBN or ASIN; `null` for words. */
type Code = Extract<BookReference, { kind: 'isbn' | 'asin' }> | null;

function codeOf(text: string): Code {
  const [isbn13, asin] = [parseIsbn(text), parseAsin(text)];
  const reference = isbn13 === null ? asin && asinReference(asin) : isbnReference(isbn13);
  return reference as Code;
}

const names = (book: Book, code: NonNullable<Code>): boolean =>
  code.kind === 'asin' ? book.asin === code.asin : [book.isbn13, book.isbn10 && parseIsbn(book.isbn10)].includes(code.isbn13);

function storedItem({ body }: StoredBook, code: Code): FoundItem {
  const book = JSON.parse(body.toString('utf8')) as Book;
  const item = { bookId: book.id as BookId, workId: book.workId, title: book.title, author: book.author, stored: true };
  return code === null ? item : { ...item, verified: names(book, code) };
}

function suggestedItem({ bookId, workId, title, author }: Suggestion, code: Code): FoundItem {
  const item = { bookId, workId, title, author: author?.name ?? null, stored: false };
  return code === null ? item : { ...item, verified: false };
}

/**
 * The stored books come first, best first. Then come the suggestions of Goodreads that are not among them, in their order. Nothing of this is
 * stored. Rejects with `store-unavailable`.
 */
export async function findBooks(
  { store, lookUps, closing, now }: FindBooksOptions,
  { text, query, limit, askGoodreads }: FindQuery,
): Promise<FoundItems> {
  const nowMs = now();
  const code = codeOf(text);
  const [{ books, complete }, asked, named] = await Promise.all([
    searchBooks(store, query, { limit, nowMs }),
    askGoodreads ? lookUps.ask(findQuestion(text), closing) : null,
    code === null ? null : store.books.find(code.jobId, nowMs),
  ]);
  // What an ISBN or an ASIN led to before is the book, also where its page does not name it any more.
  const first = named?.kind === 'book' ? [named.book] : [];
  const others = books.filter(({ bookId }) => bookId !== first[0]?.bookId);
  const items = [...first, ...others].slice(0, limit).map((book) => storedItem(book, code));
  const answer = asked !== null && asked.state !== 'unknown' && asked.answer.kind === 'suggestions' ? asked.answer : null;
  const known = new Set(items.map(({ bookId }) => bookId));
  const rows = (answer?.rows ?? []).filter(({ bookId }) => !known.has(bookId)).slice(0, limit - items.length);
  const copies = new Map(
    (
      await store.books.read(
        rows.map(({ bookId }) => bookId),
        now(),
      )
    ).map((book) => [book.bookId, book]),
  );
  for (const row of rows) {
    const copy = copies.get(row.bookId);
    items.push(copy === undefined ? suggestedItem(row, code) : storedItem(copy, code));
  }
  return {
    items,
    complete,
    source: asked?.state ?? 'not-asked',
    reason: asked?.state === 'unknown' ? asked.reason : null,
    askedAt: answer === null ? null : iso(answer.askedAtMs),
  };
}
