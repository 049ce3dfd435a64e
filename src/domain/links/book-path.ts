/** The book that the path of a Goodreads address names. */
import { bookReference, isbnReference, parseIsbn, type BookId, type BookReference } from '../identity.ts';
import { numberOf } from './numbered-segment.ts';
import { decoded, type GoodreadsAddress } from './web-address.ts';

const SHOW = /^\/book\/show\/([^/]*)\/?$/i;
/** The old form with the number in the query. */
const SHOW_QUERY = /^\/book\/show(?:\.php)?\/?$/i;
const ISBN_PATH = /^\/book\/isbn(?:\/([^/]*))?\/?$/i;

type Found = { reference: BookReference } | { reason: string };

/** The book of an address, or why the address names none. `null` when the path is not that of a book. */
export function bookOfPath({ path, query }: GoodreadsAddress): Found | null {
  const show = SHOW.exec(path)?.[1];
  if (show !== undefined && (show !== '' || !query.has('id'))) return byNumber(show);
  if (SHOW_QUERY.test(path) && query.has('id')) return byQuery(query.getAll('id'));
  const isbn = ISBN_PATH.exec(path);
  return isbn === null ? null : byIsbn(isbn[1] ?? '', query);
}

function byNumber(segment: string): Found {
  const found = numberOf(segment, 'book', '/book/show/');
  return 'id' in found ? { reference: bookReference(found.id as BookId) } : found;
}

function byQuery(ids: string[]): Found {
  if (ids.length > 1) return { reason: 'More than one book number is given: send one link for each.' };
  const found = numberOf(ids[0] ?? '', 'book', 'id=');
  return 'id' in found ? { reference: bookReference(found.id as BookId) } : found;
}

function byIsbn(segment: string, query: URLSearchParams): Found {
  const asked = segment === '' ? query.getAll('isbn') : [decoded(segment)];
  const [text] = asked;
  if (text === undefined) return { reason: 'No ISBN is given: send /book/isbn/9780439023481 or /book/isbn?isbn=0439023483.' };
  if (asked.length > 1) return { reason: 'More than one ISBN is given: send one link for each.' };
  const isbn13 = parseIsbn(text);
  if (isbn13 === null) return { reason: 'The ISBN is not valid: it needs 10 or 13 digits and the right check digit.' };
  return { reference: isbnReference(isbn13) };
}
