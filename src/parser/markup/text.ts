/** Text as a reader sees it: entities decoded once, white space collapsed, line and paragraph breaks kept where they have a meaning. */
import { decodeText, parseMarkup, type Markup } from './markup.ts';

/** Elements that are a paragraph. */
const PARAGRAPHS = new Set(['p', 'blockquote', 'ul', 'ol', 'table', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr']);
/** Elements that only start a new line. */
const LINES = new Set(['div', 'li', 'tr']);

/**
 * Removes characters that text should not have and that PostgreSQL refuses: control characters (tab and line breaks stay) and halves of
 * surrogate pairs. U+200C and U+200D stay, because Persian and the Indic scripts need them.
 */
function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  const clean = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '');
  return clean.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** One line: all white space, also no-break spaces, becomes single spaces, without any at the ends. */
export function collapse(text: string): string {
  return withoutControls(text).replace(/\s+/g, ' ').trim();
}

/** Longer text is not taken. Titles, names and publishers have at most a few hundred characters, descriptions some ten thousand. */
const MAX_LINE = 4096;
const MAX_TEXT = 256 * 1024;

/** {@link collapse}d text; `null` when nothing is left, and for values that are not strings. */
export function line(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > MAX_LINE) return null;
  const text = collapse(value);
  return text === '' ? null : text;
}

/** The text inside an element on one line, without the elements that `skip` picks. `null` for an element that the page's end cut off. */
export function textOf(element: Markup, skip?: (child: Markup) => boolean): string | null {
  if (!element.closed) return null;
  const parts: string[] = [];
  gather(element, parts, skip);
  return line(decodeText(parts.join('')));
}

function gather(element: Markup, parts: string[], skip?: (child: Markup) => boolean): void {
  for (const child of element.children) {
    if (typeof child === 'string') parts.push(child);
    else if (child.name === 'br') parts.push(' ');
    else if (skip?.(child) !== true) gather(child, parts, skip);
  }
}

/**
 * The text inside an element with its breaks. `<br>` ends a line, block elements start a new line or paragraph, and white space in the
 * source means nothing. There is at most one empty line in a row. `null` when the text is empty or incomplete.
 */
export function paragraphsOf(element: Markup): string | null {
  if (!element.closed) return null;
  const parts: string[] = [];
  const visit = (parent: Markup): void => {
    for (const child of parent.children) {
      if (typeof child === 'string') {
        parts.push(withoutControls(decodeText(child)).replace(/\s+/g, ' '));
        continue;
      }
      const around = PARAGRAPHS.has(child.name) ? '\n\n' : LINES.has(child.name) || child.name === 'br' ? '\n' : '';
      parts.push(around);
      visit(child);
      if (child.name !== 'br') parts.push(around);
    }
  };
  visit(element);
  // Trimming line by line takes linear time. A pattern with spaces on both sides of a break would not.
  const lines = parts
    .join('')
    .split('\n')
    .map((text) => text.trim());
  const kept = lines.filter((text, at) => text !== '' || (at > 0 && lines[at - 1] !== ''));
  const text = kept.join('\n').trim();
  return text === '' ? null : text;
}

/** {@link paragraphsOf} for a string of HTML, such as the description in `__NEXT_DATA__`. */
export function paragraphsOfHtml(html: string): string | null {
  return html.length > MAX_TEXT ? null : paragraphsOf(parseMarkup(html));
}
