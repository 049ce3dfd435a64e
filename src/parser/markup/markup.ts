/**
 * A small tree of a small piece of a page. Whole pages are never parsed: the layers cut out the part that speaks of the
 * book (a few kilobytes out of half a million) and build a tree of that alone.
 *
 * Safe on hostile input: one pass, no regular expression over the text, no recursion while building, a bounded depth.
 * A tag or comment that never ends swallows the rest, as it does in a browser, so nothing is ever scanned twice.
 */
import { decodeHTML, decodeHTMLAttribute } from 'entities';

/** An element: its lower-case name, its raw attribute text, and what lies inside (texts are raw, entities not yet decoded). */
export interface Markup {
  name: string;
  attributes: string;
  children: (Markup | string)[];
  /** False for an element that was still open where the text ended: of a page that was cut off, its content may be half. */
  closed: boolean;
}

/** Deeper elements are kept, but as siblings: no real page nests a book's part deeper than 20. */
const MAX_DEPTH = 64;
const VOID = new Set(['area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'source', 'track', 'wbr']);
/** Their content is text up to the closing tag. It is never a book's, so it is dropped. */
const RAW_TEXT = new Set(['script', 'style', 'noscript', 'textarea', 'template']);

const QUOTE = 34;
const APOSTROPHE = 39;
const SLASH = 47;
const EQUALS = 61;
const GREATER = 62;

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

function isLetter(code: number): boolean {
  const lower = code | 32;
  return lower >= 97 && lower <= 122;
}

/** Where the value that starts at or after `at` (just behind an `=`) opens a quote; -1 when it is not quoted. */
function quoteAfter(html: string, at: number): number {
  let next = at;
  while (next < html.length && isSpace(html.charCodeAt(next))) next += 1;
  const code = html.charCodeAt(next);
  return code === QUOTE || code === APOSTROPHE ? next : -1;
}

/** The index of the `>` that ends a tag, -1 if it never ends. Quotes count only behind `=`, as in HTML's own rules. */
function tagEnd(html: string, from: number): number {
  for (let at = from; at < html.length; at += 1) {
    const code = html.charCodeAt(at);
    if (code === GREATER) return at;
    if (code !== EQUALS) continue;
    const quote = quoteAfter(html, at + 1);
    if (quote < 0) continue;
    const close = html.indexOf(html.charAt(quote), quote + 1);
    if (close < 0) return -1;
    at = close;
  }
  return -1;
}

/** Builds the tree of a piece of HTML. The root has no name. Unclosed and misnested tags are tolerated. */
export function parseMarkup(html: string): Markup {
  const root: Markup = { name: '', attributes: '', children: [], closed: true };
  const open: Markup[] = [root];
  let at = 0;
  while (at < html.length) {
    const less = html.indexOf('<', at);
    const parent = open[open.length - 1] ?? root;
    if (less < 0) {
      parent.children.push(html.slice(at));
      break;
    }
    const code = html.charCodeAt(less + 1);
    const closing = code === SLASH;
    if (!closing && !isLetter(code) && code !== 33 && code !== 63) {
      parent.children.push(html.slice(at, less + 1));
      at = less + 1;
      continue;
    }
    if (less > at) parent.children.push(html.slice(at, less));
    if (html.startsWith('<!--', less)) {
      const end = html.indexOf('-->', less + 4);
      if (end < 0) break;
      at = end + 3;
      continue;
    }
    const end = tagEnd(html, less + 1);
    if (end < 0) break;
    at = end + 1;
    if (closing)
      closeTag(
        open,
        html
          .slice(less + 2, end)
          .trim()
          .toLowerCase(),
      );
    else if (isLetter(code)) at = openTag(html, less, end, open);
  }
  return root;
}

/** Ends the nearest open element of that name; a stray closing tag is ignored. */
function closeTag(open: Markup[], name: string): void {
  for (let depth = open.length - 1; depth > 0; depth -= 1) {
    if (open[depth]?.name !== name) continue;
    for (const ended of open.splice(depth)) ended.closed = true;
    return;
  }
}

/** Adds the element whose tag spans `less` to `end`; answers where to go on (behind the content of raw-text elements). */
function openTag(html: string, less: number, end: number, open: Markup[]): number {
  let stop = less + 1;
  while (stop < end && !isSpace(html.charCodeAt(stop)) && html.charCodeAt(stop) !== SLASH) stop += 1;
  const name = html.slice(less + 1, stop).toLowerCase();
  if (RAW_TEXT.has(name)) {
    const closing = html.indexOf(`</${name}`, end);
    return closing < 0 ? html.length : closing;
  }
  const nests = !VOID.has(name) && html.charCodeAt(end - 1) !== SLASH && open.length < MAX_DEPTH;
  const element: Markup = { name, attributes: html.slice(stop, end), children: [], closed: !nests };
  open[open.length - 1]?.children.push(element);
  if (nests) open.push(element);
  return end + 1;
}

/**
 * The decoded value of an attribute in raw attribute text; `null` if it is not there, `''` if it has no value.
 * Attributes are read one after the other, so that a value such as `title="set id=5"` is never taken for an attribute.
 */
export function attributeIn(attributes: string, wanted: string): string | null {
  let at = 0;
  while (at < attributes.length) {
    const code = attributes.charCodeAt(at);
    if (isSpace(code) || code === SLASH || code === GREATER) {
      at += 1;
      continue;
    }
    const start = at;
    // An `=` that begins a name belongs to it, as in HTML's own rules; this also keeps the loop moving.
    at += 1;
    while (at < attributes.length && !endsName(attributes.charCodeAt(at))) at += 1;
    const name = attributes.slice(start, at);
    while (at < attributes.length && isSpace(attributes.charCodeAt(at))) at += 1;
    let value = '';
    if (attributes.charCodeAt(at) === EQUALS) [value, at] = valueAt(attributes, at + 1);
    if (name === wanted || name.toLowerCase() === wanted) return decodeAttribute(value);
  }
  return null;
}

function endsName(code: number): boolean {
  return isSpace(code) || code === SLASH || code === EQUALS || code === GREATER;
}

/** The raw value behind an `=` and the index behind it. */
function valueAt(attributes: string, at: number): [string, number] {
  const quote = quoteAfter(attributes, at);
  if (quote >= 0) {
    const close = attributes.indexOf(attributes.charAt(quote), quote + 1);
    const end = close < 0 ? attributes.length : close;
    return [attributes.slice(quote + 1, end), end + 1];
  }
  let start = at;
  while (start < attributes.length && isSpace(attributes.charCodeAt(start))) start += 1;
  let stop = start;
  while (stop < attributes.length && !isSpace(attributes.charCodeAt(stop)) && attributes.charCodeAt(stop) !== GREATER) stop += 1;
  return [attributes.slice(start, stop), stop];
}

function decodeAttribute(raw: string): string {
  return raw.includes('&') ? decodeHTMLAttribute(raw) : raw;
}

/** Raw text with its entities decoded, exactly once. */
export function decodeText(raw: string): string {
  return raw.includes('&') ? decodeHTML(raw) : raw;
}

/** An attribute of an element, decoded; `null` if it has none of that name. */
export function attribute(element: Markup, name: string): string | null {
  return element.attributes.includes(name) ? attributeIn(element.attributes, name) : null;
}

/** Whether a class is among the element's classes. */
export function hasClass(element: Markup, name: string): boolean {
  return element.attributes.includes(name) && (attribute(element, 'class') ?? '').split(/\s+/).includes(name);
}

/** All elements below `root` that fit, in document order. */
export function findAll(root: Markup, fits: (element: Markup) => boolean): Markup[] {
  const found: Markup[] = [];
  // The depth is bounded by MAX_DEPTH, so plain recursion is safe.
  const visit = (element: Markup): void => {
    for (const child of element.children) {
      if (typeof child === 'string') continue;
      if (fits(child)) found.push(child);
      visit(child);
    }
  };
  visit(root);
  return found;
}

/** The first element below `root` that fits, in document order, or `null`. */
export function find(root: Markup, fits: (element: Markup) => boolean): Markup | null {
  for (const child of root.children) {
    if (typeof child === 'string') continue;
    const hit = fits(child) ? child : find(child, fits);
    if (hit !== null) return hit;
  }
  return null;
}
