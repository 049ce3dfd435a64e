/** The `data-testid` layer of the current layout: what a reader sees of the book before unfolding anything. */
import type { Contributor, SeriesEntry } from '../../domain/book.ts';
import { parseEnglishDate, plausibleYear } from '../dates.ts';
import { address, count, numberIn, pageCount, put, rating, unique, type Findings } from '../findings.ts';
import { attribute, find, findAll, hasClass, parseMarkup, type Markup } from '../markup/markup.ts';
import { decode } from '../markup/page-bytes.ts';
import { paragraphsOf, textOf } from '../markup/text.ts';

const TITLE = 'data-testid="bookTitle"';
/** The region goes from the series above the title to the publication line below the description: about 20 kB, half of it drawings. */
const BEFORE_TITLE = 2048;
const MAX_REGION = 192 * 1024;
/** What follows the book's own part: reviews, which name other books. */
const BEHIND = ['class="BookDetails"', 'id="ReviewsSection"', 'class="ReviewsSection', '<script id="__NEXT_DATA__"'];

function byTestId(root: Markup, id: string): Markup | null {
  return find(root, (element) => attribute(element, 'data-testid') === id);
}

function testIdText(root: Markup, id: string): string | null {
  const element = byTestId(root, id);
  return element === null ? null : textOf(element);
}

/** Whether the page has the title of a book in the current layout. */
export function hasTestIdTitle(page: Buffer): boolean {
  return page.includes(TITLE);
}

/**
 * Reads the rendered page. It shows the first few contributors with roles, the first series, some genres, and no ISBN, publisher or
 * language.
 */
export function readTestIds(page: Buffer): Findings {
  const findings: Findings = {};
  const at = page.indexOf(TITLE);
  if (at < 0) return findings;
  const root = parseMarkup(decode(page, regionStart(page, at), regionEnd(page, at)));
  const title = byTestId(root, 'bookTitle');
  put(findings, 'title', title === null ? null : textOf(title));
  put(findings, 'authors', contributors(root));
  put(findings, 'series', series(root));
  readNumbers(root, findings);
  const description = byTestId(root, 'description');
  const formatted = description === null ? null : find(description, (element) => hasClass(element, 'Formatted'));
  put(findings, 'description', formatted === null ? null : paragraphsOf(formatted));
  put(findings, 'genres', genres(root));
  return findings;
}

/** The region begins at a tag, never in the middle of an attribute. */
function regionStart(page: Buffer, title: number): number {
  const heading = page.lastIndexOf('<h3', title);
  if (heading >= 0 && title - heading < BEFORE_TITLE) return heading;
  return Math.max(0, page.lastIndexOf('<', title));
}

function regionEnd(page: Buffer, title: number): number {
  const limit = Math.min(page.length, title + MAX_REGION);
  const window = page.subarray(title, limit);
  let end = window.length;
  for (const needle of BEHIND) {
    const found = window.indexOf(needle);
    // BookDetails has the publication line, so the region ends after that line.
    if (found >= 0) end = Math.min(end, needle === 'class="BookDetails"' ? found + 4096 : found);
  }
  return title + end;
}

function contributors(root: Markup): Contributor[] {
  const list = find(root, (element) => hasClass(element, 'ContributorLinksList'));
  if (list === null) return [];
  const found: Contributor[] = [];
  for (const link of findAll(list, (element) => hasClass(element, 'ContributorLink'))) {
    const name = testIdText(link, 'name');
    if (name === null) continue;
    const url = address(attribute(link, 'href'));
    const role = testIdText(link, 'role')?.replace(/^\(\s*|\s*\)$/g, '') ?? '';
    found.push({ id: numberIn(url, '/author/show/'), name, role: role === '' || role === 'Author' ? null : role, url });
  }
  return found;
}

/** Reads "Cerulean Chronicles #1" above the title. Without a number, the whole text is the name of the series. */
function series(root: Markup): SeriesEntry[] {
  const heading = root.children.find((child) => typeof child !== 'string' && child.name === 'h3');
  const link =
    heading === undefined || typeof heading === 'string'
      ? null
      : find(heading, (element) => (attribute(element, 'href') ?? '').includes('/series/'));
  const text = link === null ? null : textOf(link);
  if (link === null || text === null) return [];
  const mark = text.lastIndexOf(' #');
  const position = mark < 1 ? null : text.slice(mark + 2).trim();
  const id = numberIn(address(attribute(link, 'href')), '/series/');
  return [{ id, title: mark < 1 ? text : text.slice(0, mark).trim(), position: position === '' ? null : position }];
}

function readNumbers(root: Markup, findings: Findings): void {
  const average = find(root, (element) => hasClass(element, 'RatingStatistics__rating'));
  put(findings, 'rating', average === null ? null : rating(textOf(average)));
  put(findings, 'ratingsCount', firstNumber(testIdText(root, 'ratingsCount')));
  put(findings, 'reviewsCount', firstNumber(testIdText(root, 'reviewsCount')));
  readPagesFormat(testIdText(root, 'pagesFormat'), findings);
  readPublication(testIdText(root, 'publicationInfo'), findings);
}

function firstNumber(text: string | null): number | null {
  return text === null ? null : count(/^[\d,]+/.exec(text)?.[0]);
}

/** Reads "532 pages, Paperback", "Kindle Edition" or "28 pages". */
function readPagesFormat(text: string | null, findings: Findings): void {
  if (text === null) return;
  const match = /^([\d,]+) pages?(?:, (.*))?$/.exec(text);
  put(findings, 'pages', match === null ? null : pageCount(match[1]));
  put(findings, 'format', match === null ? text : (match[2] ?? null));
}

/**
 * "First published October 4, 2011" is about the work, "Published …" about this edition. Years before 1000 are not read: the page writes
 * 376 BC as "January 1, 376".
 */
function readPublication(text: string | null, findings: Findings): void {
  const match = text === null ? null : /^(First published|Published|Expected publication) (.*)$/.exec(text);
  const date = match === null ? null : parseEnglishDate(match[2] ?? '');
  if (match === null || date === null || date.year < 1000) return;
  if (match[1] === 'First published') put(findings, 'originalPublishedYear', plausibleYear(date.year));
  else put(findings, 'publishedDate', date.iso);
}

/** A folded list ("...more") shows four or seven of ten genres. An incomplete list counts as none. */
function genres(root: Markup): string[] {
  const list = byTestId(root, 'genresList');
  if (list === null || !list.closed || /\.\.\.more|…more/.test(textOf(list) ?? '')) return [];
  const links = findAll(list, (element) => element.name === 'a' && (attribute(element, 'href') ?? '').includes('/genres/'));
  return unique(links.map((link) => textOf(link)));
}
