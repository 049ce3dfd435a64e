/** The entries of a submission: each once, and what it names. */
import type { CollectionReference } from '../domain/collection.ts';
import { inputOf, keyOfEntry } from '../domain/batch.ts';
import { keyOfReference, parseEntry } from '../domain/entry.ts';
import type { BookReference } from '../domain/identity.ts';
import { QuireError, type Fault } from '../errors.ts';
import type { SubmittedItem } from '../storage/store.ts';
import { disallowedRecord, firstRecord } from './collections/progress.ts';

const MOST_FAULTS = 100;

/** An entry, once, however often it was sent. What it names is not kept: a file has 50,000 of them, and reading one takes a microsecond. */
export interface SentEntry {
  link: unknown;
  /** Its first place in the list as it was sent. */
  sentAt: number;
  duplicates: number;
}

/** An entry and what it names. */
export interface ReadEntry {
  item: SubmittedItem;
  reference: BookReference | CollectionReference | null;
  /** Why robots.txt forbids the page. */
  forbidden: string | null;
}

/** Each entry once, in the order sent. Those that name the same thing are one, with a count. */
export function collapse(links: readonly unknown[]): SentEntry[] {
  const byKey = new Map<string, SentEntry>();
  for (const [sentAt, link] of links.entries()) {
    const parsed = parseEntry(link);
    const key = parsed.ok === true ? keyOfReference(parsed.reference) : `invalid ${keyOfEntry(link)}`;
    const known = byKey.get(key);
    if (known) known.duplicates += 1;
    else byKey.set(key, { link, sentAt, duplicates: 0 });
  }
  return [...byKey.values()];
}

/** Reads what an entry names. `index` is its place in the batch. */
export function readEntry({ link, duplicates }: SentEntry, index: number): ReadEntry {
  const parsed = parseEntry(link);
  const reference = parsed.ok === true ? parsed.reference : null;
  const forbidden = parsed.ok === 'disallowed' ? parsed.reason : null;
  const collection = reference?.kind === 'collection' ? firstRecord(reference) : forbidden === null ? null : disallowedRecord(forbidden);
  return {
    reference,
    forbidden,
    item: {
      index,
      input: inputOf(link),
      jobId: reference === null || reference.kind === 'collection' ? null : reference.jobId,
      bookId: reference?.kind === 'book' ? reference.bookId : null,
      duplicates,
      reason: parsed.ok === false ? parsed.reason : null,
      ...(collection === null ? {} : { collection }),
    },
  };
}

/** How many entries name books. Throws `no-valid-links` when none of them names anything. */
export function countBooks(entries: readonly SentEntry[], sent: number): number {
  let books = 0;
  let named = 0;
  for (const { link } of entries) {
    const parsed = parseEntry(link);
    if (parsed.ok !== false) named += 1;
    if (parsed.ok === true && parsed.reference.kind !== 'collection') books += 1;
  }
  if (named > 0) return books;
  const errors: Fault[] = entries.slice(0, MOST_FAULTS).map((entry, index) => ({
    pointer: `/${entry.sentAt}`,
    detail: readEntry(entry, index).item.reason ?? 'invalid',
  }));
  const which = sent === 1 ? 'The link names no Goodreads book' : `None of the ${sent} links names a Goodreads book`;
  throw new QuireError('no-valid-links', `${which}. A link looks like https://www.goodreads.com/book/show/2767052.`, { errors });
}
