/**
 * Searches a page without decoding it. A page is half a megabyte, and the part about the book is a few kilobytes. Searching bytes runs at
 * several gigabytes a second; decoding and parsing are much slower.
 */
import { attributeIn } from './markup.ts';

/** A Buffer over the same memory, so that the fast searches work on any byte array. */
export function bufferOf(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** Bytes `from` to `to` as text. Invalid UTF-8 becomes U+FFFD; nothing throws. */
export function decode(page: Buffer, from: number, to: number): string {
  return page.toString('utf8', Math.max(0, from), Math.max(0, to));
}

/** Longer tags are ignored: the tags of interest are short. */
const MAX_TAG = 4096;
const DOUBLE = 34;
const SINGLE = 39;
const LESS = 60;
const GREATER = 62;

/** The bounds of the tag around a byte: its `<` and the index after its `>`. `null` when no such tag is near. */
export function tagBounds(page: Buffer, at: number): { start: number; end: number } | null {
  let start = at;
  const floor = Math.max(0, at - MAX_TAG);
  while (start >= floor && page[start] !== LESS) {
    // A `>` in between means that the text is outside of any tag.
    if (page[start] === GREATER) return null;
    start -= 1;
  }
  if (page[start] !== LESS) return null;
  const end = page.indexOf(GREATER, at);
  return end < 0 || end - start > MAX_TAG ? null : { start, end: end + 1 };
}

/** The raw attribute text of the tag around a byte, without the name of the tag; `null` when there is none. */
export function attributesAround(page: Buffer, at: number): string | null {
  const bounds = tagBounds(page, at);
  if (bounds === null) return null;
  const tag = decode(page, bounds.start + 1, bounds.end - 1);
  const name = /^[^\s/]*/.exec(tag)?.[0] ?? '';
  return tag.slice(name.length);
}

/** How often the text of an id may occur in scripts and texts before the search for its tag ends. */
const MAX_TRIES = 8;

/**
 * The bounds of the tag `<name … id="id" …>`, or `null`. Accepts `id="x"`, `id='x'` and `id=x`, never `data-testid="x"`. `quotes` lists the
 * spellings, the usual one first, because each miss reads the page to its end.
 */
export function elementById(
  page: Buffer,
  name: string,
  id: string,
  from = 0,
  quotes = ['"', "'", ''],
): { start: number; end: number } | null {
  for (const quote of quotes) {
    const needle = ` id=${quote}${id}${quote === '' ? ' ' : quote}`;
    let at = page.indexOf(needle, from);
    for (let tries = 0; at >= 0 && tries < MAX_TRIES; tries += 1) {
      const bounds = tagBounds(page, at + 1);
      if (bounds !== null && decode(page, bounds.start + 1, bounds.start + 1 + name.length).toLowerCase() === name) return bounds;
      at = page.indexOf(needle, at + 1);
    }
  }
  return null;
}

/** The part of a page with all tags of its head that layers read: 2 to 50 kB in the corpus. */
const HEAD = 192 * 1024;

/** The bytes that are searched for `<meta>`, `<link>` and `<title>`. */
export function headOf(page: Buffer): Buffer {
  return page.subarray(0, HEAD);
}

/** The decoded content of `<meta property="…">` or `<meta name="…">`, in single or double quotes; `null` when the head has none. */
export function metaContent(page: Buffer, property: string): string | null {
  const head = headOf(page);
  let at = head.indexOf(property);
  for (let tries = 0; at > 1 && tries < MAX_TRIES; tries += 1) {
    const quote = head[at - 1];
    if (quote === head[at + property.length] && (quote === DOUBLE || quote === SINGLE)) {
      const attributes = attributesAround(head, at);
      const content = attributes === null ? null : attributeIn(attributes, 'content');
      if (content !== null) return content;
    }
    at = head.indexOf(property, at + 1);
  }
  return null;
}

/** The address in `<link rel="canonical">`. It often names another edition, so it never gives the id of a book. */
export function canonicalLink(page: Buffer): string | null {
  const head = headOf(page);
  for (const needle of ['rel="canonical"', "rel='canonical'"]) {
    const at = head.indexOf(needle);
    const attributes = at < 0 ? null : attributesAround(head, at);
    if (attributes !== null) return attributeIn(attributes, 'href');
  }
  return null;
}
