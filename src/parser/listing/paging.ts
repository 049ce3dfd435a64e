/**
 * The page links of Rails. A page may have several sets of them: a list has one for its comments, which is always on its page 1. Only links
 * of the collection itself count.
 */
import { attribute, attributeIn, find, parseMarkup } from '../markup/markup.ts';
import { decode, tagBounds } from '../markup/page-bytes.ts';
import { listingAddress, type ListingAddress } from './listing-address.ts';

/** Links of 13 pages take 2 kB, those of a search 4 kB. */
const AROUND = 8 * 1024;
/** The most marks that are looked at. */
const MAX_TRIES = 64;

export interface Paging {
  /** The page that is marked as the current one. */
  current: number | null;
  /** Whether a link to the next page is there. */
  next: boolean;
}

/** Reads the page links of one collection. */
export function readPaging(page: Buffer, self: ListingAddress): Paging {
  return { current: currentPage(page, self), next: hasNext(page, self) };
}

function isOwn(url: string | null, self: ListingAddress): boolean {
  const found = listingAddress(url);
  return found !== null && found.family === self.family && (found.family === 'search' || found.id === self.id);
}

/** `<em class="current">3</em>`, beside which links of the collection are. */
function currentPage(page: Buffer, self: ListingAddress): number | null {
  for (const mark of ['class="current"', "class='current'"]) {
    let at = page.indexOf(mark);
    for (let tries = 0; at >= 0 && tries < MAX_TRIES; tries += 1) {
      const number = /^[^>]{0,64}>\s*([1-9]\d{0,5})\s*<\/em>/.exec(decode(page, at, at + 160))?.[1];
      if (number !== undefined && linksAround(page, at, self)) return Number(number);
      at = page.indexOf(mark, at + mark.length);
    }
  }
  return null;
}

/** Whether the box around a place links the collection. */
function linksAround(page: Buffer, at: number, self: ListingAddress): boolean {
  const before = page.subarray(Math.max(0, at - AROUND), at);
  const behind = page.subarray(at, at + AROUND);
  const opening = before.lastIndexOf('<div');
  const closing = behind.indexOf('</div');
  const box = decode(before, Math.max(0, opening), before.length) + decode(behind, 0, closing < 0 ? behind.length : closing);
  return find(parseMarkup(box), (element) => element.name === 'a' && isOwn(attribute(element, 'href'), self)) !== null;
}

/** A link with `rel="next"` or the class `next_page` that goes to the collection. */
function hasNext(page: Buffer, self: ListingAddress): boolean {
  for (const mark of ['next_page', 'rel="next"', "rel='next'"]) {
    let at = page.indexOf(mark);
    for (let tries = 0; at >= 0 && tries < MAX_TRIES; tries += 1) {
      const bounds = tagBounds(page, at);
      const tag = bounds === null ? '' : decode(page, bounds.start, bounds.end - 1);
      const attributes = /^<(?:a|link)\s/i.test(tag) ? tag.replace(/^<\w+/, '') : null;
      if (attributes !== null && isOwn(attributeIn(attributes, 'href'), self)) return true;
      at = page.indexOf(mark, at + mark.length);
    }
  }
  return false;
}
