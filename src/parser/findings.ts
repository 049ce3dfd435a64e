/** What one layer of a page says about a book, and the checks that every value must pass. */
import type { ParsedBook } from '../domain/book.ts';
import { validIsbn13 } from '../domain/links/isbn.ts';
import { line } from './markup/text.ts';

/** The fields that a layer can give. `author` follows from `authors`. Merging the layers gives `id`, `layout` and `sources`. */
export type Field = Exclude<keyof ParsedBook, 'author' | 'id' | 'layout' | 'sources'>;

/** The values of a layer. A field that the layer lacks is absent, never `null` or empty. */
export type Findings = { [Name in Field]?: NonNullable<ParsedBook[Name]> };

/** Sets a field unless the value is absent: `null`, `undefined` and empty lists are not findings. */
export function put<Name extends Field>(findings: Findings, name: Name, value: ParsedBook[Name] | null | undefined): void {
  if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) return;
  Object.assign(findings, { [name]: value });
}

/** A whole number from 0 up, given as a number or as digits with thousands separators ("1,521,481"); else `null`. */
export function count(value: unknown): number | null {
  const number = typeof value === 'string' && /^\s*\d[\d,]{0,15}\s*$/.test(value) ? Number(value.replaceAll(',', '')) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
}

/** A number of pages: Goodreads writes 0 for "not known". */
export function pageCount(value: unknown): number | null {
  const number = count(value);
  return number === null || number === 0 ? null : number;
}

/** An average rating above 0 and up to 5. Goodreads shows 0.00 for a book without ratings, which is no rating. */
export function rating(value: unknown): number | null {
  const number = typeof value === 'string' && /^\s*\d(?:\.\d{1,6})?\s*$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && number > 0 && number <= 5 ? number : null;
}

/** Five counts, one star first; `null` when it is anything else. */
export function distribution(value: unknown): number[] | null {
  if (!Array.isArray(value) || value.length !== 5) return null;
  const counts = value.map(count).filter((one) => one !== null);
  return counts.length === 5 ? counts : null;
}

/** An ISBN-13 with the right check digit, else `null`. About 1 in 250 pages has something else in that field. */
export function isbn13(value: unknown): string | null {
  const text = line(value);
  return text === null || text.length > 32 ? null : validIsbn13(text);
}

/**
 * Ten characters in the form of an ISBN-10, as the page gives them. The check digit is not checked: some publishers print a wrong one, and
 * then the book itself has the wrong number.
 */
export function isbn10(value: unknown): string | null {
  const text = line(value)?.replace(/[- ]/g, '') ?? '';
  return /^\d{9}[\dXx]$/.test(text) ? text.toUpperCase() : null;
}

const HTTP = /^(?:https?:)?\/\//i;

/** Hosts of the source's own pages. */
const PAGE_HOSTS = new Set(['goodreads.com', 'www.goodreads.com', 'm.goodreads.com']);
/** Domains from which the source and its owner serve pictures. Each has several hosts (`i.`, `images-na.`). */
const PICTURE_DOMAINS = ['.gr-assets.com', '.ssl-images-amazon.com', '.images-amazon.com', '.media-amazon.com', '.photo.goodreads.com'];

/** The host of an absolute https address. `null` when the address has a user, an unusual port, or a host with other characters. */
const plainHost = (url: string): string | null =>
  /^https:\/\/([a-z\d.-]{1,253})(?::443)?(?=[/?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? null;

/** Turns the target of a link (relative, `//host` or http) into an absolute https address; `null` when that is not possible. */
function absolute(value: unknown): string | null {
  const text = line(value);
  if (text === null || text.length > 2048 || /[\s"<>\\]/.test(text)) return null;
  if (text.startsWith('/') && !text.startsWith('//')) return `https://www.goodreads.com${text}`;
  return HTTP.test(text) ? text.replace(HTTP, 'https://') : null;
}

/**
 * The address of a page of the source, as {@link absolute} gives it; `null` for every other host. Anybody can upload a page, and readers of
 * the book may request its addresses. A page must not send them to another host.
 */
export function address(value: unknown): string | null {
  const url = absolute(value);
  return url !== null && PAGE_HOSTS.has(plainHost(url) ?? '') ? url : null;
}

/** The address of a cover. `null` for other hosts than those of the source, for its placeholders (`/nophoto/`), and for its logo. */
export function cover(value: unknown): string | null {
  const url = absolute(value);
  const host = url === null ? null : plainHost(url);
  if (url === null || host === null || !PICTURE_DOMAINS.some((domain) => `.${host}`.endsWith(domain))) return null;
  return url.includes('/nophoto/') || url.includes('goodreads_wide') ? null : url;
}

/** The number after `path` in an address, such as `/author/show/` or `/series/`. */
export function numberIn(url: string | null, path: string): string | null {
  if (url === null) return null;
  const at = url.indexOf(path);
  return at < 0 ? null : (/^0*([1-9]\d{0,11})(?!\d)/.exec(url.slice(at + path.length, at + path.length + 32))?.[1] ?? null);
}

/** Turns "Silence (Hush, Hush, #3)" into "Silence". A title that is only the bracket stays as it is. */
export function withoutSeries(title: string): string {
  if (!title.endsWith(')')) return title;
  const open = title.lastIndexOf(' (');
  return open > 0 && title.slice(open).includes('#') ? title.slice(0, open).trimEnd() : title;
}

/** Each value once, in its first place. */
export function unique(values: (string | null)[]): string[] {
  return [...new Set(values.filter((value) => value !== null))];
}
