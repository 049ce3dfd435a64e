/** The name under which Quire makes requests. */

/** The page about Quire that the user agent names, unless the operator sets another. */
export const DEFAULT_CONTACT = 'https://quire.example/crawler';

/** `Quire/0.1.0 (+https://…)`: the name that groups of robots.txt use, the version, and a page about the crawler. */
export const userAgent = (version: string, contact: string | null): string => `Quire/${version} (+${contact ?? DEFAULT_CONTACT})`;
