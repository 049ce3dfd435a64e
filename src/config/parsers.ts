/** Parsers of settings. Each takes the text of a user, and throws an Error whose message completes the sentence "NAME must be …". */
import { isIP } from 'node:net';
import { parseRedisUrl } from './redis-url.ts';

/** A whole number from `min` to `max`. */
export const integer =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) throw new Error(`a whole number from ${min} to ${max}`);
    return value;
  };

/** A number without sign or exponent, from `min` to `max`. */
export const decimal =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text) || value < min || value > max) throw new Error(`a number from ${min} to ${max}`);
    return value;
  };

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `500ms`, `90s`, `15m`, `12h` or `7d`; a number without unit means seconds. The result is in milliseconds. */
export const duration =
  (minMs: number, maxMs: number) =>
  (text: string): number => {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
    const value = match ? Math.round(Number(match[1]) * (UNIT_MS[match[2] ?? 's'] ?? 0)) : Number.NaN;
    if (!(value >= minMs && value <= maxMs))
      throw new Error(`a duration from ${minMs / 1000}s to ${maxMs / 1000}s, such as 90s, 15m, 12h or 7d`);
    return value;
  };

/** One of these words. */
export const oneOf =
  <T extends string>(values: readonly T[]) =>
  (text: string): T => {
    const value = values.find((v) => v === text);
    if (!value) throw new Error(`one of ${values.join(', ')}`);
    return value;
  };

/** A URL of one of these protocols, as it was given. */
export const url =
  (protocols: readonly string[], example: string) =>
  (text: string): string => {
    if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol)) throw new Error(`a URL such as ${example}`);
    return text;
  };

/** A page or mail address about the crawler, or `none`. */
export const contact = (text: string): string => {
  if (text === 'none') return text;
  try {
    return url(['https:', 'http:', 'mailto:'], 'https://example.org/about-our-crawler')(text);
  } catch (error) {
    throw new Error(`${(error as Error).message}, or none`, { cause: error });
  }
};

/** An address of Redis. It is only checked here; the store parses it again. */
export const redisUrl = (text: string): string => {
  parseRedisUrl(text);
  return text;
};

/** `https://host`, without path. */
export const origin = (text: string): string => {
  const parsed = URL.canParse(text) ? new URL(text) : null;
  if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.pathname !== '/' || parsed.search || parsed.hash || parsed.username) {
    throw new Error('an origin such as https://www.goodreads.com, without path');
  }
  return parsed.origin;
};

/** Addresses and ranges of proxies, separated by commas. */
export const proxies = (value: string): readonly string[] => {
  const entries = value.split(',').map((entry) => entry.trim());
  for (const entry of entries) {
    const [address = '', bits, ...more] = entry.split('/');
    const most = isIP(address) === 4 ? 32 : 128;
    const isRange = isIP(address) !== 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
    if (!isRange && !/^(loopback|linklocal|uniquelocal)$/.test(entry))
      throw new Error('addresses or ranges such as 10.0.0.0/8, or loopback, linklocal, uniquelocal, separated by commas');
  }
  return Object.freeze(entries);
};

/** `true` or `false`. */
export const boolean = (value: string): boolean => {
  if (value !== 'true' && value !== 'false') throw new Error('true or false');
  return value === 'true';
};

/** As it was given. */
export const text = (value: string): string => value;
/** Text that matches a pattern; `wanted` says in words what it looks like. */
export const matching =
  (pattern: RegExp, wanted: string) =>
  (value: string): string => {
    if (!pattern.test(value)) throw new Error(wanted);
    return value;
  };

/** `null` for `''`, otherwise the result of `parse`. */
export const optional =
  <T>(parse: (value: string) => T) =>
  (value: string): T | null =>
    value === '' ? null : parse(value);

/** Keys, separated by commas. */
export const list = (value: string): readonly string[] => {
  const entries = value.split(',').map((entry) => entry.trim());
  // Every key must fit into an HTTP header. The message names its place, because a key must not end up in a log.
  const unfit = value === '' ? -1 : entries.findIndex((entry) => !/^[!-~]{8,}$/.test(entry));
  if (unfit >= 0) {
    const which = entries.length === 1 ? '' : ` (key ${unfit + 1} of ${entries.length} is not)`;
    throw new Error(`keys of at least 8 visible ASCII characters without spaces, separated by commas${which}`);
  }
  return Object.freeze(value === '' ? [] : entries);
};
