/**
 * Pages that people bring: each book page is read and kept like a crawled one, and the books of each collection page become one batch. So
 * people whose browser may see Goodreads can go on while the source is blocked.
 */
import { cutText, storableText } from '../../domain/storable-text.ts';
import { QuireError } from '../../errors.ts';
import type { Uploads } from '../upload-page.ts';
import { readSavedFile } from './read-file.ts';
import type { SavedFile, SavedPage } from './saved-page.ts';

const MAX_NAME = 512;

/** What became of one page. */
export interface UploadedEntry {
  /** Its name in the upload, or its address in an archive of answers. */
  name: string;
  /**
   * `stored`, `older`, `poorer`: the page of a book was read; the last two mean that the stored copy stays. `refused`: it was not read, and
   * `reason` says why.
   */
  outcome: 'stored' | 'older' | 'poorer' | 'refused';
  bookId?: string;
  reason?: string;
}

export interface UploadedPages {
  entries: UploadedEntry[];
  /** Files that are no pages, such as images and scripts. */
  ignored: number;
}

export type UploadPages = (files: readonly SavedFile[]) => Promise<UploadedPages>;

/**
 * Makes the use case. It takes pages one after the other; one that cannot be read spoils no other. It rejects with `invalid-request` when
 * the only file is an archive of which nothing can be read, and with `store-unavailable`. What was read before stays, and sending the pages
 * again does no harm.
 */
export function createUploadPages({ uploads }: { uploads: Pick<Uploads, 'take'> }): UploadPages {
  const takePage = async (page: SavedPage): Promise<UploadedEntry> => {
    try {
      const { book, stored } = await uploads.take(page);
      return { name: page.name, outcome: stored, bookId: book.bookId };
    } catch (error) {
      if (!(error instanceof QuireError) || error.code !== 'page-refused') throw error;
      return { name: page.name, outcome: 'refused', reason: error.message };
    }
  };

  return async (files) => {
    const entries: UploadedEntry[] = [];
    let ignored = 0;
    const add = (entry: UploadedEntry): void => void entries.push({ ...entry, name: storableText(cutText(entry.name, MAX_NAME)) });
    for (const file of files) {
      try {
        for await (const found of readSavedFile(file)) {
          if (found.kind === 'ignored') ignored += 1;
          else add(found.kind === 'page' ? await takePage(found) : { name: found.name, outcome: 'refused', reason: found.reason });
        }
      } catch (error) {
        const isDamage = error instanceof QuireError && error.code === 'invalid-request';
        if (!isDamage || (files.length === 1 && entries.length === 0)) throw error;
        add({ name: file.name, outcome: 'refused', reason: error.message });
      }
    }
    return { entries, ignored };
  };
}
