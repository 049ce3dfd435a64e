/** Who we say we are. */

/** Where a reader of Goodreads' logs learns what Quire is, when the operator names no page of his own. */
export const DEFAULT_CONTACT = 'https://quire.example/crawler';

/** `Quire/0.1.0 (+https://…)`: the name that robots.txt groups are looked up by, the version, and where to read about us. */
export const userAgent = (version: string, contact: string | null): string => `Quire/${version} (+${contact ?? DEFAULT_CONTACT})`;
