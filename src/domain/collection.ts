/**
 * Pages of Goodreads that list books. Only this file builds their paths, from a family and an id that were checked, so no user text ever
 * reaches a URL.
 */
import { ORIGIN } from './identity.ts';
import { numberOf } from './links/numbered-segment.ts';
import { decoded } from './links/web-address.ts';

/** The families of pages that list books. */
export const COLLECTION_FAMILIES = ['list', 'series', 'author', 'author-list', 'editions', 'shelf', 'genre'] as const;
export type CollectionFamily = (typeof COLLECTION_FAMILIES)[number];

/** What a link to a collection names. */
export interface CollectionReference {
  kind: 'collection';
  family: CollectionFamily;
  /** A number of 1 to 12 digits as text (`editions`: of the work), or the slug of a shelf or genre in lower case, percent-decoded. */
  id: string;
  /** The canonical address of its first page, without slug. */
  url: string;
}

/** Where each family lives, and what follows its path: a number and a slug that means nothing, or a slug that is the name. */
const PLACES: Record<CollectionFamily, { path: string; named: 'number' | 'slug'; what: string }> = {
  list: { path: '/list/show/', named: 'number', what: 'list' },
  series: { path: '/series/', named: 'number', what: 'series' },
  author: { path: '/author/show/', named: 'number', what: 'author' },
  'author-list': { path: '/author/list/', named: 'number', what: 'author' },
  editions: { path: '/work/editions/', named: 'number', what: 'work' },
  shelf: { path: '/shelf/show/', named: 'slug', what: 'shelf' },
  genre: { path: '/genres/', named: 'slug', what: 'genre' },
};

const MAX_SLUG = 100;
/** Letters and digits of any script, and what Goodreads' shelf names have between them. */
const SLUG = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._'&+-]*$/u;
/** Pages of genres that are no genre. */
const NO_GENRE = new Set(['list', 'new_releases', 'most_read']);

/** The reference of a family and an id that {@link collectionOfPath} made. `null` for an id that the family cannot have. */
export function collectionReference(family: CollectionFamily, id: string): CollectionReference | null {
  const sane = PLACES[family].named === 'number' ? /^[1-9]\d{0,11}$/.test(id) : slugOf(encodeURIComponent(id)) === id;
  return sane ? refer(family, id) : null;
}

function refer(family: CollectionFamily, id: string): CollectionReference {
  const reference: CollectionReference = { kind: 'collection', family, id, url: '' };
  reference.url = ORIGIN + collectionPath(reference, 1);
  return reference;
}

/**
 * The path that the crawler requests for a page, from 1: `/list/show/1?page=2`. A shelf, a genre and an author's first page have one page
 * only; more of an author is on `author-list`. Goodreads redirects the bare number of a list to the address with its `slug`: see
 * {@link slugOfAddress}.
 */
export function collectionPath(
  { family, id }: Pick<CollectionReference, 'family' | 'id'>,
  page: number,
  slug: string | null = null,
): string {
  const { path, named } = PLACES[family];
  const first = path + (named === 'number' ? id : encodeURIComponent(id)) + (slug !== null && SAFE_SLUG.test(slug) ? `.${slug}` : '');
  return page === 1 ? first : `${first}?page=${page}`;
}

const SAFE_SLUG = /^\w{1,150}$/;

/** The slug in the address of an answer to the page of a list, such as `Best_Books_Ever`. `null` without one of letters and digits alone. */
export function slugOfAddress({ family, id }: Pick<CollectionReference, 'family' | 'id'>, url: string): string | null {
  if (family !== 'list') return null;
  const slug = /^[^?#]*\/list\/show\/(\d+)\.(\w{1,150})(?:[?#]|$)/.exec(url);
  return slug?.[1] === id ? (slug[2] ?? null) : null;
}

/** The collection that a path (without locale, not decoded) names, or why it names none. `null` when no family has this path. */
export function collectionOfPath(path: string): { reference: CollectionReference } | { reason: string } | null {
  for (const family of COLLECTION_FAMILIES) {
    const place = PLACES[family];
    if (path.slice(0, place.path.length).toLowerCase() !== place.path) continue;
    const segment = path.slice(place.path.length).replace(/\/$/, '');
    if (segment.includes('/')) return null;
    if (place.named === 'number') {
      const found = numberOf(segment, place.what, place.path);
      return 'id' in found ? { reference: refer(family, found.id) } : found;
    }
    const slug = slugOf(segment);
    if (slug !== null && !(family === 'genre' && NO_GENRE.has(slug))) return { reference: refer(family, slug) };
    return { reason: `No name of a ${place.what} follows ${place.path}: send the link as the browser shows it.` };
  }
  return null;
}

/** The slug of a segment: decoded, composed, in lower case. `null` when it cannot be the name of a shelf or genre. */
function slugOf(segment: string): string | null {
  const slug = decoded(segment).normalize('NFC').toLowerCase();
  return slug.length <= MAX_SLUG && SLUG.test(slug) ? slug : null;
}
