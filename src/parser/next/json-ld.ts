/** The JSON-LD layer of the current layout. It is for search engines. A page whose data is cut off still has it. */
import type { Contributor } from '../../domain/book.ts';
import { address, count, cover, isbn13, numberIn, pageCount, put, rating, withoutSeries, type Findings } from '../findings.ts';
import { isObject, parseJson, type JsonObject } from '../markup/json-slices.ts';
import { decodeText } from '../markup/markup.ts';
import { decode } from '../markup/page-bytes.ts';
import { line } from '../markup/text.ts';

/** Longer JSON-LD is ignored. Real JSON-LD is about 1 kB. */
const MAX_JSON_LD = 256 * 1024;
const MAX_AUTHORS = 200;
const MARK = 'application/ld+json';

/** The page's JSON-LD, if it describes a book; `null` otherwise. */
export function findJsonLd(page: Buffer): JsonObject | null {
  let at = page.indexOf(MARK);
  for (let tries = 0; at >= 0 && tries < 4; tries += 1) {
    const start = page.indexOf('>', at) + 1;
    const end = page.indexOf('</script', start);
    if (start === 0 || end < 0) return null;
    const value = end - start > MAX_JSON_LD ? undefined : parseJson(decode(page, start, end));
    if (isObject(value) && value['@type'] === 'Book') return value;
    at = page.indexOf(MARK, end);
  }
  return null;
}

/** Decodes a string: strings in this JSON are HTML-escaped ("Rizzoli &amp; Isles"). */
function text(value: unknown): string | null {
  return typeof value === 'string' ? line(decodeText(value)) : null;
}

/**
 * Reads the JSON-LD. Its `name` adds the series to the title ("Silence (Hush, Hush, #3)"). Only a bracket with `#` is removed, because
 * other brackets ("(a Novel)") may belong to the title. Its `awards` are not read: they mix winners and nominees.
 */
export function readJsonLd(data: JsonObject): Findings {
  const findings: Findings = {};
  const ratings = isObject(data['aggregateRating']) ? data['aggregateRating'] : {};
  const name = text(data['name']);
  put(findings, 'title', name === null ? null : withoutSeries(name));
  put(findings, 'authors', authors(data['author']));
  put(findings, 'rating', rating(ratings['ratingValue']));
  put(findings, 'ratingsCount', count(ratings['ratingCount']));
  put(findings, 'reviewsCount', count(ratings['reviewCount']));
  put(findings, 'format', text(data['bookFormat']));
  put(findings, 'pages', pageCount(data['numberOfPages']));
  put(findings, 'language', text(data['inLanguage']));
  put(findings, 'isbn13', isbn13(data['isbn']));
  put(findings, 'coverUrl', cover(text(data['image'])));
  return findings;
}

function authors(value: unknown): Contributor[] {
  const found: Contributor[] = [];
  for (const entry of Array.isArray(value) ? value.slice(0, MAX_AUTHORS) : [value]) {
    const name = isObject(entry) ? text(entry['name']) : null;
    if (!isObject(entry) || name === null) continue;
    const url = address(text(entry['url']));
    found.push({ id: numberIn(url, '/author/show/'), name, role: null, url });
  }
  return found;
}
