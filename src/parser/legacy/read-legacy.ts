/** The old layout (2010 to 2022): reads four pieces of the page around `<h1 id="bookTitle"`. */
import { address, count, cover, distribution, numberIn, put, rating, unique, type Findings } from '../findings.ts';
import { readDetails } from './details.ts';
import { contributorLinks, seriesLinks } from './links.ts';
import { attribute, attributeIn, find, findAll, hasClass, parseMarkup } from '../markup/markup.ts';
import { attributesAround, decode, elementById, metaContent } from '../markup/page-bytes.ts';
import { paragraphsOf, textOf } from '../markup/text.ts';

/** The head of the book (title, authors) is 1 to 6 kB, a description up to 20 kB. Only hostile pages reach these limits. */
const MAX_HEAD = 128 * 1024;
const MAX_DESCRIPTION = 256 * 1024;
/** How far before the title the cover and the page's own address may be: 10 kB in the corpus. */
const BEFORE_TITLE = 64 * 1024;
/** Ten rows of genres are 5 kB. */
const GENRES = 32 * 1024;

/**
 * The title tag of the old layout: an `<h1>` with the id `bookTitle`. `null` on other pages; the new layout has `data-testid="bookTitle"`.
 */
export function findLegacyTitle(page: Buffer): { start: number; end: number } | null {
  return elementById(page, 'h1', 'bookTitle');
}

/** Where the first of some needles is after `from`, at most `limit` bytes away. The limit or the page's end when there is none. */
function upTo(page: Buffer, from: number, limit: number, needles: string[]): number {
  const window = page.subarray(from, from + limit);
  let end = window.length;
  for (const needle of needles) {
    const at = window.subarray(0, end).indexOf(needle);
    if (at >= 0) end = at;
  }
  return from + end;
}

/**
 * All the page's own book numbers: in its app link, its buy button and its shelf forms. They agree on every page of the corpus. `<link
 * rel=canonical>` and `og:url` do not count, because they name the best edition of the work.
 */
export function legacyBookIds(page: Buffer, title: { start: number }): string[] {
  const ids: (string | null)[] = [];
  ids.push(numberIn((metaContent(page, 'al:ios:url') ?? '').replace(/^com\.goodreads\./, ''), '://book/show/'));
  const button = elementById(page, 'div', 'buyButtonContainer', title.start, ['', '"', "'"]);
  if (button !== null) ids.push(digits(attributeIn(decode(page, button.start + 4, button.end - 1), 'data-book-id')));
  const from = Math.max(0, title.start - BEFORE_TITLE);
  const input = elementById(page.subarray(from, title.start), 'input', 'book_id');
  if (input !== null) ids.push(digits(attributeIn(decode(page, from + input.start + 6, from + input.end - 1), 'value')));
  return unique(ids);
}

function digits(text: string | null): string | null {
  return text !== null && /^[1-9]\d{0,11}$/.test(text) ? text : null;
}

/** Reads every field of the old layout. */
export function readLegacy(page: Buffer, title: { start: number; end: number }, id: string): Findings {
  const findings: Findings = {};
  readHead(page, title.start, findings);
  readNumbers(page, title.start, findings);
  put(findings, 'description', description(page, title.start));
  readDetails(page, title.start, findings);
  put(findings, 'genres', genres(page));
  put(findings, 'coverUrl', coverBefore(page, title.start));
  put(findings, 'url', pageUrl(page, title.start, id));
  const work = metaContent(page, 'og:url');
  put(findings, 'workId', numberIn(work, '/work/best_book/') ?? workBehind(page, title.start));
  return findings;
}

function readHead(page: Buffer, start: number, findings: Findings): void {
  const root = parseMarkup(decode(page, start, upTo(page, start, MAX_HEAD, ['id="bookMeta"', "id='bookMeta'"])));
  const title = find(root, (element) => element.name === 'h1');
  put(findings, 'title', title === null ? null : textOf(title));
  const authors = find(root, (element) => attribute(element, 'id') === 'bookAuthors');
  // A page that was cut off here would show only some of the contributors.
  put(findings, 'authors', authors?.closed === true ? contributorLinks(authors) : []);
  // The details list all series; this heading is the fallback for pages without that row.
  const heading = find(root, (element) => attribute(element, 'id') === 'bookSeries');
  put(findings, 'series', heading === null ? [] : seriesLinks(heading));
}

/** `#bookMeta` has the average and the counts. Searching for their marks skips the script of the tooltip between them. */
function readNumbers(page: Buffer, title: number, findings: Findings): void {
  const meta = page.indexOf('bookMeta', title);
  if (meta < 0) return;
  const end = upTo(page, meta, MAX_HEAD, ['id="descriptionContainer"', 'id="description"', 'id="details"']);
  const part = page.subarray(meta, end);
  const average = part.indexOf('ratingValue');
  if (average >= 0) {
    const text = decode(part, part.indexOf('>', average) + 1, part.indexOf('<', average));
    put(findings, 'rating', rating(text));
  }
  for (const [mark, field] of [
    ['ratingCount', 'ratingsCount'],
    ['reviewCount', 'reviewsCount'],
  ] as const) {
    const at = part.indexOf(mark);
    const attributes = at < 0 ? null : attributesAround(part, at);
    put(findings, field, attributes === null ? null : count(attributeIn(attributes, 'content')));
  }
  put(findings, 'ratingsDistribution', ratingsGraph(page));
}

/** `renderRatingGraph([five, …, one])` has five stars first, the record has one star first. The last call is near the page's end. */
function ratingsGraph(page: Buffer): number[] | null {
  const at = page.lastIndexOf('renderRatingGraph(');
  if (at < 0) return null;
  const list = /^renderRatingGraph\(\s*\[([\d,\s]{9,120})\]/.exec(decode(page, at, at + 200))?.[1];
  return list === undefined
    ? null
    : distribution(
        list
          .split(',')
          .map((one) => one.trim())
          .toReversed(),
      );
}

/**
 * A long text has two spans: the first is cut, and "…more" shows the second, which is hidden and complete. A short text has only the first.
 * Reviews have ids with `freeText` too, so only `#description` is read.
 */
function description(page: Buffer, title: number): string | null {
  const opening = elementById(page, 'div', 'description', title);
  if (opening === null) return null;
  const end = upTo(page, opening.end, MAX_DESCRIPTION, [
    'id="details"',
    'id=buyButtonContainer',
    'id="buyButtonContainer"',
    "id='details'",
  ]);
  const root = parseMarkup(decode(page, opening.start, end));
  const container = find(root, (element) => attribute(element, 'id') === 'description');
  if (container === null) return null;
  const spans = container.children.filter(
    (child) => typeof child !== 'string' && child.name === 'span' && (attribute(child, 'id') ?? '').startsWith('freeText'),
  );
  const texts = spans.filter((span) => typeof span !== 'string');
  const whole = texts.find((span) => (attribute(span, 'style') ?? '').includes('none')) ?? texts[0];
  return whole === undefined ? null : paragraphsOf(whole);
}

/**
 * Genres are near the end of the page, one in each row. In a row such as "Romance > Contemporary Romance", the last link is the genre. The
 * grey link beside it ("1,590 users") has the same class.
 */
function genres(page: Buffer): string[] {
  const last = page.lastIndexOf('bookPageGenreLink');
  if (last < 0) return [];
  const from = Math.max(0, last - GENRES);
  const first = page.indexOf('bookPageGenreLink', from);
  const start = Math.max(from, page.lastIndexOf('elementList', first));
  const root = parseMarkup(decode(page, Math.max(0, page.lastIndexOf('<', start)), last + 1024));
  const names: (string | null)[] = [];
  for (const row of findAll(root, (element) => hasClass(element, 'elementList'))) {
    const links = findAll(
      row,
      (element) => element.name === 'a' && hasClass(element, 'bookPageGenreLink') && !hasClass(element, 'greyText'),
    );
    const genre = links.at(-1);
    if (genre !== undefined) names.push(textOf(genre));
  }
  return unique(names);
}

/** The cover is the picture with the id `coverImage` before the title. A book without a cover has another picture there. */
function coverBefore(page: Buffer, title: number): string | null {
  const from = Math.max(0, title - BEFORE_TITLE);
  const image = elementById(page.subarray(from, title), 'img', 'coverImage');
  return image === null ? null : cover(attributeIn(decode(page, from + image.start + 4, from + image.end - 1), 'src'));
}

/** The address with its slug, from a hidden input, if it names this book. */
function pageUrl(page: Buffer, title: number, id: string): string | null {
  let at = page.lastIndexOf('id="page_url"', title);
  for (let tries = 0; at >= 0 && tries < 8; tries += 1) {
    const attributes = attributesAround(page, at);
    const url = attributes === null ? null : address(attributeIn(attributes, 'value'));
    if (url !== null && numberIn(url, '/book/show/') === id) return url;
    at = at === 0 ? -1 : page.lastIndexOf('id="page_url"', at - 1);
  }
  return null;
}

/** The work's number in the links to its shelves, for pages from before `og:url` named the work. */
function workBehind(page: Buffer, title: number): string | null {
  const at = page.indexOf('/work/shelves/', title);
  return at < 0 ? null : numberIn(decode(page, at, at + 40), '/work/shelves/');
}
