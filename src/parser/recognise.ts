/**
 * Recognises the kind of a page. Each mark is searched once, the cheapest and surest first: a search for an absent mark reads half a
 * megabyte.
 */
import { findLegacyTitle } from './legacy/read-legacy.ts';
import { isObject, type JsonObject } from './markup/json-slices.ts';
import { findJsonLd } from './next/json-ld.ts';
import { findNextScript, readNextState, type NextState } from './next/next-state.ts';
import { hasTestIdTitle } from './next/test-ids.ts';
import { BOOK_ROUTE } from './no-book.ts';

/** A page that shows a book. */
export type BookPage =
  /** The old layout. `title` is the tag `<h1 id="bookTitle">`. */
  | { kind: 'legacy'; title: { start: number; end: number } }
  /** The current layout with its data. `entry` is the book's own object. */
  | { kind: 'data'; state: NextState; entry: JsonObject }
  /** The current layout without usable data: cut off, or saved without it. */
  | { kind: 'rendered'; state: NextState | null; jsonLd: JsonObject | null };

export interface Recognised {
  /** `null`: the page shows no book. */
  book: BookPage | null;
  /** The data of the current layout; `null` when the page has none. */
  state: NextState | null;
}

/** Never throws. */
export function recognise(page: Buffer): Recognised {
  const marked = hasLegacyMark(page);
  if (marked) {
    const title = findLegacyTitle(page);
    if (title !== null) return { book: { kind: 'legacy', title }, state: null };
  }
  const script = findNextScript(page);
  const state = script === null ? null : readNextState(page, script);
  // A saved page of the old layout may have lost the mark.
  const title = marked || state !== null ? null : findLegacyTitle(page);
  return { book: title === null ? recogniseNext(page, state) : { kind: 'legacy', title }, state };
}

/** Every page of the old layout has `class="desktop…"` in its first lines. */
function hasLegacyMark(page: Buffer): boolean {
  return page.subarray(0, 512).includes('class="desktop');
}

function recogniseNext(page: Buffer, state: NextState | null): BookPage | null {
  if (state !== null) {
    const otherRoute = state.page !== null && !state.page.endsWith(BOOK_ROUTE);
    if (state.book === null || otherRoute) return null;
    if (isObject(state.book)) return { kind: 'data', state, entry: state.book };
  }
  const jsonLd = findJsonLd(page);
  return jsonLd !== null || hasTestIdTitle(page) ? { kind: 'rendered', state, jsonLd } : null;
}
