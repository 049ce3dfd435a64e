/** The web address that a text is, as far as it is one of Goodreads. Nothing is normalised, so `..` or `//` in a path stay visible. */

/** A Goodreads address: its path without locale, as it was sent, and its query. */
export interface GoodreadsAddress {
  /** Begins with `/`, or is empty. Not decoded. */
  path: string;
  query: URLSearchParams;
}

/** What every refusal ends with. */
export const SEND = 'send a link such as https://www.goodreads.com/book/show/2767052';

const HOSTS = new Set(['goodreads.com', 'www.goodreads.com', 'm.goodreads.com']);
/** Scheme, authority and path of any absolute URL. */
const PARTS = /^([a-z][a-z\d+.-]*):\/\/([^/?#]*)([^?#]*)/i;
/** Goodreads' host at the start of a text without scheme. */
const BARE_HOST = /^(?:www\.|m\.)?goodreads\.com(?=[/?#]|$)/i;
/** Goodreads prefixes its pages with about 60 locales: `/en/`, `/es/`, `/zh-TW/`, `/en-US/`. No first part of a path is that short. */
const LOCALE = /^\/[a-z]{2,3}(?:-[a-z\d]{2,8}){0,2}(?=\/(?:book|list|series|author|work|shelf|genres|review|search|user|api)(?:\/|\.|$))/i;

/**
 * Reads an absolute address, an address without scheme (`goodreads.com/…`), or either in angle brackets. Returns the reason as a text when
 * the text is no address of Goodreads.
 */
export function readAddress(text: string): GoodreadsAddress | string {
  // A URL parser drops tabs and newlines and encodes spaces, so two different texts would become one link.
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\s\u0000-\u001f\u007f]/.test(text))
    return 'The link contains spaces, line breaks or control characters: send one link, percent-encoded.';
  const inner = /^<(.*)>$/.exec(text)?.[1] ?? text;
  const address = BARE_HOST.test(inner) ? `https://${inner}` : inner;
  const parts = PARTS.exec(address);
  if (parts === null) return `That is no web address, book number, ISBN or ASIN: ${SEND}.`;
  const [, scheme = '', authority = '', path = ''] = parts;
  if (!/^https?$/i.test(scheme)) return `The scheme is not http or https: ${SEND}.`;
  if (authority.includes('@')) return 'The link contains user information before the host: send it without.';
  if (authority.includes('\\') || path.includes('\\')) return 'The link contains a backslash: use forward slashes.';
  // Only plain letters may spell the host: full-width letters or percent-encoding would be folded into a good one.
  const url = /^[\w.:-]+$/.test(authority) && URL.canParse(address) ? new URL(address) : null;
  if (url === null || !HOSTS.has(url.hostname)) return `The host is not goodreads.com: ${SEND}.`;
  if (url.port !== '' && url.port !== '443' && url.port !== '80') return "The link names a port that is not the web's: send it without.";
  return { path: path.replace(LOCALE, ''), query: url.searchParams };
}

/** Percent-decoded text. A malformed encoding stays as it is. */
export function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
