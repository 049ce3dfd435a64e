/**
 * Reads single objects from a large JSON text without parsing the rest. Nine tenths of the `__NEXT_DATA__` of a book page (130 kB) are
 * reviews. The book, its work and its authors are a few objects, found by their keys.
 *
 * This is safe because every quote inside a JSON string follows a backslash: the bytes `"Book:kca://…":{` can only be a key.
 */
import { decode } from './page-bytes.ts';

export type JsonObject = Record<string, unknown>;

/** A larger object is not read. No object of a book comes near this. */
const MAX_OBJECT = 1024 * 1024;
/** Deeper objects are refused before they cost anything. The objects of a book nest 6 deep. */
const MAX_DEPTH = 200;

const QUOTE = 34;
const COLON = 58;
const BACKSLASH = 92;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `JSON.parse` that returns `undefined` for text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The index after the string that starts with the quote at `at`; -1 when the string does not end before `limit`. */
export function stringEnd(json: Buffer, at: number, limit: number): number {
  for (let next = at + 1; next < limit; next += 1) {
    const byte = json[next];
    if (byte === BACKSLASH) next += 1;
    else if (byte === QUOTE) return next + 1;
  }
  return -1;
}

/** The index after the object that opens at `at`; -1 when the object does not end within the limits. */
function objectEnd(json: Buffer, at: number, end: number): number {
  const limit = Math.min(end, at + MAX_OBJECT);
  let depth = 0;
  for (let next = at; next < limit; next += 1) {
    const byte = json[next];
    if (byte === QUOTE) {
      const behind = stringEnd(json, next, limit);
      if (behind < 0) return -1;
      next = behind - 1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > MAX_DEPTH) return -1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return next + 1;
    }
  }
  return -1;
}

function skipSpace(json: Buffer, at: number, end: number): number {
  let next = at;
  while (next < end && (json[next] === 32 || (json[next] ?? 0) === 10 || json[next] === 13 || json[next] === 9)) next += 1;
  return next;
}

/** The value of a key whose closing quote ends at `at`: an object, `null`, or `undefined` for other and incomplete values. */
export function objectBehindKey(json: Buffer, at: number, end: number): JsonObject | null | undefined {
  const colon = skipSpace(json, at, end);
  if (json[colon] !== COLON) return undefined;
  const start = skipSpace(json, colon + 1, end);
  if (json[start] === OPEN_BRACE) {
    const stop = objectEnd(json, start, end);
    const value = stop < 0 ? undefined : parseJson(decode(json, start, stop));
    return isObject(value) ? value : undefined;
  }
  return decode(json, start, Math.min(end, start + 4)) === 'null' ? null : undefined;
}

/** The first complete object under a key in `json`, from `start` to `end`; `undefined` when there is none. */
export function objectByKey(json: Buffer, key: string, start: number, end: number): JsonObject | undefined {
  const needle = `"${key}"`;
  let at = json.indexOf(needle, start);
  // References have the same text as a value. The key itself is among the first few dozen matches.
  for (let tries = 0; at >= 0 && at < end && tries < 64; tries += 1) {
    const behind = at + Buffer.byteLength(needle);
    const value = objectBehindKey(json, behind, end);
    if (isObject(value)) return value;
    at = json.indexOf(needle, behind);
  }
  return undefined;
}
