/** Pages that a user saved in a browser. They are read and kept by the same rules as crawled pages. */
import { asinReference, bookReference, isbnReference, parseAsin, type BookId, type Isbn13, type JobId } from '../domain/identity.ts';
import { readPage, type PageReading } from '../parser/read-page.ts';
import type { ParsedBook } from '../domain/book.ts';
import type { Log } from '../domain/log.ts';
import { QuireError } from '../errors.ts';
import type { Store, StoredBook } from '../storage/store.ts';
import type { AnnounceBook } from './announce.ts';
import type { EndBatch } from './batches/end-batch.ts';
import { settleParsed } from './batches/hunt.ts';
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
  /**
   * Reads a page that names its book itself. A page with a time counts as fetched then, so it never replaces a newer copy. Throws
   * `page-refused` with the reason when it is no book page.
   */
  take(page: TakenPage): Promise<Upload>;
}

/** A page of which nobody said which book it is. */
export interface TakenPage {
  body: Uint8Array;
  /** Its address, or ''. */
  url: string;
  /** The HTTP status of the answer. */
  status: number;
  /** When it was fetched, in milliseconds since the epoch; `null` when nobody knows. */
  savedAtMs: number | null;
}

export interface UploadsOptions {
  store: Store;
  queue: Pick<JobQueue, 'cancel'>;
  watch: ParserWatch;
  settings: { bookTtlMs: number; bookRetentionMs: number };
  /** Is called for every page that was stored or that settled a job. */
  announce: AnnounceBook;
  endBatch: EndBatch;
  log: Log;
  now?: () => number;
  random?: () => number;
}

const refusal = (reading: Exclude<PageReading, { kind: 'book' }>): QuireError =>
  new QuireError('page-refused', `The page was read as "${reading.kind}": ${reading.reason}`);

export function createUploads(options: UploadsOptions): Uploads {
  const { now = Date.now } = options;
  return {
    async put(bookId, body) {
      const reference = bookReference(bookId);
      const reading = readPage({ status: 200, headers: {}, body, url: reference.url }, reference);
      if (reading.kind !== 'book') throw refusal(reading);
      return keep(options, reference.jobId, reading.book, now());
    },
    async take({ body, url, status, savedAtMs }) {
      const reading = readPage({ status, headers: {}, body, url }, null);
      if (reading.kind !== 'book') throw refusal(reading);
      const fetchedAtMs = Math.min(savedAtMs ?? Infinity, now());
      const upload = await keep(options, bookReference(reading.book.id as BookId).jobId, reading.book, fetchedAtMs);
      // A batch that names the book by its ISBN or ASIN waits under another name.
      for (const jobId of otherNames(reading.book))
        if (await options.store.jobs.isLive(jobId)) await keep(options, jobId, reading.book, fetchedAtMs);
      return upload;
    },
  };
}

function otherNames({ isbn13, asin }: ParsedBook): JobId[] {
  const known = asin === null ? null : parseAsin(asin);
  return [...(isbn13 === null ? [] : [isbnReference(isbn13 as Isbn13).jobId]), ...(known === null ? [] : [asinReference(known).jobId])];
}

/** Stores the book, and settles the job of that name and its waiters. */
async function keep(
  { store, queue, watch, settings, announce, endBatch, log, now = Date.now, random = Math.random }: UploadsOptions,
  jobId: JobId,
  parsed: ParsedBook,
  fetchedAtMs: number,
): Promise<Upload> {
  const nowMs = now();
  const book = toStoredBook(parsed, 'upload', fetchedAtMs, spreadMs(settings.bookTtlMs, random));
  const live = await store.jobs.get(jobId);
  const { settled, stored } = await settleParsed(
    { store, endBatch, log },
    { jobId, run: null, nowMs, outcome: 'parsed', attempts: 0, book, keepUntilMs: nowMs + settings.bookRetentionMs },
  );
  if (settled && live) await queue.cancel([{ jobId, run: live.run }]);
  watch.observe('book', parsed, stored);
  // When the announcement fails the caller gets an error, and sends the page again.
  if (settled || stored === 'stored') await announce({ jobId, run: live?.run ?? `put-${book.etag}`, settledAtMs: nowMs, book });
  return { book, stored: stored ?? 'stored' };
}
