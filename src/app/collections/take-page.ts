/** What a page of a collection adds to its progress: which books are taken, and whether reading goes on. Pure. */
import type { CollectionLimits } from '../../domain/batch.ts';
import type { CollectionFamily } from '../../domain/collection.ts';
import { ORIGIN, type BookId } from '../../domain/identity.ts';
import { iso } from '../../domain/time/iso.ts';
import type { Listing } from '../../parser/listing/listing.ts';
import type { CollectionProgress } from './progress.ts';

/** Limits of a batch whose caller sets none, and of batches of earlier versions. */
export const DEFAULT_LIMITS: Readonly<CollectionLimits> = { maxBooks: 1_000, maxPages: null, deadlineMs: null, editions: 'as-listed' };

/** Goodreads ends every list at this page. */
const LAST_PAGE_OF_LIST = 100;

const shown = (n: number): string => n.toLocaleString('en-US');

/** Ends a collection as expanded. `cutOff` says why it was not read whole; `null` when it was. */
export const expanded = (progress: CollectionProgress, cutOff: string | null): CollectionProgress => ({
  ...progress,
  end: { state: 'expanded', reason: cutOff },
});

/** Why the next page is not read, as far as the caller's limits say; `null` when they allow it. */
export function limitReached({ taken, pages }: CollectionProgress, limits: CollectionLimits, nowMs: number): string | null {
  if (limits.deadlineMs !== null && nowMs >= limits.deadlineMs) return `The deadline ${iso(limits.deadlineMs)} is over.`;
  if (taken >= limits.maxBooks) return `maxBooks is ${shown(limits.maxBooks)}, and there are more pages.`;
  if (limits.maxPages !== null && pages >= limits.maxPages) return `maxPages is ${shown(limits.maxPages)}, and there are more pages.`;
  return null;
}

/**
 * The progress after a page. `isNew` says whether no page before had a book.
 *
 * A page that is not the one asked for, or that brings no new book, ends the collection: Goodreads answers page 1 again where it will not
 * show more, and an empty page past the end.
 */
export function takePage(
  before: CollectionProgress,
  listing: Listing,
  { limits, isNew }: { limits: CollectionLimits; isNew: (book: BookId) => boolean },
): CollectionProgress {
  const page = before.pages + 1;
  const isOther = page > 1 && listing.page !== null && listing.page !== page;
  if (isOther) return expanded(before, `Goodreads answered page ${listing.page} when page ${page} was asked for.`);
  const fresh = listing.books.flatMap((book, at) => (isNew(book) ? [{ book, work: listing.works[at] ?? null }] : []));
  if (page > 1 && fresh.length === 0)
    return expanded(before, listing.books.length === 0 ? null : `Page ${page} has no book that the pages before do not have.`);

  const works = new Set(before.works);
  const wanted = limits.editions === 'as-listed' ? fresh : fresh.filter(({ work }) => work === null || takeWork(works, work));
  const pending = wanted.slice(0, limits.maxBooks - before.taken).map(({ book }) => book);
  const after: CollectionProgress = {
    ...before,
    pages: page,
    title: before.title ?? listing.title,
    claimed: listing.totalBooks ?? before.claimed,
    found: before.found + fresh.length,
    taken: before.taken + pending.length,
    pending,
    works: [...works],
    attempts: 0,
    missingAtMs: null,
  };
  if (pending.length < wanted.length) return expanded(after, `maxBooks is ${shown(limits.maxBooks)}, and there are more books.`);
  const goesOn = listing.next === true && !(after.family === 'list' && page >= LAST_PAGE_OF_LIST);
  return goesOn ? after : expanded(after, limitOfSource(after));
}

function takeWork(works: Set<string>, work: string): boolean {
  if (works.has(work)) return false;
  works.add(work);
  return true;
}

const LIMITS_OF_SOURCE: Partial<Record<CollectionFamily, (progress: CollectionProgress) => string | null>> = {
  list: ({ pages, found }) =>
    pages < LAST_PAGE_OF_LIST
      ? null
      : `Goodreads ends every list at page ${LAST_PAGE_OF_LIST}: it shows ${shown(found)} books of this one.`,
  shelf: ({ found }) => `Goodreads shows the first ${shown(found)} books of a shelf to people who are not signed in.`,
  genre: () => 'Goodreads shows a changing selection of the books of a genre.',
  author: ({ found, id }) => `The page of an author shows ${shown(found)} books: send ${ORIGIN}/author/list/${id} for all.`,
};

/** Why Goodreads does not show all books of a collection; `null` when it does, or says nothing of more. */
function limitOfSource(progress: CollectionProgress): string | null {
  const { family, claimed, found } = progress;
  const isWhole = claimed !== null && found >= claimed;
  return family === null || isWhole ? null : (LIMITS_OF_SOURCE[family]?.(progress) ?? null);
}
