/** Pages that a user saved in a browser. They are read and kept by the same rules as crawled pages. */
import { bookReference, type BookId } from '../domain/identity.ts';
import { readPage, type PageReading } from '../parser/read-page.ts';
import { QuireError } from '../errors.ts';
import type { Store, StoredBook } from '../storage/store.ts';
import type { AnnounceBook } from './announce.ts';
import { toStoredBook } from './stored-book.ts';
import type { ParserWatch } from './parser-watch.ts';
import type { JobQueue } from './job-queue.ts';
import { spreadMs } from '../domain/backoff.ts';

export interface Upload {
  book: StoredBook;
  /** `poorer`: the copy in the store has more fields and stays. */
  stored: 'stored' | 'older' | 'poorer';
}

export interface Uploads {
  /** Reads `body` as the page of `bookId`. Throws `page-refused` with the reason when it is another book's page, or no book page. */
  put(bookId: BookId, body: Uint8Array): Promise<Upload>;
}

export interface UploadsOptions {
  store: Store;
  queue: Pick<JobQueue, 'cancel'>;
  watch: ParserWatch;
  settings: { bookTtlMs: number; bookRetentionMs: number };
  /** Is called for every page that was stored or that settled a job. */
  announce: AnnounceBook;
  now?: () => number;
  random?: () => number;
}

const refusal = (reading: Exclude<PageReading, { kind: 'book' }>): QuireError =>
  new QuireError('page-refused', `The page was read as "${reading.kind}": ${reading.reason}`);

export function createUploads({ store, queue, watch, settings, announce, now = Date.now, random = Math.random }: UploadsOptions): Uploads {
  return {
    async put(bookId, body) {
      const reference = bookReference(bookId);
      const reading = readPage({ status: 200, headers: {}, body, url: reference.url }, reference);
      if (reading.kind !== 'book') throw refusal(reading);
      const nowMs = now();
      const book = toStoredBook(reading.book, 'upload', nowMs, spreadMs(settings.bookTtlMs, random));
      const live = await store.jobs.get(reference.jobId);
      // The upload settles the job of this book and its waiters.
      const { settled, stored } = await store.jobs.settle({
        jobId: reference.jobId,
        run: null,
        nowMs,
        outcome: 'parsed',
        attempts: 0,
        book,
        keepUntilMs: nowMs + settings.bookRetentionMs,
      });
      if (settled && live) await queue.cancel([{ jobId: reference.jobId, run: live.run }]);
      watch.observe('book', reading.book, stored);
      // When the announcement fails the caller gets an error, and sends the page again.
      if (settled || stored === 'stored')
        await announce({ jobId: reference.jobId, run: live?.run ?? `put-${book.etag}`, settledAtMs: nowMs, book });
      return { book, stored: stored ?? 'stored' };
    },
  };
}
