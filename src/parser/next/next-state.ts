/** Finds the book and the objects that it refers to, in the `__NEXT_DATA__` of the current layout. */
import { isObject, objectBehindKey, objectByKey, parseJson, stringEnd, type JsonObject } from '../markup/json-slices.ts';
import { attributesAround, decode, tagBounds } from '../markup/page-bytes.ts';

/** Longer data never goes to `JSON.parse` as a whole. `__NEXT_DATA__` of real pages is 9 to 300 kB. */
const MAX_WHOLE = 1024 * 1024;
const MARK = 'id="__NEXT_DATA__"';

/** The bytes of the script. When the script was cut off, `end` is the end of the page. */
export interface NextScript {
  start: number;
  end: number;
  whole: boolean;
}

/** What the data says about the book. `page` is the route ("/book/show/[book_id]"), or `null` when the script was cut before it. */
export interface NextState {
  page: string | null;
  /** The number the page was asked for; `null` when the state holds no book query. */
  queriedId: string | null;
  /** `null`: Goodreads says that there is no such book. `undefined`: there is no query, or its book cannot be read. */
  book: JsonObject | null | undefined;
  /** True when the server sent only the skeleton ("Loading interface…"), with an empty state. */
  empty: boolean;
  /** The object that `{"__ref": …}` refers to, or the value itself when it is an object; else `null`. */
  resolve: (reference: unknown) => JsonObject | null;
}

/** The `__NEXT_DATA__` script of a page, or `null`. It is near the end, so the search starts there. */
export function findNextScript(page: Buffer): NextScript | null {
  const at = page.lastIndexOf(MARK);
  const bounds = at < 0 ? null : tagBounds(page, at);
  if (bounds === null || attributesAround(page, at) === null) return null;
  if (decode(page, bounds.start, bounds.start + 7).toLowerCase() !== '<script') return null;
  const close = page.indexOf('</script', bounds.end);
  return { start: bounds.end, end: close < 0 ? page.length : close, whole: close >= 0 };
}

function referenceIn(value: unknown): string | null {
  return isObject(value) && typeof value['__ref'] === 'string' && value['__ref'].length < 256 ? value['__ref'] : null;
}

/** Reads the state by slices. When that finds nothing, parses the whole script. */
export function readNextState(page: Buffer, script: NextScript): NextState {
  const sliced = bySlices(page, script);
  if (sliced.book !== undefined || sliced.queriedId !== null || !script.whole || script.end - script.start > MAX_WHOLE) return sliced;
  return byWhole(page, script) ?? sliced;
}

function bySlices(page: Buffer, script: NextScript): NextState {
  const { start, end } = script;
  let misses = 0;
  const seen = new Map<string, JsonObject | null>();
  const resolve = (value: unknown): JsonObject | null => {
    const reference = referenceIn(value);
    if (reference === null) return isObject(value) && !('__ref' in value) ? value : null;
    const known = seen.get(reference);
    if (known !== undefined) return known;
    // Each miss reads the script to its end, so only a few misses are allowed.
    if (misses >= 4) return null;
    const found = objectByKey(page, reference, start, end) ?? null;
    if (found === null) misses += 1;
    seen.set(reference, found);
    return found;
  };
  const query = findQuery(page, start, end);
  const book = query === null ? undefined : query.value === null ? null : (resolve(query.value) ?? undefined);
  return { page: routeOf(page, start, end), queriedId: query?.id ?? null, book, empty: isEmpty(page, start, end), resolve };
}

/**
 * The entry `getBookByLegacyId({"legacyId":"123"})` of the root query. Only this entry says which of several `Book` objects is the right
 * one.
 */
function findQuery(page: Buffer, start: number, end: number): { id: string | null; value: JsonObject | null | undefined } | null {
  const at = page.indexOf('"getBookByLegacyId(', start);
  if (at < 0 || at >= end) return null;
  const behind = stringEnd(page, at, Math.min(end, at + 512));
  if (behind < 0) return null;
  const id = queriedIdIn(parseJson(decode(page, at, behind)));
  return { id, value: objectBehindKey(page, behind, end) };
}

function queriedIdIn(key: unknown): string | null {
  return typeof key === 'string' ? (/"legacyId":\s*"?0*([1-9]\d{0,11})\b/.exec(key.slice(0, 256))?.[1] ?? null) : null;
}

/** The route follows all the data, within the last few kilobytes. */
function routeOf(page: Buffer, start: number, end: number): string | null {
  const at = page.lastIndexOf('"page":"', end);
  if (at < start) return null;
  const behind = stringEnd(page, at + 7, Math.min(end, at + 256));
  return behind < 0 ? null : decode(page, at + 8, behind - 1);
}

function isEmpty(page: Buffer, start: number, end: number): boolean {
  const at = page.indexOf('"apolloState":{}', start);
  return at >= 0 && at < end;
}

function byWhole(page: Buffer, script: NextScript): NextState | null {
  const data = parseJson(decode(page, script.start, script.end));
  const props = isObject(data) && isObject(data['props']) ? data['props']['pageProps'] : undefined;
  const state = isObject(props) ? props['apolloState'] : undefined;
  if (!isObject(data) || !isObject(state)) return null;
  const resolve = (value: unknown): JsonObject | null => {
    const reference = referenceIn(value);
    const target = reference === null ? value : state[reference];
    return isObject(target) && !('__ref' in target) ? target : null;
  };
  const root = isObject(state['ROOT_QUERY']) ? state['ROOT_QUERY'] : {};
  const key = Object.keys(root).find((name) => name.startsWith('getBookByLegacyId('));
  const value = key === undefined ? undefined : root[key];
  const book = value === null ? null : (resolve(value) ?? undefined);
  const route = typeof data['page'] === 'string' ? data['page'] : null;
  return { page: route, queriedId: queriedIdIn(key), book, empty: Object.keys(state).length === 0, resolve };
}
