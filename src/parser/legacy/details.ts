/** The details of the old layout: format, pages and publication in two lines, then a box of rows with titles. */
import { parseEnglishDate, plausibleYear } from '../dates.ts';
import { isbn10, isbn13, pageCount, put, unique, type Findings } from '../findings.ts';
import { seriesLinks } from './links.ts';
import { attribute, find, findAll, hasClass, parseMarkup, type Markup } from '../markup/markup.ts';
import { decode, elementById } from '../markup/page-bytes.ts';
import { line, textOf } from '../markup/text.ts';

/** Settings, characters and awards can make the box 60 kB long. */
const MAX_DETAILS = 256 * 1024;
/** What follows the rows: the link that folds the box, and pictures of other editions, which are half of its bytes. */
const BEHIND = ['id="bookDataBoxHide"', 'class="otherEdition', '<div class="reviewControls'];

/** Reads `#details` after the title into the findings. */
export function readDetails(page: Buffer, title: number, findings: Findings): void {
  const opening = elementById(page, 'div', 'details', title);
  if (opening === null) return;
  const window = page.subarray(opening.start, opening.start + MAX_DETAILS);
  let end = window.length;
  for (const needle of BEHIND) {
    const at = window.subarray(0, end).indexOf(needle);
    if (at >= 0) end = at;
  }
  const root = parseMarkup(decode(window, 0, end));
  const property = (name: string): string | null => {
    const element = find(root, (each) => attribute(each, 'itemprop') === name);
    return element === null ? null : textOf(element);
  };
  put(findings, 'format', property('bookFormat'));
  put(findings, 'pages', pageCount(/^[\d,]+/.exec(property('numberOfPages') ?? '')?.[0]));
  put(findings, 'language', property('inLanguage'));
  for (const row of findAll(root, (element) => hasClass(element, 'row'))) readPublication(row, findings);
  readRows(root, findings);
}

/**
 * "Published August 13th 2013 by Top Shelf Productions (first published 2012)". Date, publisher and first publication may each be absent.
 * The publisher begins after the first "by", and may contain another "by".
 */
function readPublication(row: Markup, findings: Findings): void {
  const text = textOf(row, (child) => child.name === 'nobr')?.replace(/ ?\(first published [^)]*\)$/, '') ?? null;
  const match = text === null ? null : /^(?:Published|Expected publication:?)(?: (.*))?$/.exec(text);
  if (match === null) return;
  const rest = match[1] ?? '';
  const by = rest.startsWith('by ') ? 0 : rest.indexOf(' by ');
  put(findings, 'publishedDate', parseEnglishDate(by < 0 ? rest : rest.slice(0, by))?.iso);
  put(findings, 'publisher', by < 0 ? null : line(rest.slice(by).replace(/^ ?by /, '')));
  const first = find(row, (element) => element.name === 'nobr');
  const firstText = first === null ? null : /first published (.*?)\)?$/.exec(textOf(first) ?? '')?.[1];
  const year = parseEnglishDate(firstText ?? '')?.year;
  put(findings, 'originalPublishedYear', year === undefined ? null : plausibleYear(year));
}

/** A row is a title and an item, siblings in one box. */
function readRows(root: Markup, findings: Findings): void {
  let title: string | null = null;
  for (const element of findAll(root, (each) => hasClass(each, 'infoBoxRowTitle') || hasClass(each, 'infoBoxRowItem'))) {
    if (hasClass(element, 'infoBoxRowTitle')) title = textOf(element);
    else if (title !== null) {
      readRow(title, element, findings);
      title = null;
    }
  }
}

function readRow(title: string, item: Markup, findings: Findings): void {
  if (!item.closed) return;
  switch (title) {
    case 'Original Title':
      put(findings, 'originalTitle', textOf(item));
      break;
    case 'ISBN':
    case 'ISBN13': {
      // "1480095532 (ISBN13: 9781480095533)", or an ISBN-13 alone in a row of its own.
      const thirteen = attribute(item, 'itemprop') === 'isbn' ? item : find(item, (each) => attribute(each, 'itemprop') === 'isbn');
      put(findings, 'isbn13', isbn13(thirteen === null ? null : textOf(thirteen)));
      put(findings, 'isbn10', isbn10(textOf(item, (each) => each.name === 'span')));
      break;
    }
    case 'ASIN':
      put(findings, 'asin', textOf(item));
      break;
    case 'Series':
      put(findings, 'series', seriesLinks(item));
      break;
    case 'Literary Awards':
      put(findings, 'awards', unique(findAll(item, (each) => hasClass(each, 'award')).map((award) => textOf(award))));
      break;
    default:
  }
}
