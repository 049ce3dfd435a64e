/** How the page of each family is read: where its rows are, its name, and what it claims. */
import { count } from '../findings.ts';
import { attribute, find, hasClass, parseMarkup, type Markup } from '../markup/markup.ts';
import { decode, tagBounds } from '../markup/page-bytes.ts';
import { line, textOf } from '../markup/text.ts';
import { titleOf } from '../no-book.ts';
import type { ListingAddress } from './listing-address.ts';
import type { ListingFamily } from './listing.ts';
import { readPaging } from './paging.ts';
import { classIn, readRow, rowsBetween, TABLE_ROWS, type Row, type RowStart } from './rows.ts';
import { readSeries } from './series.ts';

/** What a page of a collection says, before it is checked. */
export interface Reading {
  /** As the page says it; a search has its question. */
  id: string;
  title: string | null;
  page: number | null;
  total: number | null;
  next: boolean | null;
  rows: Row[];
}

const READERS: Record<ListingFamily, (page: Buffer, self: ListingAddress) => Reading> = {
  list: readList,
  series: readSeriesPage,
  author: readAuthor,
  'author-list': readAuthorList,
  editions: readEditions,
  shelf: readShelf,
  genre: readGenre,
  'review-list': readReviewList,
  search: readSearch,
};

/** Reads a page of a family. Never throws. */
export function readFamily(page: Buffer, self: ListingAddress): Reading {
  return READERS[self.family](page, self);
}

/** The text of an element by its tag, from its mark; `null` when it is not there. Headings and counts are short. */
function textAt(page: Buffer, mark: string, from = 0): string | null {
  const at = page.indexOf(mark, from);
  const bounds = at < 0 ? null : tagBounds(page, at);
  if (bounds === null) return null;
  const element = find(parseMarkup(decode(page, bounds.start, bounds.end + 4096)), () => true);
  return element === null ? null : textOf(element);
}

/** A place in the page, or its start or end when the mark is not there. */
function placeOf(page: Buffer, mark: string, otherwise: number, from = 0): number {
  const at = page.indexOf(mark, from);
  return at < 0 ? otherwise : at;
}

function rowsOf(page: Buffer, start: RowStart, from = 0, to = page.length): Row[] {
  return rowsBetween(page, start, from, to).map((row) => readRow(row));
}

/** A signed-in page adds its own name to the title. */
function nameOf(page: Buffer): string | null {
  return line(titleOf(page)?.replace(/ \| Goodreads$/, ''));
}

/** "Best Books Ever (79111 books)": the name and the count. */
function nameAndCount(title: string | null): { name: string | null; total: number | null } {
  const match = /^(.*) \(([\d,]+) books?\)$/.exec(title ?? '');
  return match === null ? { name: title, total: null } : { name: line(match[1]), total: count(match[2]) };
}

/** "Showing 1-10 of 527": the count. It stands in a `smallText` of its own. */
function showing(page: Buffer): number | null {
  for (const mark of ['Showing ', '(showing ']) {
    let at = page.indexOf(mark);
    for (let tries = 0; at >= 0 && tries < 16; tries += 1) {
      const found = /^\(?showing \d[\d,]*-\d[\d,]* of ([\d,]+)\)?\s*</i.exec(decode(page, at, at + 96))?.[1];
      if (found !== undefined) return count(found);
      at = page.indexOf(mark, at + mark.length);
    }
  }
  return null;
}

function readList(page: Buffer, self: ListingAddress): Reading {
  const { name, total } = nameAndCount(nameOf(page));
  const { current, next } = readPaging(page, self);
  const from = placeOf(page, 'all_votes', 0);
  const stacked = /([\d,]+) books/.exec(textAt(page, 'class="stacked"', from) ?? '')?.[1];
  return { id: self.id, title: name, page: current, total: total ?? count(stacked), next, rows: rowsOf(page, TABLE_ROWS, from) };
}

function readSeriesPage(page: Buffer, self: ListingAddress): Reading {
  const { rows, title, page: current, total, next } = readSeries(page);
  return { id: self.id, title: title ?? line(nameOf(page)?.replace(/^(.* Series) by .*$/, '$1')), page: current, total, next, rows };
}

function readAuthor(page: Buffer, self: ListingAddress): Reading {
  const works = /([\d,]{1,16}) distinct works?</.exec(around(page, ' distinct work'))?.[1];
  const heading = textAt(page, '<h1 class="authorName"') ?? nameOf(page)?.replace(/ \(Author of .*$/, '');
  return { id: self.id, title: line(heading), page: null, total: count(works), next: null, rows: rowsOf(page, TABLE_ROWS) };
}

function around(page: Buffer, mark: string): string {
  const at = page.indexOf(mark);
  return at < 0 ? '' : decode(page, at - 24, at + mark.length + 8);
}

function readAuthorList(page: Buffer, self: ListingAddress): Reading {
  const { current, next } = readPaging(page, self);
  const name = /^Books by (.*?)(?: \(Author of .*)?$/.exec(nameOf(page) ?? '')?.[1];
  return { id: self.id, title: line(name ?? nameOf(page)), page: current, total: null, next, rows: rowsOf(page, TABLE_ROWS) };
}

const EDITIONS: RowStart = { mark: 'editionData', begins: (tag, attributes) => tag === 'div' && classIn(attributes, 'editionData') };

function readEditions(page: Buffer, self: ListingAddress): Reading {
  const { current, next } = readPaging(page, self);
  const heading = page.indexOf('<h1');
  const root = heading < 0 ? null : parseMarkup(decode(page, heading, heading + 8192));
  const link = root === null ? null : find(root, (element) => element.name === 'a');
  const title = (link === null ? null : textOf(link)) ?? /^Editions of (.*) by .*$/.exec(nameOf(page) ?? '')?.[1];
  const rows = rowsOf(page, EDITIONS, 0, placeOf(page, 'class="rightContainer', page.length));
  return { id: self.id, title: line(title), page: current, total: showing(page), next, rows };
}

const ELEMENTS: RowStart = { mark: 'elementList', begins: (tag, attributes) => tag === 'div' && classIn(attributes, 'elementList') };

/** Shelves have no page links when nobody is signed in: 50 books are all. */
function readShelf(page: Buffer, self: ListingAddress): Reading {
  const from = placeOf(page, 'class="leftContainer', 0);
  const rows = rowsOf(page, ELEMENTS, from, placeOf(page, 'class="rightContainer', page.length, from));
  return { id: self.id, title: nameOf(page), page: null, total: showing(page), next: null, rows };
}

const COVERS: RowStart = { mark: 'coverWrapper', begins: (tag, attributes) => tag === 'div' && classIn(attributes, 'coverWrapper') };

/** Only the picture of a cover is read: the scripts behind it hold links to other books. */
function readGenre(page: Buffer, self: ListingAddress): Reading {
  const header = placeOf(page, 'genreHeader', -1);
  const heading = header < 0 ? null : textAt(page, '<h1', header);
  const rows = rowsBetween(page, COVERS, 0, page.length).map((row): Row => {
    const cover = find(row, (element) => hasClass(element, 'coverWrapper')) ?? row;
    const picture = find(cover, (element) => element.name === 'img');
    const read = readRow(cover);
    read.title ??= line(picture === null ? null : attribute(picture, 'alt'));
    return read;
  });
  return { id: self.id, title: heading ?? line(nameOf(page)?.replace(/ Books$/, '')), page: null, total: null, next: null, rows };
}

const REVIEWS: RowStart = { mark: 'bookalike', begins: (tag, attributes) => tag === 'tr' && classIn(attributes, 'bookalike') };

function readReviewList(page: Buffer, self: ListingAddress): Reading {
  const { name, total } = nameAndCount(nameOf(page));
  const { current, next } = readPaging(page, self);
  const rows = rowsBetween(page, REVIEWS, 0, page.length).map((row): Row => {
    const cell = (field: string): Markup | null => find(row, (element) => element.name === 'td' && hasClass(element, field));
    const [title, author] = [cell('title'), cell('author')];
    const link = author === null ? null : find(author, (element) => element.name === 'a');
    const read = readRow(title ?? row);
    read.author = link === null ? null : textOf(link);
    return read;
  });
  return { id: self.id, title: name, page: current, total, next, rows };
}

const SEARCH = /^Search results for "(.*)" \(showing [\d,]+-[\d,]+ of ([\d,]+) books?\)/;

function readSearch(page: Buffer, self: ListingAddress): Reading {
  const match = SEARCH.exec(nameOf(page) ?? '');
  const { current, next } = readPaging(page, self);
  const question = match?.[1] ?? '';
  return { id: question, title: line(question), page: current, total: count(match?.[2]), next, rows: rowsOf(page, TABLE_ROWS) };
}
