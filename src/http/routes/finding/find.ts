/** `GET /find`: stored books by words, and what Goodreads' search box proposes. */
import { Type } from 'typebox';
import { findBooks } from '../../../app/look-ups/find-books.ts';
import { MOST_WAIT_MS } from '../../../app/look-ups/look-ups.ts';
import { MOST_CHARACTERS, MOST_WORDS } from '../../../domain/search/query.ts';
import type { HttpDependencies, TypedApp } from '../../dependencies.ts';
import { refuseCrossOrigin } from '../../plugins/cross-origin.ts';
import { json } from '../../schemas/answer.ts';
import { BookIdField, text, textOrNull, timeOrNull } from '../../schemas/fields.ts';
import { OTHER_ORIGIN } from '../../schemas/problem-examples.ts';
import { problems } from '../../schemas/problem.ts';
import { DEFAULT_FOUND, INVALID_QUERY, MOST_FOUND, searchQueryOf } from './book-search.ts';

const FoundItemSchema = Type.Object({
  bookId: BookIdField,
  workId: textOrNull("Goodreads' number of the work; `null` when it is not known."),
  title: text('The title; of a suggestion as Goodreads shows it, with the series in brackets.'),
  author: textOrNull('The first author; `null` when a suggestion names none.'),
  stored: Type.Boolean({ description: 'Whether a copy is stored: `GET /books/{bookId}` has it.' }),
  verified: Type.Optional(
    Type.Boolean({
      description:
        'Only for an ISBN or an ASIN: whether the stored page names it. `false`: nobody has checked; submit the book to find out.',
    }),
  ),
});

const FoundSchema = Type.Object(
  {
    items: Type.Array(FoundItemSchema, { description: 'Stored books first, best first, then other suggestions of Goodreads.' }),
    complete: Type.Boolean({ description: 'As in `GET /books/search`: `false` while stored books may be missing here.' }),
    source: Type.Enum(['not-asked', 'asked', 'cached', 'unknown'], {
      type: 'string',
      description:
        '`not-asked`: without `source`. `asked`: Goodreads answered now. `cached`: it answered in the last 24 hours. `unknown`: there is no answer, see `reason`.',
    }),
    reason: textOrNull('Why the answer of Goodreads is `unknown`, in a sentence; else `null`.'),
    askedAt: timeOrNull('When Goodreads was asked; `null` without an answer.'),
  },
  {
    title: 'Found',
    examples: [
      {
        items: [{ bookId: '7100001', workId: '8100001', title: 'Quiet Rivers', author: 'Ada Example', stored: true }],
        complete: true,
        source: 'not-asked',
        reason: null,
        askedAt: null,
      },
    ],
  },
);

const QuerySchema = Type.Object({
  q: Type.String({
    maxLength: MOST_CHARACTERS,
    description: `Words of title, author or series, or an ISBN or ASIN: at most ${MOST_CHARACTERS} characters and ${MOST_WORDS} words.`,
    examples: ['quiet rivers'],
  }),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MOST_FOUND,
      default: DEFAULT_FOUND,
      description: 'Most books in the answer, stored and proposed ones together.',
    }),
  ),
  source: Type.Optional(Type.Enum(['goodreads'], { type: 'string', description: 'Asks Goodreads too: one request at most.' })),
});

interface Deps extends Pick<HttpDependencies, 'store' | 'lookUps'> {
  /** Fires when the app closes. */
  closing: AbortSignal;
}

export async function findRoutes(app: TypedApp, { deps }: { deps: Deps }): Promise<void> {
  const { store, lookUps, closing } = deps;
  app.get('/find', {
    schema: {
      operationId: 'find',
      tags: ['Books'],
      summary: 'Find a book by words, ISBN or ASIN',
      description:
        'Searches the stored books as `GET /books/search` does. With `source=goodreads` a worker also asks the search box of Goodreads, which proposes five books at most. ' +
        `The answer waits ${MOST_WAIT_MS / 1000} s for it at most, and is 200 without it too: see \`source\` and \`reason\`. Equal questions share one request, whose answer is kept for 24 hours. Nothing is submitted.`,
      querystring: QuerySchema,
      response: {
        200: json('The books found, or none.', FoundSchema),
        ...problems(INVALID_QUERY, OTHER_ORIGIN),
      },
    },
    handler: async (request, reply) => {
      const { q, limit = DEFAULT_FOUND, source } = request.query;
      const query = searchQueryOf(q);
      if (source !== undefined) refuseCrossOrigin(request);
      const found = await findBooks(
        { store, lookUps, closing, now: Date.now },
        { text: q, query, limit, askGoodreads: source !== undefined },
      );
      return reply.header('cache-control', 'no-store').send(found);
    },
  });
}
