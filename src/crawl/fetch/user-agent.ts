/** The name under which Quire makes requests, and whether it may make any at Goodreads itself. */

/** The value of CRAWL_CONTACT of somebody who names no page and no address on purpose. */
const NONE = 'none';

/** `Quire/0.1.0 (+https://…)`: the name that groups of robots.txt use, the version, and a page about the crawler. Without a contact the name and version alone. */
export const userAgent = (version: string, contact: string | null): string =>
  contact === null || contact === NONE ? `Quire/${version}` : `Quire/${version} (+${contact})`;

/** Why Quire sends no request at all; `null` when it does. A stand-in for Goodreads may be asked without a contact. */
export function pausedWhy({ crawlContact, goodreadsOrigin }: { crawlContact: string | null; goodreadsOrigin: string }): string | null {
  if (crawlContact !== null || !/(^|\.)goodreads\.com$/.test(new URL(goodreadsOrigin).hostname)) return null;
  return 'CRAWL_CONTACT is not set, so Goodreads could not reach whoever runs this crawler: set CRAWL_CONTACT to a page or address about it (https://… or mailto:…), or to `none`, and start again.';
}
