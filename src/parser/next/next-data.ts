/** The best layer of the current layout: the book in `__NEXT_DATA__`, with every field typed and complete. */
import type { Contributor, SeriesEntry } from '../../domain/book.ts';
import { dateOfTime, yearOfTime } from '../dates.ts';
import {
  address,
  count,
  cover,
  distribution,
  isbn10,
  isbn13,
  numberIn,
  pageCount,
  put,
  rating,
  unique,
  type Findings,
} from '../findings.ts';
import { isObject, type JsonObject } from '../markup/json-slices.ts';
import type { NextState } from './next-state.ts';
import { line, paragraphsOfHtml } from '../markup/text.ts';

/** Longer lists are cut. The longest list of contributors in the corpus has 17. */
const MAX_LIST = 200;

/** The keys of every book from 2022 to 2026. When a page lacks one, the other layers are read too. */
const BOOK_KEYS = ['title', 'description', 'primaryContributorEdge', 'bookSeries', 'bookGenres', 'imageUrl', 'details', 'work'];
const DETAIL_KEYS = ['asin', 'format', 'numPages', 'publicationTime', 'publisher', 'isbn', 'isbn13', 'language'];

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, MAX_LIST) : [];
}

/** The number that Goodreads shows, not the `kca://` one. */
function legacyId(value: JsonObject | null): string | null {
  const id = value?.['legacyId'];
  const text = typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : typeof id === 'string' ? id : '';
  return /^[1-9]\d{0,11}$/.test(text) ? text : null;
}

/** The book's number on this page; `null` when the page does not say. */
export function nextBookId(book: JsonObject): string | null {
  return legacyId(book) ?? numberIn(address(book['webUrl']), '/book/show/');
}

/**
 * Reads the entry of the book, its work, its contributors and its series. `complete` is false when a key of every known page is absent.
 * Then the layout is drifting, and the other layers may give the absent fields.
 */
export function readNextData(book: JsonObject, state: NextState): { findings: Findings; complete: boolean } {
  const findings: Findings = {};
  const work = state.resolve(book['work']);
  const details = isObject(book['details']) ? book['details'] : {};
  put(findings, 'title', line(book['title']));
  put(findings, 'authors', contributors(book, state));
  put(findings, 'description', describe(book));
  put(findings, 'url', address(book['webUrl']));
  put(findings, 'series', series(book, state));
  put(findings, 'format', line(details['format']));
  put(findings, 'pages', pageCount(details['numPages']));
  put(findings, 'publisher', line(details['publisher']));
  put(findings, 'publishedDate', dateOfTime(details['publicationTime']));
  put(findings, 'language', line(isObject(details['language']) ? details['language']['name'] : null));
  put(findings, 'isbn10', isbn10(details['isbn']));
  put(findings, 'isbn13', isbn13(details['isbn13']));
  put(findings, 'asin', line(details['asin']));
  put(findings, 'genres', genres(book, state));
  put(findings, 'coverUrl', cover(book['imageUrl']));
  if (work !== null) readWork(work, findings);
  const complete =
    BOOK_KEYS.every((key) => key in book) &&
    work !== null &&
    'stats' in work &&
    (book['details'] === null || DETAIL_KEYS.every((key) => key in details));
  return { findings, complete };
}

/** Ratings, counts, original title, first year and awards are those of the work, over all its editions. */
function readWork(work: JsonObject, findings: Findings): void {
  const stats = isObject(work['stats']) ? work['stats'] : {};
  const details = isObject(work['details']) ? work['details'] : {};
  put(findings, 'workId', legacyId(work));
  put(findings, 'rating', rating(stats['averageRating']));
  put(findings, 'ratingsCount', count(stats['ratingsCount']));
  put(findings, 'reviewsCount', count(stats['textReviewsCount']));
  put(findings, 'ratingsDistribution', distribution(stats['ratingsCountDist']));
  put(findings, 'originalTitle', line(details['originalTitle']));
  put(findings, 'originalPublishedYear', yearOfTime(details['publicationTime']));
  put(findings, 'awards', unique(listOf(details['awardsWon']).map(award)));
}

/** The HTML form keeps paragraphs. The stripped form is used when the page has only that. */
function describe(book: JsonObject): string | null {
  const html = book['description'];
  if (typeof html === 'string') return paragraphsOfHtml(html);
  const stripped = book['description({"stripped":true})'];
  return typeof stripped === 'string' ? paragraphsOfHtml(stripped.replace(/\r\n?|\n/g, '<br>')) : null;
}

function contributors(book: JsonObject, state: NextState): Contributor[] {
  const found: Contributor[] = [];
  for (const edge of [book['primaryContributorEdge'], ...listOf(book['secondaryContributorEdges'])]) {
    if (!isObject(edge)) continue;
    const node = state.resolve(edge['node']);
    const name = line(node?.['name']);
    if (node === null || name === null) continue;
    const role = line(edge['role']);
    const url = address(node['webUrl']);
    found.push({ id: legacyId(node) ?? numberIn(url, '/author/show/'), name, role: role === 'Author' ? null : role, url });
  }
  return found;
}

function series(book: JsonObject, state: NextState): SeriesEntry[] {
  const found: SeriesEntry[] = [];
  for (const entry of listOf(book['bookSeries'])) {
    if (!isObject(entry)) continue;
    const target = state.resolve(entry['series']);
    const title = line(target?.['title']);
    if (target === null || title === null) continue;
    found.push({ id: numberIn(address(target['webUrl']), '/series/'), title, position: line(entry['userPosition']) });
  }
  return found;
}

/** Genres are inline; on pages for signed-in users they are references. */
function genres(book: JsonObject, state: NextState): string[] {
  return unique(listOf(book['bookGenres']).map((entry) => line(isObject(entry) ? state.resolve(entry['genre'])?.['name'] : null)));
}

/** One line in the form of the old layout: "Locus Award Nominee for Best Novel (2006)". As there, a win is not mentioned. */
function award(value: unknown): string | null {
  const name = isObject(value) ? line(value['name']) : null;
  if (!isObject(value) || name === null) return null;
  const designation = typeof value['designation'] === 'string' ? value['designation'] : value['hasWon'] === false ? 'NOMINEE' : null;
  const outcome = designation === null || designation === 'WINNER' ? '' : ` ${inTitleCase(designation)}`;
  const category = line(value['category']);
  const year = yearOfTime(value['awardedAt']);
  return `${name}${outcome}${category === null ? '' : ` for ${category}`}${year === null ? '' : ` (${year})`}`;
}

/** Turns `NOMINEE` into "Nominee", and `SHORT_LISTED` into "Short Listed". */
function inTitleCase(designation: string): string {
  return designation
    .toLowerCase()
    .split(/[\s_]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')
    .trim();
}
