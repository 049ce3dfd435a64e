/** `PUT /books/{id}/page`: the page of a book, as a user saved it. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { QuireError } from '../../errors.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { bodyParser } from '../plugins/request-bodies.ts';
import { bookIdOf } from '../requests/identifiers.ts';
import { BookIdField } from '../schemas/fields.ts';
import { BookParams, LOCATION } from '../schemas/parameters.ts';
import { NO_BOOK_NUMBER, type ProblemExample } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';

/** The largest page that is taken: what the crawler takes too. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

const UploadedSchema = Type.Object({
  bookId: BookIdField,
  stored: Type.Boolean({ description: '`true`: the book is stored as this page has it. `false`: the copy that was there stays.' }),
  outcome: Type.Enum(['stored', 'older', 'poorer'], {
    type: 'string',
    description: '`older`, `poorer`: why the copy that was there stays.',
  }),
});

const EMPTY_PAGE: ProblemExample<'invalid-request'> = {
  code: 'invalid-request',
  detail: 'The body is empty: send the page as text/html.',
};
const PAGE_TOO_LARGE: ProblemExample<'body-too-large'> = { code: 'body-too-large', detail: 'The body may have at most 8388608 bytes.' };
const NOT_HTML: ProblemExample<'unsupported-media-type'> = {
  code: 'unsupported-media-type',
  detail: 'The body\'s type is "application/json": set content-type to text/html.',
};

const schema = {
  operationId: 'putPage',
  tags: ['Books'],
  summary: 'Upload the page of a book',
  description:
    'A page that you saved in a browser. Quire parses it like a crawled page and keeps it by the same rules: a newer or richer copy stays. Items that wait for the book are settled.',
  params: BookParams,
  body: {
    content: {
      'text/html': {
        schema: Type.String({ description: 'The bytes of the page, as the browser saved them; at most 8 MiB, decompressed.' }),
      },
    },
  },
  response: {
    200: {
      description: 'The page was read.',
      headers: LOCATION,
      content: {
        'application/json': { schema: UploadedSchema },
      },
    },
    ...problems(EMPTY_PAGE, NO_BOOK_NUMBER, PAGE_TOO_LARGE, NOT_HTML, 'page-refused'),
  },
};

/** Pages as users saved them. In a scope of its own: nowhere else is HTML taken, and here nothing else. */
export async function bookPageRoutes(app: FastifyInstance, { deps }: { deps: Pick<HttpDependencies, 'uploads'> }): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'text/html',
    bodyParser((bytes) => bytes),
  );
  app.put<{ Params: { bookId: string } }>('/books/:bookId/page', {
    bodyLimit: MAX_PAGE_BYTES,
    schema,
    validatorCompiler: () => () => true,
    handler: async (request, reply) => {
      const bookId = bookIdOf(request.params);
      const { body } = request;
      if (!Buffer.isBuffer(body) || body.length === 0)
        throw new QuireError('invalid-request', 'The body is empty: send the page as text/html.');
      const { book, stored } = await deps.uploads.put(bookId, body);
      return reply.header('location', `/books/${book.bookId}`).send({ bookId: book.bookId, stored: stored === 'stored', outcome: stored });
    },
  });
}
