/** Finds out which book a page shows, and whether it is the book that was asked for. */
import type { BookReference } from '../domain/identity.ts';
import { numberIn } from './findings.ts';
import { legacyBookIds } from './legacy/read-legacy.ts';
import { canonicalLink, decode, metaContent } from './markup/page-bytes.ts';
import { nextBookId } from './next/next-data.ts';
import type { NoBook, PageAnswer } from './no-book.ts';
import type { BookPage } from './recognise.ts';

/**
 * The book number of a page, or why the page cannot be used. `asked` is `null` for a page that a person saved and of which nobody said
 * which book it is: such a page must name its book itself.
 */
export function identify(page: Buffer, book: BookPage, answer: PageAnswer, asked: BookReference | null): string | NoBook {
  switch (book.kind) {
    case 'legacy':
      return agreedId(legacyBookIds(page, book.title), answer, asked);
    case 'data': {
      const own = nextBookId(book.entry) ?? book.state.queriedId;
      return agreedId(own === null ? [] : [own], answer, asked);
    }
    case 'rendered': {
      const own = book.state?.queriedId ?? renderedId(page);
      return own === null ? corroboratedId(page, answer, asked) : agreedId([own], answer, asked);
    }
  }
}

/** Whether a book number was asked for, or is the one that Goodreads redirected to. */
export function isExpected(id: string, answer: PageAnswer, asked: BookReference | null): boolean {
  return (asked?.kind === 'book' && id === asked.bookId) || id === redirectedId(answer);
}

/** The book number in the path of the final address; `null` when it has none. */
export function redirectedId(answer: PageAnswer): string | null {
  return numberIn(/^[^?#]*/.exec(answer.url)?.[0] ?? null, '/book/show/');
}

/** The page's own number: the page must state exactly one, and it must be the one that was asked for or redirected to. */
function agreedId(ids: string[], answer: PageAnswer, asked: BookReference | null): string | NoBook {
  const [id, other] = ids;
  if (id === undefined) return { kind: 'unrecognised', reason: 'The page of a book does not say which book it is.' };
  if (other !== undefined) return { kind: 'unrecognised', reason: `The page contradicts itself: it names the books ${id} and ${other}.` };
  if (isExpected(id, answer, asked) || (asked?.kind !== 'book' && redirectedId(answer) === null)) return id;
  return { kind: 'other-page', reason: `The page is that of book ${id}, not of ${wantedBook(asked, answer)}.` };
}

function wantedBook(asked: BookReference | null, answer: PageAnswer): string {
  switch (asked?.kind) {
    case undefined:
      return `book ${redirectedId(answer)}`;
    case 'book':
      return `book ${asked.bookId}`;
    case 'isbn':
      return `ISBN ${asked.isbn13}`;
    case 'asin':
      return `ASIN ${asked.asin}`;
  }
}

/**
 * The id of a page without a number of its own. Its canonical link and `og:url` often name another edition, so they cannot replace the id.
 * But when one of them names the book that was asked for, it confirms that book.
 */
function corroboratedId(page: Buffer, answer: PageAnswer, asked: BookReference | null): string | NoBook {
  for (const url of [metaContent(page, 'og:url'), canonicalLink(page)]) {
    const id = numberIn(url, '/book/show/');
    if (id !== null && isExpected(id, answer, asked)) return id;
  }
  return { kind: 'unrecognised', reason: 'Too little is left of the page to say which book it is.' };
}

/** Marks of the rendered page that come before the number of the shown edition. 32 of the corpus' 72 pages have them, and none is wrong. */
const RENDERED_IDS = ['review/edit/', 'ReviewListInitial-'];
const OWN_LINK = 'href="/book/show/';
/** The most links that are checked for the page's own. */
const MAX_LINKS = 16;

/**
 * The page's own number outside its data: behind one of these marks, or in the link to all its reviews. The other pages of the corpus have
 * that link. It is relative, while the links of readers in reviews are absolute.
 */
function renderedId(page: Buffer): string | null {
  for (const mark of RENDERED_IDS) {
    const at = page.indexOf(mark);
    const id = at < 0 ? null : numberIn(decode(page, at, at + 48), mark);
    if (id !== null) return id;
  }
  let at = page.indexOf(OWN_LINK);
  for (let tries = 0; at >= 0 && tries < MAX_LINKS; tries += 1) {
    const link = decode(page, at, at + 512);
    if (/^[^"?]*\/reviews["?]/.test(link.slice(OWN_LINK.length))) return numberIn(link, '/book/show/');
    at = page.indexOf(OWN_LINK, at + OWN_LINK.length);
  }
  return null;
}
