/**
 * A tree of a small piece of a page. Whole pages are never parsed: a page is half a megabyte. The layers cut out the part about the book, a
 * few kilobytes, and build a tree of that part.
 *
 * It is safe for hostile input: one pass, no regular expression over the text, no recursion while building, a limited depth.
 * As in a browser, a tag or comment that never ends takes the rest, so nothing is scanned twice.
 */
import { decodeHTML, decodeHTMLAttribute } from 'entities';

/** An element: its lower-case name, its raw attribute text, and its children. Texts are raw: their entities are not decoded. */
export interface Markup {
  name: string;
  attributes: string;
  children: (Markup | string)[];
  /** False for an element that was open when the text ended. Its content may be incomplete, because the page was cut off. */
  closed: boolean;
}

/** Deeper elements become siblings. No real page nests the part about a book deeper than 20. */
const MAX_DEPTH = 64;
const VOID = new Set(['area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'source', 'track', 'wbr']);
/** The content of these elements is text up to the closing tag. It is never about a book, so it is dropped. */
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

/** The index of the quote that opens the value after an `=`, at `at` or later; -1 when the value has no quotes. */
function quoteAfter(html: string, at: number): number {
  let next = at;
  while (next < html.length && isSpace(html.charCodeAt(next))) next += 1;
  const code = html.charCodeAt(next);
  return code === QUOTE || code === APOSTROPHE ? next : -1;
}

/** The index of the `>` that ends a tag, -1 if it never ends. Quotes count only after `=`, as in the rules of HTML. */
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

/** Adds the element whose tag spans `less` to `end`. Returns where to go on: for a raw-text element, after its content. */
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
 * The decoded value of an attribute in raw attribute text; `null` if it is absent, `''` if it has no value.
 * Attributes are read one after the other, so that a value such as `title="set id=5"` never counts as an attribute.
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
    // An `=` at the start of a name belongs to the name, as in the rules of HTML. This also keeps the loop moving.
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

/** The raw value after an `=`, and the index after the value. */
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

/** An attribute of an element, decoded; `null` if the element does not have it. */
export function attribute(element: Markup, name: string): string | null {
  return element.attributes.includes(name) ? attributeIn(element.attributes, name) : null;
}

/** Whether the element has a class. */
export function hasClass(element: Markup, name: string): boolean {
  return element.attributes.includes(name) && (attribute(element, 'class') ?? '').split(/\s+/).includes(name);
}

/** All matching elements below `root`, in document order. */
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

/** The first matching element below `root`, in document order, or `null`. */
export function find(root: Markup, fits: (element: Markup) => boolean): Markup | null {
  for (const child of root.children) {
    if (typeof child === 'string') continue;
    const hit = fits(child) ? child : find(child, fits);
    if (hit !== null) return hit;
  }
  return null;
}
