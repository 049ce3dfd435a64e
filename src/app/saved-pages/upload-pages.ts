/**
 * Pages that people bring: each book page is read and kept like a crawled one, and the books of each collection page become one batch. So
 * people whose browser may see Goodreads can go on while the source is blocked.
 */
import { cutText, storableText } from '../../domain/storable-text.ts';
import { bookReference, type BookId } from '../../domain/identity.ts';
import { QuireError } from '../../errors.ts';
import { readListing } from '../../parser/listing/read-listing.ts';
import type { ListingFamily } from '../../parser/listing/listing.ts';
import type { Batches } from '../batches/batch-view.ts';
import type { Uploads } from '../upload-page.ts';
import { readSavedFile } from './read-file.ts';
import type { SavedFile, SavedPage } from './saved-page.ts';

const MAX_NAME = 512;
/** The most books that the collection pages of one upload may bring: as many as one list of links has. */
const MAX_LISTED = 10_000;

/** What became of one page. */
export interface UploadedEntry {
  /** Its name in the upload, or its address in an archive of answers. */
  name: string;
  /**
   * `stored`, `older`, `poorer`: the page of a book was read; the last two mean that the stored copy stays. `collection`: the page lists
   * books, and they are in the batch of the answer. `refused`: it was not read, and `reason` says why.
   */
  outcome: 'stored' | 'older' | 'poorer' | 'collection' | 'refused';
  bookId?: string;
  /** What kind of collection the page shows. */
  family?: ListingFamily;
  /** How many books it lists. */
  books?: number;
  reason?: string;
}

export interface UploadedPages {
  entries: UploadedEntry[];
  /** Files that are no pages, such as images and scripts. */
  ignored: number;
  /** The batch of all books that the collection pages list. */
  batchId?: string;
}

export type UploadPages = (files: readonly SavedFile[]) => Promise<UploadedPages>;

/** The books of collection pages, each once. */
class Listed {
  readonly #books = new Set<BookId>();

  /** Takes the books of a page, or none of them when they do not fit. */
  take(books: readonly BookId[]): boolean {
    const fresh = books.filter((book) => !this.#books.has(book));
    if (this.#books.size + fresh.length > MAX_LISTED) return false;
    for (const book of fresh) this.#books.add(book);
    return true;
  }

  links(): string[] {
    return [...this.#books].map((book) => bookReference(book).url);
  }
}

/**
 * Makes the use case. It takes pages one after the other; one that cannot be read spoils no other. It rejects with `invalid-request` when
 * the only file is an archive of which nothing can be read, with `rate-limited` when the listed books do not fit into the queue, and with
 * `store-unavailable`. What was read before stays, and sending the pages again does no harm.
 */
export function createUploadPages({ uploads, submit }: { uploads: Pick<Uploads, 'take'>; submit: Batches['submit'] }): UploadPages {
  const takePage = async (page: SavedPage, listed: Listed): Promise<UploadedEntry> => {
    try {
      const { book, stored } = await uploads.take(page);
      return { name: page.name, outcome: stored, bookId: book.bookId };
    } catch (error) {
      if (!(error instanceof QuireError) || error.code !== 'page-refused') throw error;
      return takeListing(page, listed) ?? { name: page.name, outcome: 'refused', reason: error.message };
    }
  };

  return async (files) => {
    const entries: UploadedEntry[] = [];
    const listed = new Listed();
    let ignored = 0;
    const add = (entry: UploadedEntry): void => void entries.push({ ...entry, name: storableText(cutText(entry.name, MAX_NAME)) });
    for (const file of files) {
      try {
        for await (const found of readSavedFile(file)) {
          if (found.kind === 'ignored') ignored += 1;
          else if (found.kind === 'refused') add({ name: found.name, outcome: 'refused', reason: found.reason });
          else add(await takePage(found, listed));
        }
      } catch (error) {
        const isDamage = error instanceof QuireError && error.code === 'invalid-request';
        if (!isDamage || (files.length === 1 && entries.length === 0)) throw error;
        add({ name: file.name, outcome: 'refused', reason: error.message });
      }
    }
    const links = listed.links();
    if (links.length === 0) return { entries, ignored };
    const { batchId } = await submit({ links, priority: 'normal', maxAgeMs: null, webhook: null });
    return { entries, ignored, batchId };
  };
}

/** What becomes of a page that lists books; `null` for other pages. */
function takeListing({ name, status, url, body }: SavedPage, listed: Listed): UploadedEntry | null {
  const reading = readListing({ status, headers: {}, url, body }, null);
  if (reading.kind !== 'listing') return null;
  const { books, family } = reading;
  if (listed.take(books)) return { name, outcome: 'collection', family, books: books.length };
  const reason = `The pages list more than ${MAX_LISTED.toLocaleString('en')} books: send this page in another request.`;
  return { name, outcome: 'refused', reason };
}
