/** `GET /books/search`: stored books by title, author, series or ISBN. */
import { Type } from 'typebox';
import { searchBooks } from '../../../app/search-books.ts';
import { MOST_CHARACTERS, MOST_WORDS, parseQuery, type SearchQuery } from '../../../domain/search/query.ts';
import { FORMATS } from '../../../app/formats/formats.ts';
import type { Book } from '../../../domain/book.ts';
import { QuireError } from '../../../errors.ts';
import { contentType, formatContent, formatOf, FormatParameter, listTitle, varyByAccept, VARY } from '../../answers/negotiate.ts';
import type { HttpDependencies, TypedApp } from '../../dependencies.ts';
import type { ProblemExample } from '../../schemas/problem-examples.ts';
import { problems } from '../../schemas/problem.ts';

export const MOST_FOUND = 50;
export const DEFAULT_FOUND = 10;

const SearchAnswerSchema = Type.Object(
  {
    items: Type.Array(Type.Ref('Book'), { description: 'The books, the best first.' }),
    complete: Type.Boolean({
      description: '`false` while books that an earlier version stored are still made known to search: some may be missing here.',
    }),
  },
  { title: 'FoundBooks' },
);

export const INVALID_QUERY: ProblemExample<'invalid-request'> = {
  code: 'invalid-request',
  name: 'invalid-query',
  detail: '/query/q has no letter and no digit: name a title, an author, a series or an ISBN.',
  errors: [{ pointer: '/query/q', detail: 'has no letter and no digit: name a title, an author, a series or an ISBN' }],
};

/** Reads `q`. Throws `invalid-request`, with a pointer to it, when it holds no words or too many. */
export function searchQueryOf(q: string): SearchQuery {
  const query = parseQuery(q);
  if (typeof query !== 'string') return query;
  throw new QuireError('invalid-request', `/query/q ${query}.`, { errors: [{ pointer: '/query/q', detail: query }] });
}

type Deps = Pick<HttpDependencies, 'store' | 'config'>;

export async function bookSearchRoutes(app: TypedApp, { deps: { store, config } }: { deps: Deps }): Promise<void> {
  app.get('/books/search', {
    schema: {
      operationId: 'searchBooks',
      tags: ['Books'],
      summary: 'Search stored books',
      description:
        'Finds books by words of title, author and series, and by ISBN. A book has all the words; the last may be the beginning of one. ' +
        'Case and accents do not matter. Best are the title or the ISBN itself, then titles that begin like the query, other titles, ' +
        'authors, series. Of two alike, the one with more ratings comes first. Goodreads is not asked.',
      querystring: Type.Object({
        q: Type.String({
          maxLength: MOST_CHARACTERS,
          description: `What to look for: at most ${MOST_CHARACTERS} characters and ${MOST_WORDS} words. In writing without spaces each character is a word.`,
          examples: ['quiet rivers'],
        }),
        format: FormatParameter,
        limit: Type.Optional(
          Type.Integer({ minimum: 1, maximum: MOST_FOUND, default: DEFAULT_FOUND, description: 'Most books in the answer.' }),
        ),
      }),
      response: {
        200: {
          description: 'The books found, or none.',
          headers: VARY,
          content: formatContent({ 'application/json': { schema: SearchAnswerSchema } }),
        },
        ...problems(INVALID_QUERY, 'not-acceptable'),
      },
    },
    handler: async (request, reply) => {
      const { q, limit = DEFAULT_FOUND } = request.query;
      const format = formatOf(request, 'json');
      varyByAccept(reply).header('content-type', contentType(format)).header('cache-control', 'no-store');
      const { books, complete } = await searchBooks(store, searchQueryOf(q), { limit, nowMs: Date.now() });
      if (format !== 'json') {
        const { head, book, foot } = FORMATS[format];
        const texts = books.map(({ body }, n) => book(JSON.parse(body.toString('utf8')) as Book, n === 0));
        return reply.send(head(listTitle(request, config.publicUrl, `Books: ${q}`)) + texts.join('') + foot());
      }
      // The stored bytes are put together as they are: none of them is parsed.
      const body = `{"items":[${books.map((book) => book.body.toString('utf8')).join(',')}],"complete":${complete}}`;
      return reply.send(body);
    },
  });
}
