/**
 * A series: its data is in attributes of React's blocks, as JSON. There are several blocks of members: two books, an advertisement, the
 * rest. Links in the descriptions of members are never looked at.
 */
import { parseBookId } from '../../domain/identity.ts';
import { count } from '../findings.ts';
import { isObject, parseJson, type JsonObject } from '../markup/json-slices.ts';
import { decodeText } from '../markup/markup.ts';
import { decode } from '../markup/page-bytes.ts';
import { line } from '../markup/text.ts';
import { bookAddress } from './listing-address.ts';
import { MAX_ROWS, type Row } from './rows.ts';

/** 100 members take 300 kB. */
const MAX_PROPS = 4 * 1024 * 1024;
const MAX_BLOCKS = 64;
/** How far behind its name a block's data may begin. */
const NEAR = 256;

interface SeriesPage {
  rows: Row[];
  title: string | null;
  page: number | null;
  total: number | null;
  next: boolean;
}

/** Reads all blocks of the page. */
export function readSeries(page: Buffer): SeriesPage {
  const header = blocks(page, 'SeriesHeader')[0];
  const lists = blocks(page, 'SeriesList');
  const controls = blocks(page, 'FullPagePaginationControls')[0];
  const current = count(controls?.['currentPageNumber']);
  const total = count(controls?.['numWorks']);
  const perPage = count(controls?.['perPage']);
  return {
    rows: lists.flatMap((list) => members(list)).slice(0, MAX_ROWS),
    title: line(header?.['title']),
    page: current === 0 ? null : current,
    total,
    next: current !== null && total !== null && perPage !== null && current * perPage < total,
  };
}

/** The data of every block of a kind. A block whose data cannot be read is an empty object: it must not vanish. */
function blocks(page: Buffer, kind: string): JsonObject[] {
  const found: JsonObject[] = [];
  const mark = `ReactComponents.${kind}`;
  let at = page.indexOf(mark);
  while (at >= 0 && found.length < MAX_BLOCKS) {
    const props = propsBehind(page, at + mark.length);
    if (props !== undefined) found.push(isObject(props) ? props : {});
    at = page.indexOf(mark, at + mark.length);
  }
  return found;
}

/** `data-react-class="ReactComponents.SeriesList" data-react-props="{…}"`; `undefined` when the name stands elsewhere. */
function propsBehind(page: Buffer, at: number): unknown {
  const opening = /^["'][^<>]{0,128}?\sdata-react-props=(["'])/.exec(decode(page, at, at + NEAR));
  if (opening === null) return undefined;
  const start = at + Buffer.byteLength(opening[0]);
  const end = page.indexOf(opening[1] ?? '"', start);
  return end < 0 || end - start > MAX_PROPS ? null : (parseJson(decodeText(decode(page, start, end))) ?? null);
}

function members(list: JsonObject): Row[] {
  const entries: unknown[] = Array.isArray(list['series']) ? list['series'] : [null];
  const headers: unknown[] = Array.isArray(list['seriesHeaders']) ? list['seriesHeaders'] : [];
  return entries.map((entry, at) => member(isObject(entry) && isObject(entry['book']) ? entry['book'] : {}, headers[at]));
}

function member(book: JsonObject, header: unknown): Row {
  const url = typeof book['bookUrl'] === 'string' ? book['bookUrl'] : null;
  return {
    book: number(book['bookId']) ?? bookAddress(url),
    work: number(book['workId']),
    position: line(header),
    title: line(book['title']) ?? line(book['bookTitleBare']),
    author: isObject(book['author']) ? line(book['author']['name']) : null,
  };
}

function number(value: unknown): ReturnType<typeof parseBookId> {
  return typeof value === 'string' || typeof value === 'number' ? parseBookId(String(value)) : null;
}
