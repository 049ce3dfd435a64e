/** Which redirects are followed: only those from one book to another, or from one page of a family to another of it, on the same origin. */
import { collectionOfPath, type CollectionFamily } from '../../domain/collection.ts';
import { FetchFault } from './fetch-fault.ts';

/** What to do with a redirect: follow it to a path, or take it as the `answer`, because it leads to a sign-in page. */
export type RedirectDecision = { kind: 'follow'; path: string } | { kind: 'answer' };

const BOOK_PAGE = /^\/(?:[a-z]{2,3}(?:-[a-z\d]{2,8}){0,2}\/)?book\/(?:show\/[1-9]\d{0,11}(?:[-.][^/]*)?|isbn\/[\dxX-]{10,17})\/?$/i;
const SIGN_IN = /^\/(?:user\/(?:sign_in|sign_up|new|login)|ap\/(?:signin|register))(?:[/.?]|$)/i;
const LOCALE = /^\/[a-z]{2,3}(?:-[a-z\d]{2,8}){0,2}(?=\/(?:list|series|author|work|shelf|genres)\/)/i;
const MAX_PATH = 2048;

/**
 * Decides on a redirect from `path` to `location`. Throws a {@link FetchFault} of kind `redirect` when it leads to another origin, or to a
 * page that is neither a book, nor a sign-in page, nor one of the family that was asked for.
 */
export function decideRedirect(origin: string, path: string, location: string | string[] | undefined): RedirectDecision {
  if (typeof location !== 'string' || location === '' || !URL.canParse(location, origin + path)) throw refusal('leads nowhere');
  const target = new URL(location, origin + path);
  if (target.origin !== origin || target.username !== '' || target.password !== '') throw refusal('leads to another site');
  if (SIGN_IN.test(target.pathname)) return { kind: 'answer' };
  // The URL parser has percent-encoded all but plain ASCII, so the path cannot break out of the request line.
  const next = target.pathname + target.search;
  const from = familyOf(path);
  const wanted = from === null ? BOOK_PAGE.test(target.pathname) : familyOf(target.pathname) === from;
  if (!wanted || next.length > MAX_PATH)
    throw refusal(from === null ? 'leads to a page that is no book' : 'leads to a page of another kind');
  return { kind: 'follow', path: next };
}

/** The family of pages that list books to which a path belongs; `null` for every other path. */
function familyOf(path: string): CollectionFamily | null {
  const found = collectionOfPath(path.replace(/[?#].*$/, '').replace(LOCALE, ''));
  return found !== null && 'reference' in found ? found.reference.family : null;
}

function refusal(why: string): FetchFault {
  return new FetchFault('redirect', `Goodreads answered with a redirect that ${why}; it was not followed.`);
}
