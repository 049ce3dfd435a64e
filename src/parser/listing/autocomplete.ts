/** Reads an answer of `/book/auto_complete?format=json`: a JSON array of at most five rows. */
import { parseBookId } from '../../domain/identity.ts';
import { count, pageCount, rating } from '../findings.ts';
import { isObject, parseJson, type JsonObject } from '../markup/json-slices.ts';
import { bufferOf, decode } from '../markup/page-bytes.ts';
import { line } from '../markup/text.ts';
import { classifyNoBook, type PageAnswer, type Wanted } from '../no-book.ts';
import type { Suggestion, SuggestionsReading } from './listing.ts';

/** Five rows take 5 kB. */
const MAX_BYTES = 256 * 1024;
const MAX_ROWS = 50;
const WANTED: Wanted = { noun: 'suggestion', isWanted: () => false };

/**
 * Reads the rows in their order. A challenge, a refusal and a web page in place of JSON are named as for every page. JSON of another shape is
 * `unrecognised`. Never throws.
 */
export function readAutocomplete(answer: PageAnswer): SuggestionsReading {
  const body = bufferOf(answer.body);
  const value = answer.status === 200 && body.length <= MAX_BYTES ? parseJson(decode(body, 0, body.length)) : undefined;
  if (value === undefined) return classifyNoBook(answer, body, { saysMissing: false, route: null, skeleton: false, wanted: WANTED });
  if (!Array.isArray(value)) return { kind: 'unrecognised', reason: 'The suggestions are JSON, but not a list.' };
  const rows = value.slice(0, MAX_ROWS).map((row) => suggestion(row));
  const read = rows.filter((row) => row !== null);
  // A row that cannot be read is a change of the format. It must not look like "nothing found".
  if (read.length < rows.length) return { kind: 'unrecognised', reason: 'A suggestion has no book number or no title.' };
  return { kind: 'suggestions', rows: read };
}

function suggestion(row: unknown): Suggestion | null {
  if (!isObject(row)) return null;
  const bookId = parseBookId(textOrNumber(row['bookId']));
  const title = line(row['title']) ?? line(row['bookTitleBare']);
  if (bookId === null || title === null) return null;
  return {
    bookId,
    workId: parseBookId(textOrNumber(row['workId'])),
    title,
    titleBare: line(row['bookTitleBare']),
    author: isObject(row['author']) ? author(row['author']) : null,
    pages: pageCount(row['numPages']),
    rating: rating(row['avgRating']),
    ratingsCount: count(row['ratingsCount']),
  };
}

function author(value: JsonObject): Suggestion['author'] {
  const name = line(value['name']);
  return name === null ? null : { id: parseBookId(textOrNumber(value['id'])), name };
}

function textOrNumber(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
