/** From an answer's bytes to a book, or to the reason why there is none. The one entrance to everything in this folder that reads pages. */
import type { ParsedBook } from '../domain/book.ts';
import type { Findings } from './findings.ts';
import { numberIn } from './findings.ts';
import type { BookReference } from '../domain/identity.ts';
import { findJsonLd, readJsonLd } from './next/json-ld.ts';
import { isObject, type JsonObject } from './next/json-slices.ts';
import { findLegacyTitle, legacyBookIds, readLegacy } from './legacy/legacy.ts';
import { mergeLayers, type LayerFindings } from './merge.ts';
import { nextBookId, readNextData } from './next/next-data.ts';
import { findNextScript, readNextState, type NextState } from './next/next-state.ts';
import { BOOK_ROUTE, classifyNoBook, type NoBook, type PageAnswer } from './classify.ts';
import { readOpenGraph } from './open-graph.ts';
import { bufferOf, canonicalLink, decode, metaContent } from './markup/page-bytes.ts';
import { hasTestIdTitle, readTestIds } from './next/test-id.ts';

export type { NoBook, PageAnswer } from './classify.ts';

/**
 * What a page turned out to be. For a book, `askedId` is the book number that was asked for (`null` when an ISBN was): where
 * it differs from `book.id`, Goodreads redirected, and it is an alias of that book.
 */
export type PageReading = { kind: 'book'; book: ParsedBook; askedId: string | null } | NoBook;

/** Answers with these states can carry a book: success, and the firewall's own, since a book in the body outweighs its mark. */
function mayCarryBook(status: number): boolean {
  return (status >= 200 && status < 300) || status === 403 || status === 405;
}

/**
 * Reads an answer: tells what kind of page it is, and reads the book from every layer it has. Never throws; takes about
 * a third of a millisecond for a real page and stays within 200 ms for any bytes up to 8 MiB.
 *
 * For a page that a user saved, pass status 200, no headers and the address of the book it is said to be.
 */
export function readPage(answer: PageAnswer, asked: BookReference): PageReading {
  const page = bufferOf(answer.body);
  const usable = mayCarryBook(answer.status);
  // Looking for what is not there reads half a megabyte, so the old layout's own mark decides what is looked for first.
  if (usable && looksLegacy(page)) {
    const reading = readLegacyPage(answer, page, asked);
    if (reading !== null) return reading;
  }
  const script = findNextScript(page);
  const state = script === null ? null : readNextState(page, script);
  if (usable) {
    const reading = (state === null ? readLegacyPage(answer, page, asked) : null) ?? readCurrentPage(answer, page, state, asked);
    if (reading !== null) return reading;
  }
  // A missing book speaks for the number that was asked for, never for another.
  const saysMissing = state?.book === null && (state.queriedId === null || isExpected(state.queriedId, answer, asked));
  return classifyNoBook(answer, page, { saysMissing, route: state?.page ?? null, skeleton: state?.empty === true });
}

/** Every page of the old layout, book or not, says `class="desktop…"` in its first lines; only a hint, since saved pages may not. */
function looksLegacy(page: Buffer): boolean {
  return page.subarray(0, 512).includes('class="desktop');
}

/** A book of the old layout, a book page that cannot be used, or `null` where the page is no book page of that layout. */
function readLegacyPage(answer: PageAnswer, page: Buffer, asked: BookReference): PageReading | null {
  const title = findLegacyTitle(page);
  if (title === null) return null;
  const id = agreedId(legacyBookIds(page, title), answer, asked);
  if (typeof id !== 'string') return id;
  return finish(id, mergeLayers(id, 'legacy', [['legacy', readLegacy(page, title, id)]]), answer, asked);
}

/** The same for the current layout. */
function readCurrentPage(answer: PageAnswer, page: Buffer, state: NextState | null, asked: BookReference): PageReading | null {
  if (state !== null && (state.book === null || (state.page !== null && !state.page.endsWith(BOOK_ROUTE)))) return null;
  const entry = state?.book;
  if (state !== null && isObject(entry)) return readCurrent(page, entry, state, answer, asked);
  const jsonLd = findJsonLd(page);
  if (jsonLd === null && !hasTestIdTitle(page)) return null;
  return readRendered(page, jsonLd, state, answer, asked);
}

/** A page of the current layout with its data. The other layers are read only when the data lacks something that it always had. */
function readCurrent(page: Buffer, entry: JsonObject, state: NextState, answer: PageAnswer, asked: BookReference): PageReading {
  const own = nextBookId(entry) ?? state.queriedId;
  const id = agreedId(own === null ? [] : [own], answer, asked);
  if (typeof id !== 'string') return id;
  const { findings, complete } = readNextData(entry, state);
  if (findings.url !== undefined && numberIn(findings.url, '/book/show/') !== id) delete findings.url;
  const layers: LayerFindings[] = [['next-data', findings]];
  if (!complete || findings.title === undefined || findings.authors === undefined) {
    const jsonLd = findJsonLd(page);
    layers.push(
      ['json-ld', jsonLd === null ? {} : readJsonLd(jsonLd)],
      ['test-id', readTestIds(page)],
      ['open-graph', readOpenGraph(page)],
    );
  }
  return finish(id, mergeLayers(id, 'next', layers), answer, asked);
}

/** A page of the current layout whose data is missing or broken: cut off, or saved without it. What was rendered still names the book. */
function readRendered(
  page: Buffer,
  jsonLd: JsonObject | null,
  state: NextState | null,
  answer: PageAnswer,
  asked: BookReference,
): PageReading {
  const own = state?.queriedId ?? renderedId(page);
  const id = own === null ? corroboratedId(page, answer, asked) : agreedId([own], answer, asked);
  if (typeof id !== 'string') return id;
  const structured: Findings = jsonLd === null ? {} : readJsonLd(jsonLd);
  const layers: LayerFindings[] = [
    ['json-ld', structured],
    ['test-id', readTestIds(page)],
    ['open-graph', readOpenGraph(page)],
  ];
  return finish(id, mergeLayers(id, 'next', layers), answer, asked);
}

/** Marks of the rendered page that carry the shown edition's number, wherever they occur (32 of the corpus' 72 pages, none is wrong). */
const RENDERED_IDS = ['review/edit/', 'ReviewListInitial-'];
const OWN_LINK = 'href="/book/show/';

/**
 * The number a page states of itself outside of its data: in those marks, or in its link to all its reviews (the others of
 * the corpus have that; readers' own links in reviews are absolute, so a relative one is the page's).
 */
function renderedId(page: Buffer): string | null {
  for (const mark of RENDERED_IDS) {
    const at = page.indexOf(mark);
    const id = at < 0 ? null : numberIn(decode(page, at, at + 48), mark);
    if (id !== null) return id;
  }
  let at = page.indexOf(OWN_LINK);
  for (let tries = 0; at >= 0 && tries < 16; tries += 1) {
    const link = decode(page, at, at + 512);
    if (/^[^"?]*\/reviews["?]/.test(link.slice(OWN_LINK.length))) return numberIn(link, '/book/show/');
    at = page.indexOf(OWN_LINK, at + OWN_LINK.length);
  }
  return null;
}

/** The book number in the path of the final address; `null` when it has none. */
function redirectedId(answer: PageAnswer): string | null {
  return numberIn(/^[^?#]*/.exec(answer.url)?.[0] ?? null, '/book/show/');
}

function isExpected(id: string, answer: PageAnswer, asked: BookReference): boolean {
  return (asked.kind === 'book' && id === asked.bookId) || id === redirectedId(answer);
}

/** The page's own number, if it states one, states only one, and that is the one asked for or redirected to. */
function agreedId(ids: string[], answer: PageAnswer, asked: BookReference): string | NoBook {
  const [id, other] = ids;
  if (id === undefined) return { kind: 'unrecognised', reason: 'The page of a book does not say which book it is.' };
  if (other !== undefined) return { kind: 'unrecognised', reason: `The page contradicts itself: it names the books ${id} and ${other}.` };
  if (isExpected(id, answer, asked) || (asked.kind === 'isbn' && redirectedId(answer) === null)) return id;
  const wanted = asked.kind === 'book' ? `book ${asked.bookId}` : `ISBN ${asked.isbn13}`;
  return { kind: 'other-page', reason: `The page is that of book ${id}, not of ${wanted}.` };
}

/**
 * For a page that states no number of its own. Its canonical link and `og:url` often name another edition, so they never are
 * the id; but where one of them names the very book that was asked for, they confirm it.
 */
function corroboratedId(page: Buffer, answer: PageAnswer, asked: BookReference): string | NoBook {
  for (const url of [metaContent(page, 'og:url'), canonicalLink(page)]) {
    const id = numberIn(url, '/book/show/');
    if (id !== null && isExpected(id, answer, asked)) return id;
  }
  return { kind: 'unrecognised', reason: 'Of the page so little is left that it does not say which book it is.' };
}

/** The last check: a title and an author, and the ISBN that was asked for where nothing else ties the page to the request. */
function finish(id: string, book: ParsedBook | null, answer: PageAnswer, asked: BookReference): PageReading {
  if (book === null) return { kind: 'unrecognised', reason: 'The page looks like a book, but no title or no author could be read.' };
  if (asked.kind === 'book') return { kind: 'book', book, askedId: asked.bookId };
  if (redirectedId(answer) !== id && book.isbn13 !== asked.isbn13) {
    return { kind: 'other-page', reason: `The page is that of book ${id}, which does not carry the ISBN ${asked.isbn13}.` };
  }
  return { kind: 'book', book, askedId: null };
}
