/** `POST /pages`: pages that people saved, one or many. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { SavedFile } from '../../app/saved-pages/saved-page.ts';
import { QuireError } from '../../errors.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { bodyParser } from '../plugins/request-bodies.ts';
import { readMultipart } from '../requests/multipart.ts';
import { text, whole } from '../schemas/fields.ts';
import type { ProblemExample } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';

const MIB = 1024 * 1024;
/** The largest body that is taken, in bytes, decompressed. */
const MAX_UPLOAD_BYTES = 32 * MIB;

const EntrySchema = Type.Object(
  {
    name: text('The name of the file, or the address of the page in an archive of answers.'),
    outcome: Type.Enum(['stored', 'older', 'poorer', 'refused'], {
      type: 'string',
      description: '`stored`, `older`, `poorer`: a book was read; the last two mean that the stored copy stays. `refused`: see `reason`.',
    }),
    bookId: Type.Optional(text("Goodreads' book number, when a book was read.")),
    reason: Type.Optional(text('Why the page is refused.')),
  },
  { title: 'UploadedEntry' },
);

const UploadedPagesSchema = Type.Object(
  {
    entries: Type.Array(EntrySchema, { description: 'Every page of the upload, in its order.' }),
    ignored: whole('Files in archives that are no pages, such as images and scripts.'),
  },
  { title: 'UploadedPages' },
);

const bytes = (description: string) => ({ schema: Type.String({ format: 'binary', description }) });
const ZIP = bytes('A zip archive of saved pages.');
const WARC = bytes('A gzipped WARC file.');

/** What is taken, by type. The first bytes of each file decide what it is. */
const CONTENT = {
  'text/html': {
    schema: Type.String({
      description: 'One page, as the browser saved it.',
      examples: ['<!DOCTYPE html><html><head><title>A saved page</title></head><body></body></html>'],
    }),
  },
  'multipart/form-data': {
    schema: Type.Object({
      file: Type.Array(Type.String({ format: 'binary' }), { description: 'Pages and archives; any field name is taken.' }),
    }),
  },
  'application/zip': ZIP,
  'application/x-zip-compressed': ZIP,
  'application/json': {
    schema: Type.Object({ log: Type.Object({}, { description: 'As a browser saves it.' }) }, { description: 'A HAR file.' }),
  },
  'application/har+json': bytes('A HAR file.'),
  'application/warc': bytes('A WARC file.'),
  'application/gzip': WARC,
  'application/x-gzip': WARC,
  'application/octet-stream': bytes('Any of them.'),
};

const NO_FILE = 'The body is empty: send saved pages as text/html, multipart/form-data, or a zip, HAR or WARC archive.';
const EMPTY: ProblemExample<'invalid-request'> = { code: 'invalid-request', detail: NO_FILE, errors: [{ pointer: '', detail: NO_FILE }] };
const TOO_LARGE: ProblemExample<'body-too-large'> = {
  code: 'body-too-large',
  detail: `The body may have at most ${MAX_UPLOAD_BYTES} bytes.`,
};
const NO_PAGES: ProblemExample<'unsupported-media-type'> = {
  code: 'unsupported-media-type',
  detail: `The body's type is "image/png": set content-type to ${Object.keys(CONTENT).join(' or ')}.`,
};

const schema = {
  operationId: 'uploadPages',
  tags: ['Books'],
  summary: 'Upload saved pages',
  description:
    'Pages that people saved in a browser: one page, many as `multipart/form-data`, or a zip, HAR or WARC archive (also gzipped). At most ' +
    `${MAX_UPLOAD_BYTES / MIB} MiB a request, 8 MiB a page, 5,000 entries and 256 MiB of pages an archive. The page of a book is read as \`PUT /books/{bookId}/page\` reads it, ` +
    'and settles the items that wait for the book. A page from a HAR or WARC archive counts as fetched when the archive says so. Cookies, headers and tokens in archives are not looked at. ' +
    'A page that cannot be read spoils no other: the answer tells of every page.',
  body: { content: CONTENT },
  response: {
    200: { description: 'The upload was read.', content: { 'application/json': { schema: UploadedPagesSchema } } },
    ...problems(EMPTY, TOO_LARGE, NO_PAGES),
  },
};

/** In a scope of its own: nowhere else are archives taken. */
export async function savedPagesRoutes(app: FastifyInstance, { deps }: { deps: Pick<HttpDependencies, 'uploadPages'> }): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    Object.keys(CONTENT),
    bodyParser((body) => body),
  );
  app.post('/pages', {
    bodyLimit: MAX_UPLOAD_BYTES,
    schema,
    validatorCompiler: () => () => true,
    handler: async (request) => {
      const { body } = request;
      if (!Buffer.isBuffer(body) || body.length === 0) throw new QuireError('invalid-request', NO_FILE, { errors: EMPTY.errors ?? [] });
      return deps.uploadPages(await filesOf(request.headers['content-type'] ?? '', body));
    },
  });
}

async function filesOf(contentType: string, body: Buffer): Promise<SavedFile[]> {
  if (!/^multipart\//i.test(contentType)) return [{ name: 'body', bytes: body }];
  const files = await readMultipart(contentType, body);
  if (files.length === 0) {
    const detail = 'The form has no file: send each page as a file field.';
    throw new QuireError('invalid-request', detail, { errors: [{ pointer: '', detail }] });
  }
  return files;
}
