/** Erases what is kept of a book: its copy with its search entry, the pages that were not recognised, and answers of Goodreads that name it. */
import { asinReference, bookReference, isbnReference, parseAsin, parseIsbn, type BookId, type JobId } from '../domain/identity.ts';
import type { Store } from '../storage/store.ts';
import type { Answers } from './look-ups/answers.ts';
import { MAX_KEPT_PAGES } from './process-book.ts';

/** An end in the past, for the store's clock too: such a page is gone at once. */
const LONG_AGO_MS = 1;

export interface ForgetBookDeps {
  store: { books: Pick<Store['books'], 'read' | 'delete'>; pages: Store['pages'] };
  answers: Pick<Answers, 'forget'>;
  now: () => number;
}

/** Resolves to whether anything was kept of the book. */
export type ForgetBook = (bookId: BookId) => Promise<boolean>;

export function createForgetBook({ store, answers, now }: ForgetBookDeps): ForgetBook {
  const erasePage = async (jobId: JobId): Promise<boolean> => {
    const nowMs = now();
    if ((await store.pages.get(jobId, nowMs)) === null) return false;
    await store.pages.keep(jobId, Buffer.alloc(0), { nowMs, expireAtMs: LONG_AGO_MS, maxPages: MAX_KEPT_PAGES });
    return true;
  };

  return async (bookId) => {
    // The copy tells under which other names a page may be kept, so it goes last.
    const [copy] = await store.books.read([bookId], now());
    const pages = await Promise.all([bookReference(bookId).jobId, ...(copy ? namesIn(copy.body) : [])].map(erasePage));
    const forgotten = await answers.forget(bookId);
    return (await store.books.delete(bookId)) || forgotten > 0 || pages.includes(true);
  };
}

/** The other jobs that may have asked for a book, by its JSON. */
function namesIn(body: Buffer): JobId[] {
  const { isbn13, asin } = JSON.parse(body.toString('utf8')) as { isbn13?: string | null; asin?: string | null };
  const [byIsbn, byAsin] = [parseIsbn(isbn13 ?? ''), parseAsin(asin ?? '')];
  return [...(byIsbn ? [isbnReference(byIsbn).jobId] : []), ...(byAsin ? [asinReference(byAsin).jobId] : [])];
}
