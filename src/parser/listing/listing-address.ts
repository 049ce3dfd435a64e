/** Which collection, and which book, an address inside a page names. */
import { collectionOfPath } from '../../domain/collection.ts';
import { parseBookId, type BookId } from '../../domain/identity.ts';
import { address } from '../findings.ts';
import type { ListingFamily } from './listing.ts';

/** What an address names: a family, and the id as in {@link AskedListing}. The id of a search is empty: its question is in the page. */
export interface ListingAddress {
  family: ListingFamily;
  id: string;
}

const REVIEW_LIST = /^\/review\/list\/0*([1-9]\d{0,11})(?:[-.][^/]*)?\/?$/i;
const LOCALE = /^\/[a-z]{2,3}(?:-[a-z\d]{2,8}){0,2}(?=\/(?:list|series|author|work|review|shelf|genres|search|book)(?:\/|$))/i;
const BOOK = /^\/book\/show\/0*([1-9]\d{0,11})(?!\d)/i;

/** Path of an address of the source, without locale, query and fragment. `null` for other hosts. */
function pathOf(url: string | null): string | null {
  const own = address(url);
  const path = own === null ? null : (/^https:\/\/[^/?#]*([^?#]*)/.exec(own)?.[1] ?? null);
  return path === null ? null : path.replace(LOCALE, '');
}

/** The collection that an address names, relative or absolute; `null` for every other page. */
export function listingAddress(url: string | null): ListingAddress | null {
  const path = pathOf(url);
  return path === null ? null : listingOfPath(path);
}

/** The collection in the address of an answer. Its host is not looked at: the crawler asks one origin alone. */
export function listingOfAnswer(url: string): ListingAddress | null {
  const path = /^[a-z]+:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1];
  return path === undefined || path.length > 2048 ? null : listingOfPath(path.replace(LOCALE, ''));
}

function listingOfPath(path: string): ListingAddress | null {
  const collection = collectionOfPath(path);
  if (collection !== null && 'reference' in collection) return { family: collection.reference.family, id: collection.reference.id };
  const reader = REVIEW_LIST.exec(path)?.[1];
  if (reader !== undefined) return { family: 'review-list', id: reader };
  return /^\/search\/?$/i.test(path) ? { family: 'search', id: '' } : null;
}

/** The book that an address names; `null` for every other page. */
export function bookAddress(url: string | null): BookId | null {
  const id = BOOK.exec(pathOf(url) ?? '')?.[1];
  return id === undefined ? null : parseBookId(id);
}

/** The work whose editions an address lists. */
export function workAddress(url: string | null): string | null {
  const found = listingAddress(url);
  return found?.family === 'editions' ? found.id : null;
}
