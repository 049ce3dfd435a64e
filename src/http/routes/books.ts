/** `/books`: stored books by number, in pages, as an export; refresh, delete, and pages that users saved. */
import type { FastifyInstance } from 'fastify';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { parseBookId, type BookId } from '../../domain/identity.ts';
import { foreignCursor, QuireError } from '../../errors.ts';
import type { Uploads } from '../../app/upload-page.ts';
import type { StoredBook } from '../../storage/store.ts';
import type { BookAnswer } from '../answers/book-answer.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { EXPORT_RESPONSE, ExportQuerySchema, sendExport } from '../answers/export.ts';
import { bookIdOf, bookOf } from '../requests/identifiers.ts';
import { linkNext } from '../answers/paging.ts';
import { bodyParser } from '../plugins/request-bodies.ts';
import { JobStatusSchema } from '../schemas/job.ts';
import { BookIdField, NextCursorField } from '../schemas/fields.ts';
import { BookParams, Cursor, DEFAULT_PAGE_LIMIT, Limit, LOCATION, NEXT_LINK } from '../schemas/parameters.ts';
import {
  INVALID_FORMAT,
  INVALID_JSON,
  INVALID_PAGE,
  INVALID_SUBMIT,
  NO_BOOK_NUMBER,
  type ProblemExample,
} from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';
import { BOOK_RESPONSES } from './book-info.ts';

export interface BooksOptions {
  deps: Pick<HttpDependencies, 'store' | 'jobs' | 'uploads'>;
  answerBook: BookAnswer;
}

const BookPageSchema = Type.Object(
  { books: Type.Array(Type.Ref('Book'), { description: 'The books of this page.' }), cursor: NextCursorField },
  { title: 'BookPage' },
);

const UploadedSchema = Type.Object({
  bookId: BookIdField,
  stored: Type.Enum(['stored', 'older', 'poorer'], {
    type: 'string',
    description: '`older`, `poorer`: the copy that was there stays.',
  }),
});

const NOTHING_STORED: ProblemExample<'book-unknown'> = { code: 'book-unknown', detail: 'Nothing is stored of book 2767052.' };
const EMPTY_PAGE: ProblemExample<'invalid-request'> = {
  code: 'invalid-request',
  detail: 'The body is empty: send the page as text/html.',
};
const PAGE_TOO_LARGE: ProblemExample<'body-too-large'> = { code: 'body-too-large', detail: 'The body may have at most 8388608 bytes.' };
const NOT_HTML: ProblemExample<'unsupported-media-type'> = {
  code: 'unsupported-media-type',
  detail: 'The body\'s type is "application/json": set content-type to text/html.',
};

const EXPORT_PAGE = 100;

/** The largest page that is taken: what the crawler takes too. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

export const booksRoutes: FastifyPluginAsyncTypebox<BooksOptions> = async (app, { deps, answerBook }) => {
  const { store, jobs, uploads } = deps;

  app.get('/books', {
    schema: {
      operationId: 'listBooks',
      tags: ['Books'],
      summary: 'List stored books',
      description: 'In ascending order of their numbers.',
      querystring: Type.Object({ cursor: Cursor, limit: Limit }),
      response: {
        200: {
          description: 'A page of books.',
          headers: NEXT_LINK,
          content: {
            'application/json': {
              schema: BookPageSchema,
            },
          },
        },
        ...problems(INVALID_PAGE),
      },
    },
    handler: async (request, reply) => {
      const { cursor, limit = DEFAULT_PAGE_LIMIT } = request.query;
      const after = cursor === undefined ? null : parseBookId(cursor);
      if (cursor !== undefined && after === null) throw foreignCursor();
      // One more than asked for tells whether there is a next page.
      const found = await store.books.list(after, limit + 1);
      const books = found.slice(0, limit);
      const next = found.length > limit ? (books.at(-1)?.bookId ?? null) : null;
      linkNext(request, reply, next);
      // The stored bytes are put together as they are: none of them is parsed.
      const body = `{"books":[${books.map((book) => book.body.toString('utf8')).join(',')}],"cursor":${JSON.stringify(next)}}`;
      return reply.header('content-type', 'application/json; charset=utf-8').header('cache-control', 'no-store').send(body);
    },
  });

  app.get('/books/export', {
    schema: {
      operationId: 'exportBooks',
      tags: ['Books'],
      summary: 'Export stored books',
      description: 'A file with every stored book, in ascending order of their numbers.',
      querystring: ExportQuerySchema,
      response: { 200: EXPORT_RESPONSE, ...problems(INVALID_FORMAT) },
    },
    handler: async (request, reply) => {
      const { format = 'jsonl' } = request.query;
      // The first page is read before the answer begins, so that a store that is away is told as such.
      const first = await store.books.list(null, EXPORT_PAGE);
      return sendExport(reply, allBooks(store.books, first), { format, name: 'books' });
    },
  });

  app.get('/books/:bookId', {
    config: { unmeasured: true },
    schema: {
      operationId: 'getBook',
      tags: ['Books'],
      summary: 'Show a book',
      description: 'As `GET /book-info?id=`: out of the store, or how its job stands.',
      params: BookParams,
      querystring: Type.Object({
        submit: Type.Optional(Type.Boolean({ default: false, description: 'Submits the book when there is neither a copy nor a job.' })),
      }),
      response: {
        ...BOOK_RESPONSES,
        ...problems(
          INVALID_SUBMIT,
          'book-unknown',
          'book-not-found',
          'crawl-failed',
          'page-not-recognised',
          'disallowed',
          'poison',
          'rate-limited',
        ),
      },
    },
    handler: (request, reply) => answerBook(request, reply as never, bookOf(request.params), request.query.submit ?? false) as never,
  });

  app.post('/books/:bookId/refresh', {
    schema: {
      operationId: 'refreshBook',
      tags: ['Books'],
      summary: 'Refresh a book',
      description: 'Queues its job ahead of other work, whatever the age of the copy. The copy is served meanwhile.',
      params: BookParams,
      response: {
        202: {
          description: 'The job is queued, or one was live already.',
          headers: LOCATION,
          content: { 'application/json': { schema: JobStatusSchema } },
        },
        ...problems(INVALID_JSON, NO_BOOK_NUMBER, 'body-too-large', 'unsupported-media-type', 'rate-limited'),
      },
    },
    handler: async (request, reply) => {
      const { jobId, status } = await jobs.want(bookOf(request.params), { priority: 'interactive', maxAgeMs: 0 });
      return reply.code(202).header('location', `/jobs/${jobId}`).send({ jobId, status });
    },
  });

  app.delete('/books/:bookId', {
    schema: {
      operationId: 'deleteBook',
      tags: ['Books'],
      summary: 'Delete a book',
      description: 'Removes the stored copy, or the memory that Goodreads has no such book. A live job of the book goes on.',
      params: BookParams,
      response: { 204: Type.Null({ description: 'The book is deleted.' }), ...problems(NOTHING_STORED) },
    },
    handler: async (request, reply) => {
      const bookId = bookIdOf(request.params);
      if (!(await store.books.delete(bookId))) throw new QuireError('book-unknown', `Nothing is stored of book ${bookId}.`);
      return reply.code(204).send(null);
    },
  });

  await app.register(pageRoutes, { uploads });
};

/** Pages as users saved them. In a scope of its own: nowhere else is HTML taken, and here nothing else. */
async function pageRoutes(app: FastifyInstance, { uploads }: { uploads: Uploads }): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'text/html',
    bodyParser((bytes) => bytes),
  );
  app.put<{ Params: { bookId: string } }>('/books/:bookId/page', {
    bodyLimit: MAX_PAGE_BYTES,
    schema: {
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
    },
    validatorCompiler: () => () => true,
    handler: async (request, reply) => {
      const bookId = bookIdOf(request.params);
      const { body } = request;
      if (!Buffer.isBuffer(body) || body.length === 0)
        throw new QuireError('invalid-request', 'The body is empty: send the page as text/html.');
      const { book, stored } = await uploads.put(bookId, body);
      return reply.header('location', `/books/${book.bookId}`).send({ bookId: book.bookId, stored });
    },
  });
}

/** The bytes of all stored books, page by page. */
async function* allBooks(
  books: { list(after: BookId | null, limit: number): Promise<StoredBook[]> },
  first: StoredBook[],
): AsyncGenerator<Buffer[]> {
  let page = first;
  while (page.length > 0) {
    yield page.map(({ body }) => body);
    const last = page.at(-1)?.bookId ?? null;
    page = page.length < EXPORT_PAGE ? [] : await books.list(last, EXPORT_PAGE);
  }
}
