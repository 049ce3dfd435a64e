/** `/books`: stored books by number, in pages, as an export; refresh and delete. */
import { Type } from 'typebox';
import { parseBookId, type BookId } from '../../domain/identity.ts';
import { foreignCursor, QuireError } from '../../errors.ts';
import type { StoredBook } from '../../storage/store.ts';
import type { BookAnswer } from '../answers/book-answer.ts';
import type { HttpDependencies, TypedApp } from '../dependencies.ts';
import { EXPORT_RESPONSE, ExportQuerySchema, sendExport } from '../answers/export.ts';
import { FormatParameter, listTitle } from '../answers/negotiate.ts';
import { bookIdOf, bookOf } from '../requests/identifiers.ts';
import { linkNext } from '../answers/paging.ts';
import { JobStatusSchema } from '../schemas/job.ts';
import { NextCursorField } from '../schemas/fields.ts';
import { BookParams, Cursor, DEFAULT_PAGE_LIMIT, Limit, LOCATION, NEXT_LINK } from '../schemas/parameters.ts';
import { INVALID_FORMAT, INVALID_JSON, INVALID_PAGE, NO_BOOK_NUMBER, type ProblemExample } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';
import { BOOK_PROBLEMS, BOOK_RESPONSES } from './book-info.ts';

interface Deps extends Pick<HttpDependencies, 'store' | 'jobs' | 'config' | 'forgetBook'> {
  answerBook: BookAnswer;
}

const BookPageSchema = Type.Object(
  { books: Type.Array(Type.Ref('Book'), { description: 'The books of this page.' }), cursor: NextCursorField },
  { title: 'BookPage' },
);

const NOTHING_STORED: ProblemExample<'book-unknown'> = { code: 'book-unknown', detail: 'Nothing is stored of book 2767052.' };
const EXPORT_PAGE = 100;

function listBooks(app: TypedApp, { store }: Deps): void {
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

function exportBooks(app: TypedApp, { store, config }: Deps): void {
  app.get('/books/export', {
    schema: {
      operationId: 'exportBooks',
      tags: ['Books'],
      summary: 'Export stored books',
      description: 'A file with every stored book, in ascending order of their numbers.',
      querystring: ExportQuerySchema,
      response: { 200: EXPORT_RESPONSE, ...problems(INVALID_FORMAT, 'not-acceptable') },
    },
    handler: async (request, reply) => {
      // The first page is read before the answer begins, so that a store that is away is told as such.
      const first = await store.books.list(null, EXPORT_PAGE);
      const list = listTitle(request, config.publicUrl, 'Books');
      return sendExport(request, reply, { pages: allBooks(store.books, first), name: 'books', list });
    },
  });
}

function getBook(app: TypedApp, { answerBook }: Deps): void {
  app.get('/books/:bookId', {
    config: { unmeasured: true },
    schema: {
      operationId: 'getBook',
      tags: ['Books'],
      summary: 'Show a book',
      description: 'As `GET /book-info?id=`: out of the store, or how its job stands.',
      params: BookParams,
      querystring: Type.Object({
        format: FormatParameter,
        submit: Type.Optional(Type.Boolean({ default: false, description: 'Submits the book when there is neither a copy nor a job.' })),
      }),
      response: {
        ...BOOK_RESPONSES,
        ...problems(...BOOK_PROBLEMS),
      },
    },
    handler: (request, reply) => answerBook(request, reply as never, bookOf(request.params), request.query.submit ?? false) as never,
  });
}

function refreshBook(app: TypedApp, { jobs }: Deps): void {
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
      const { jobId, status } = await jobs.submit(bookOf(request.params), { priority: 'interactive', maxAgeMs: 0 });
      return reply.code(202).header('location', `/jobs/${jobId}`).send({ jobId, status });
    },
  });
}

function deleteBook(app: TypedApp, { forgetBook }: Deps): void {
  app.delete('/books/:bookId', {
    schema: {
      operationId: 'deleteBook',
      tags: ['Books'],
      summary: 'Delete a book',
      description:
        'Removes the stored copy, or the memory that Goodreads has no such book; also its search entry, its pages that were not recognised, and kept answers of Goodreads that name it. A live job of the book goes on. docs/privacy.md tells what stays.',
      params: BookParams,
      response: { 204: Type.Null({ description: 'The book is deleted.' }), ...problems(NOTHING_STORED) },
    },
    handler: async (request, reply) => {
      const bookId = bookIdOf(request.params);
      if (!(await forgetBook(bookId))) throw new QuireError('book-unknown', `Nothing is stored of book ${bookId}.`);
      return reply.code(204).send(null);
    },
  });
}

export async function booksRoutes(app: TypedApp, { deps }: { deps: Deps }): Promise<void> {
  listBooks(app, deps);
  exportBooks(app, deps);
  getBook(app, deps);
  refreshBook(app, deps);
  deleteBook(app, deps);
}
