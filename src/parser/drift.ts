/** Finds drift: counters by field and layer, and what a change in them means. Pure. */
import type { ParsedBook } from '../domain/book.ts';
import { FIELDS } from '../domain/richness.ts';
import { compareFamilies, type FamilyHealth } from './listing/listing-drift.ts';

/** Names of the counters: `page:<layout>`, `found:<field>:<layer>`, `missing:<field>`, `reading:<kind>`, `stored:<what>`. Those of lists are in `listing-drift.ts`. */
export type ParserCounts = Record<string, number>;

const isEmpty = (value: unknown): boolean => value === null || (Array.isArray(value) && value.length === 0);

/** What one book adds to the counters. */
export function countsOfBook(book: ParsedBook): ParserCounts {
  const counts: ParserCounts = { 'reading:book': 1, [`page:${book.layout}`]: 1 };
  for (const field of FIELDS) {
    counts[isEmpty(book[field]) ? `missing:${field}` : `found:${field}:${book.sources[field] ?? book.layout}`] = 1;
  }
  return counts;
}

export interface FieldHealth {
  field: string;
  /** Share of pages that had the field, 0 to 1; `null` without pages. */
  recent: number | null;
  before: number | null;
  /** The layer that gave it most often recently. */
  layer: string | null;
  layerBefore: string | null;
  drifting: boolean;
}

export interface ParserHealth {
  /** `unknown`: there are too few pages. */
  state: 'steady' | 'drifting' | 'unknown';
  pages: { recent: number; before: number };
  /** Pages of an unknown kind, as a share of all pages that may be books. */
  unrecognised: { recent: number | null; before: number | null };
  /** Parses that did not replace a richer copy. */
  poorer: { recent: number; before: number };
  fields: FieldHealth[];
  /** Pages that list books, by family. Families without pages are left out. */
  families: FamilyHealth[];
}

/** Fewer pages than this prove nothing. */
const ENOUGH_PAGES = 20;
/** A share that falls by this much is drift. For a field that was on nearly every page, a smaller fall is enough. */
const DROP = 0.2;
const DROP_OF_STEADY = 0.05;
const STEADY = 0.98;

const sum = (counts: ParserCounts, prefix: string): number =>
  Object.entries(counts).reduce((n, [name, count]) => (name.startsWith(prefix) ? n + count : n), 0);

function layerOf(counts: ParserCounts, field: string): string | null {
  const prefix = `found:${field}:`;
  const best = Object.entries(counts)
    .filter(([name]) => name.startsWith(prefix))
    .toSorted((a, b) => b[1] - a[1])[0];
  return best ? best[0].slice(prefix.length) : null;
}

/** Compares the last hours with the days before, and says which fields are drifting. */
export function compareHealth(recent: ParserCounts, before: ParserCounts): ParserHealth {
  const pages = { recent: recent['reading:book'] ?? 0, before: before['reading:book'] ?? 0 };
  const share = (counts: ParserCounts, field: string, of: number): number | null => (of === 0 ? null : sum(counts, `found:${field}:`) / of);
  const enough = pages.recent >= ENOUGH_PAGES && pages.before >= ENOUGH_PAGES;
  const fields = FIELDS.map((field): FieldHealth => {
    const now = share(recent, field, pages.recent);
    const then = share(before, field, pages.before);
    const fell = enough && now !== null && then !== null && then - now > (then >= STEADY ? DROP_OF_STEADY : DROP);
    const layer = layerOf(recent, field);
    const layerBefore = layerOf(before, field);
    return {
      field,
      recent: now,
      before: then,
      layer,
      layerBefore,
      drifting: fell || (enough && layer !== null && layerBefore !== null && layer !== layerBefore),
    };
  });
  const lost = (counts: ParserCounts, books: number): number | null => {
    const unread = counts['reading:unrecognised'] ?? 0;
    return books + unread === 0 ? null : unread / (books + unread);
  };
  const unrecognised = { recent: lost(recent, pages.recent), before: lost(before, pages.before) };
  const seen = pages.recent + (recent['reading:unrecognised'] ?? 0);
  // A new layout shows as pages that are not recognised, before any field is absent.
  const unreadable = seen >= ENOUGH_PAGES && (unrecognised.recent ?? 0) - (unrecognised.before ?? 0) > DROP_OF_STEADY;
  const families = compareFamilies(recent, before);
  const drifting = unreadable || [...fields, ...families].some((part) => part.drifting);
  return {
    state: drifting ? 'drifting' : enough ? 'steady' : 'unknown',
    pages,
    unrecognised,
    poorer: { recent: recent['stored:poorer'] ?? 0, before: before['stored:poorer'] ?? 0 },
    fields,
    families,
  };
}
