/** `GET /book-info`: a book by link, number or ISBN. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { parseBookReference } from '../../domain/entry.ts';
import { bookReference, isbnReference, parseBookId, parseIsbn, type BookReference } from '../../domain/identity.ts';
import { QuireError } from '../../errors.ts';
import type { BookAnswer } from '../answers/book-answer.ts';
import { formatContent, FormatParameter, VARY } from '../answers/negotiate.ts';
import { PendingSchema } from '../schemas/job.ts';
import { LOCATION, PREFERENCE_APPLIED } from '../schemas/parameters.ts';
import { INVALID_SUBMIT, type ProblemExample } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';

const ASK_FOR_ONE = 'Say which book: ?url=https://www.goodreads.com/book/show/2767052, ?id=2767052 or ?isbn=9780439023481.';

/** Headers of an answer with a copy. */
const COPY_HEADERS = {
  ETag: { type: 'string', required: true, description: 'Strong; changes with every byte of the book, and with the format.' },
  'Last-Modified': { type: 'string', required: true, description: 'When the copy was fetched.' },
  Age: { type: 'integer', required: true, description: 'Seconds since then.' },
  'Cache-Control': { type: 'string', required: true, description: '`max-age`, `stale-while-revalidate`, `stale-if-error`.' },
  ...VARY,
};

const NO_BOOK_NAMED: ProblemExample<'invalid-book-url'> = {
  code: 'invalid-book-url',
  detail: ASK_FOR_ONE,
  errors: [{ pointer: '/query/url', detail: ASK_FOR_ONE }],
};

/** The problems that a read of one book can answer, for the document. */
export const BOOK_PROBLEMS = [
  'not-acceptable',
  INVALID_SUBMIT,
  'book-unknown',
  'book-not-found',
  'crawl-failed',
  'page-not-recognised',
  'disallowed',
  'poison',
  'rate-limited',
] as const;
/** What else it can answer. */
export const BOOK_RESPONSES = {
  200: {
    description: 'A copy. A stale one is served at once, and a refresh is queued behind it.',
    headers: COPY_HEADERS,
    content: formatContent({ 'application/json': { schema: Type.Ref('Book') } }),
  },
  202: {
    description: 'No copy yet: its job is waiting, active, delayed or held back by a block.',
    headers: {
      ...LOCATION,
      'Retry-After': { type: 'integer', required: true, description: 'Seconds, with jitter.' },
      ...PREFERENCE_APPLIED,
    },
    content: { 'application/json': { schema: PendingSchema } },
  },
  304: {
    description: 'The copy named by `If-None-Match` or `If-Modified-Since` is the one there is.',
    headers: COPY_HEADERS,
    type: 'null',
  },
};

type Query = Record<string, string | string[] | undefined>;

const NAMES = ['url', 'id', 'isbn'] as const;

function refuse(name: string, detail: string): never {
  throw new QuireError('invalid-book-url', detail, { errors: [{ pointer: `/query/${name}`, detail }] });
}

/** The book that the parameters name. Read by hand: a schema would cost more than the rest of the route. */
function readReference(query: Query): BookReference {
  const given = NAMES.filter((name) => query[name] !== undefined);
  const [name] = given;
  if (name === undefined) return refuse('url', ASK_FOR_ONE);
  const value = query[name];
  if (given.length > 1) return refuse(given[1] ?? name, `Give one of url, id and isbn, not ${given.join(' and ')}.`);
  if (typeof value !== 'string') return refuse(name, `${name} is given more than once: ask for one book.`);
  switch (name) {
    case 'url': {
      const parsed = parseBookReference(value);
      return parsed.ok ? parsed.reference : refuse(name, parsed.reason);
    }
    case 'id':
      return readId(value) ?? refuse(name, 'The id is not a Goodreads book number: 1 to 12 digits, such as 2767052.');
    case 'isbn':
      return readIsbn(value) ?? refuse(name, 'The ISBN is not valid: it needs 10 or 13 digits and the right check digit.');
  }
}

/** A book number, or a link that has one. A bare number is never read as an ISBN here. */
function readId(text: string): BookReference | null {
  const bookId = parseBookId(text);
  if (bookId !== null) return bookReference(bookId);
  const parsed = parseBookReference(text);
  return parsed.ok && parsed.reference.kind === 'book' ? parsed.reference : null;
}

/** An ISBN, or a link that has one. A wrong ISBN is never read as a book number. */
function readIsbn(text: string): BookReference | null {
  const isbn13 = parseIsbn(text);
  if (isbn13 !== null) return isbnReference(isbn13);
  const parsed = parseBookReference(text);
  return parsed.ok && parsed.reference.kind === 'isbn' ? parsed.reference : null;
}

function readSubmit({ submit }: Query): boolean {
  if (submit === undefined || submit === 'false' || submit === '0') return false;
  if (submit === 'true' || submit === '1' || submit === '') return true;
  const detail = 'submit must be true or false.';
  throw new QuireError('invalid-request', detail, { errors: [{ pointer: '/query/submit', detail }] });
}

/** Whether the link was pasted without percent-encoding. Parameters after its `&` are then the link's own. */
const bringsOwnQuery = ({ url }: Record<string, unknown>): boolean => typeof url === 'string' && url.includes('?');

const QuerySchema = Type.Object({
  format: FormatParameter,
  url: Type.Optional(
    Type.String({
      description: 'A link to the book, percent-encoded, in any form; or its bare number, ISBN or ASIN.',
      examples: ['https://www.goodreads.com/book/show/2767052-the-hunger-games'],
    }),
  ),
  // Only one of the three has an example, because the page at /docs fills in every example and the route takes one of the three.
  id: Type.Optional(Type.String({ description: "Goodreads' book number, such as `2767052`, or a link with it." })),
  isbn: Type.Optional(Type.String({ description: 'ISBN-10 or ISBN-13, such as `9780439023481`, or a link with it.' })),
  submit: Type.Optional(Type.Boolean({ default: false, description: 'Submits the book when there is neither a copy nor a job.' })),
});

const HeadersSchema = Type.Object({
  prefer: Type.Optional(Type.String({ description: '`wait=n` (n ≤ 30): waits up to n seconds for the book.', examples: ['wait=10'] })),
  'if-none-match': Type.Optional(Type.String({ description: 'The `ETag` of a copy: 304 when it is still the one there is.' })),
  'if-modified-since': Type.Optional(Type.String({ description: 'The `Last-Modified` of a copy, for callers without its `ETag`.' })),
});

export async function bookInfoRoutes(app: FastifyInstance, { deps }: { deps: { answerBook: BookAnswer } }): Promise<void> {
  app.get('/book-info', {
    config: { unmeasured: true, ownsParameters: bringsOwnQuery },
    schema: {
      operationId: 'getBookInfo',
      tags: ['Books'],
      summary: 'Find a book by link, number, ISBN or ASIN',
      description:
        'Exactly one of `url`, `id` and `isbn`. Answers out of the store, and never waits for Goodreads unless `Prefer: wait` asks for it.',
      querystring: QuerySchema,
      headers: HeadersSchema,
      response: {
        ...BOOK_RESPONSES,
        ...problems(NO_BOOK_NAMED, ...BOOK_PROBLEMS),
      },
    },
    validatorCompiler: () => () => true,
    handler: (request: FastifyRequest, reply) => {
      const query = request.query as Query;
      return deps.answerBook(request, reply, readReference(query), readSubmit(query));
    },
  });
}
