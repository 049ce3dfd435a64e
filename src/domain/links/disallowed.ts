/**
 * Pages that hold books and that Goodreads' robots.txt forbids (`User-agent: *`). They are told at once, without asking the source. The
 * robots.txt that the crawler reads decides about every other path.
 */

/** A forbidden page: the line of robots.txt, and what the caller can do. */
export interface Disallowed {
  rule: string;
  reason: string;
}

/** The way to the books of a reader that is open. */
export const EXPORT = 'export your library at https://www.goodreads.com/review/import and send that file as text/csv';

/** The start of a path, and the way that is open instead. */
const RULES: readonly (readonly [prefix: string, open: string])[] = [
  ['/review/list_rss', EXPORT],
  ['/review/list', EXPORT],
  ['/review/show', `send the link of the book, or ${EXPORT}`],
  ['/shelf/user_shelves', EXPORT],
  ['/user/year_in_books', EXPORT],
  ['/search', `send the ISBN or the link of each book, or ${EXPORT}`],
  ['/work', `send the link of the book or of /work/editions/, or ${EXPORT}`],
  ['/book/reviews/', `send the link of the book, or ${EXPORT}`],
  ['/api', `send the links of the books, or ${EXPORT}`],
];

/** The rule that forbids a path (without locale), or `null`. Allowed below `/work` are the editions of a work and its quotes. */
export function disallowedPath(path: string): Disallowed | null {
  const lower = path.toLowerCase();
  if (lower.startsWith('/work/editions') || lower.startsWith('/work/quotes')) return null;
  const found = RULES.find(([prefix]) => lower.startsWith(prefix));
  if (found === undefined) return null;
  const rule = `Disallow: ${found[0]}`;
  return { rule, reason: `Goodreads' robots.txt forbids this page ("${rule}"), so Quire never asks for it: ${found[1]}.` };
}
