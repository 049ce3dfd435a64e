/** A page that a person saved, on its own or inside an archive. */
import { QuireError } from '../../errors.ts';

/** What a person sends: one file with its name. The name is only shown, and never used as a path. */
export interface SavedFile {
  name: string;
  bytes: Buffer;
}

/** One page of a file. */
export interface SavedPage {
  kind: 'page';
  name: string;
  /** The address that the archive gives; '' when the file gives none. */
  url: string;
  /** The HTTP status that the archive gives, otherwise 200. */
  status: number;
  /** When the page was fetched, in milliseconds since the epoch; `null` when the file does not say so. */
  savedAtMs: number | null;
  body: Buffer;
}

/** What a file has, in its order. */
export type SavedEntry =
  | SavedPage
  /** A page that is not read. `reason` is a sentence. */
  | { kind: 'refused'; name: string; reason: string }
  /** A file that is no page: an image, a script. */
  | { kind: 'ignored' };

/** The largest page that is read, in bytes: what the crawler takes too. */
export const MAX_PAGE_BYTES = 8 * 1024 * 1024;
/** The most entries of one archive that are looked at. */
export const MAX_ENTRIES = 5_000;
/** The most bytes that all pages of one archive may have, decompressed. */
export const MAX_ARCHIVE_BYTES = 256 * 1024 * 1024;

const MIB = 1024 * 1024;

export const pageTooLarge = (name: string): SavedEntry => ({
  kind: 'refused',
  name,
  reason: `The page has more than ${MAX_PAGE_BYTES / MIB} MiB.`,
});

/** Ends a listing whose archive goes on. */
export const archiveTooLarge = (name: string): SavedEntry => ({
  kind: 'refused',
  name,
  reason: `The archive has more than ${MAX_ENTRIES.toLocaleString('en')} entries or ${MAX_ARCHIVE_BYTES / MIB} MiB of pages: send this entry and all after it in another archive.`,
});

/** The error for an archive that cannot be read to its end. The pages before that place are read. */
export function damaged(what: string, error: unknown): unknown {
  if (error instanceof QuireError) return error;
  const said = (error as Error).message.replace(/\.$/, '');
  return new QuireError('invalid-request', `The ${what} cannot be read to its end: ${said}. Send it whole.`, {
    errors: [{ pointer: '', detail: `must be a whole ${what}` }],
  });
}

/** Whether a media type is that of a web page. */
export const isHtmlType = (type: string | null | undefined): boolean =>
  /^\s*(?:text\/html|application\/xhtml\+xml)\s*(?:;|$)/i.test(type ?? '');

/** Counts what an archive has brought, against its limits. */
export class ArchiveBudget {
  #entries = 0;
  #bytes = 0;

  /** Whether one more entry fits. */
  takesEntry(): boolean {
    this.#entries += 1;
    return this.#entries <= MAX_ENTRIES;
  }

  /** Whether a page of so many bytes fits. */
  takesBytes(bytes: number): boolean {
    this.#bytes += bytes;
    return this.#bytes <= MAX_ARCHIVE_BYTES;
  }
}
