/** Which entries Quire can serve. The one place that refuses what `domain/entry.ts` reads and no part of Quire works on. */
import type { BookReferenceResult, EntryResult } from '../domain/entry.ts';

/** Kinds of entry that are read and not served, and what the caller is told. */
const NOT_SERVED = {
  collection: 'This version of Quire does not read collections of books: send the links of the books.',
} as const;

/** The book of an entry that Quire serves, else the reason for the caller. */
export function takenEntry(entry: EntryResult): BookReferenceResult {
  if (entry.ok !== true) return { ok: false, reason: entry.reason };
  const { reference } = entry;
  if (reference.kind !== 'collection') return { ok: true, reference };
  return { ok: false, reason: NOT_SERVED[reference.kind] };
}
