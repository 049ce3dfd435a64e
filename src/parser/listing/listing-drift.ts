/** Finds drift of pages that list books: counters by family, and what a change in them means. Pure. */
import { COLLECTION_FAMILIES, type CollectionFamily } from '../../domain/collection.ts';
import type { ListingReading } from './listing.ts';

/** What a page or its rows carry. A row's field counts when at least half of the rows have it. */
const FIELDS = ['title', 'totalBooks', 'titles', 'authors', 'works', 'positions'] as const;
type Field = (typeof FIELDS)[number];

/** Names of the counters: `listing:<family>`, `listing-unread:<family>`, `listing-row-unread:<family>`, `listing-found:<family>:<field>`. */
type Counts = Record<string, number>;

export interface FamilyHealth {
  family: CollectionFamily;
  /** Pages that were read. */
  pages: { recent: number; before: number };
  /** Share of pages of the family that were not recognised, 0 to 1; `null` without pages. */
  unrecognised: { recent: number | null; before: number | null };
  /** Rows without a readable book, on pages that were read. */
  unreadRows: { recent: number; before: number };
  /** The fields that fewer pages carry than before. */
  absent: Field[];
  drifting: boolean;
}

/** Fewer pages than this prove nothing about a field. */
const ENOUGH_PAGES = 20;
/** A page that is not recognised ends a collection, so a few of them are enough. */
const ENOUGH_UNRECOGNISED = 3;
const DROP = 0.2;
const DROP_OF_UNRECOGNISED = 0.05;

const mostly = (values: unknown[]): boolean => values.filter((value) => value !== null).length * 2 >= values.length;

/** What one answer adds to the counters. Answers that say nothing about the layout add none. A page past the end has no rows to count. */
export function countsOfListing(family: CollectionFamily, reading: ListingReading): Counts {
  if (reading.kind === 'unrecognised') return { [`listing-unread:${family}`]: 1 };
  if (reading.kind !== 'listing' || reading.books.length === 0) return {};
  const counts: Counts = { [`listing:${family}`]: 1 };
  if (reading.unreadRows > 0) counts[`listing-row-unread:${family}`] = reading.unreadRows;
  for (const field of FIELDS) {
    const value = reading[field];
    if (Array.isArray(value) ? mostly(value) : value !== null) counts[`listing-found:${family}:${field}`] = 1;
  }
  return counts;
}

/** Compares the last hours with the days before, family by family. Families without pages are left out. */
export function compareFamilies(recent: Counts, before: Counts): FamilyHealth[] {
  return COLLECTION_FAMILIES.map((family) => compareFamily(family, recent, before)).filter(
    ({ pages, unrecognised }) => pages.recent + pages.before > 0 || unrecognised.recent !== null || unrecognised.before !== null,
  );
}

function compareFamily(family: CollectionFamily, recent: Counts, before: Counts): FamilyHealth {
  const pages = { recent: recent[`listing:${family}`] ?? 0, before: before[`listing:${family}`] ?? 0 };
  const lost = (counts: Counts, read: number): number | null => {
    const unread = counts[`listing-unread:${family}`] ?? 0;
    return read + unread === 0 ? null : unread / (read + unread);
  };
  const unrecognised = { recent: lost(recent, pages.recent), before: lost(before, pages.before) };
  const enough = pages.recent >= ENOUGH_PAGES && pages.before >= ENOUGH_PAGES;
  const share = (counts: Counts, field: Field, of: number): number => (counts[`listing-found:${family}:${field}`] ?? 0) / of;
  const fell = (field: Field): boolean => share(before, field, pages.before) - share(recent, field, pages.recent) > DROP;
  const absent = enough ? FIELDS.filter((field) => fell(field)) : [];
  const unread = recent[`listing-unread:${family}`] ?? 0;
  const unreadable = unread >= ENOUGH_UNRECOGNISED && (unrecognised.recent ?? 0) - (unrecognised.before ?? 0) > DROP_OF_UNRECOGNISED;
  const unreadRows = { recent: recent[`listing-row-unread:${family}`] ?? 0, before: before[`listing-row-unread:${family}`] ?? 0 };
  return { family, pages, unrecognised, unreadRows, absent, drifting: absent.length > 0 || unreadable };
}
