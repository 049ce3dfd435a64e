/** Exports: books in one format, made while they are sent. However many there are, one page of them is in memory. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { FORMATS } from '../../app/formats/formats.ts';
import type { FormatName, ListTitle } from '../../app/formats/book-format.ts';
import type { Book } from '../../domain/book.ts';
import { contentType, formatContent, FormatParameter, formatOf, varyByAccept, VARY } from './negotiate.ts';

export const ExportQuerySchema = Type.Object({
  format: FormatParameter,
  bom: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'A byte order mark leads `csv`: Excel reads UTF-8 only with it. Other formats have none.',
    }),
  ),
});

/** The responses of an export, for the document. */
export const EXPORT_RESPONSE = {
  description: 'The books, streamed; `jsonl` unless `format` or `Accept` asks for another format.',
  headers: { 'Content-Disposition': { type: 'string', required: true, description: 'The name of the file.' }, ...VARY },
  content: formatContent({
    'application/jsonl': { schema: Type.String({ title: 'BookLines', description: 'A Book a line.' }) },
    'text/csv': {
      schema: Type.String({
        description: 'UTF-8; the first line names the columns. Text that a spreadsheet would take for a formula is led by an apostrophe.',
      }),
    },
  }),
};

const NEWLINE = Buffer.from('\n');
const BYTE_ORDER_MARK = '\uFEFF';

/** The stored bytes are the lines of JSON Lines as they are: they hold no line break. */
async function* lines(pages: AsyncIterable<Buffer[]>): AsyncGenerator<Buffer> {
  for await (const bodies of pages) if (bodies.length > 0) yield Buffer.concat(bodies.flatMap((body) => [body, NEWLINE]));
}

async function* written(pages: AsyncIterable<Buffer[]>, format: FormatName, list: ListTitle, mark: string): AsyncGenerator<Buffer> {
  const { head, book, foot } = FORMATS[format];
  yield Buffer.from(mark + head(list));
  let isFirst = true;
  for await (const bodies of pages) {
    // A page is one chunk: fewer writes, and it is in memory anyway.
    let text = '';
    for (const body of bodies) {
      text += book(JSON.parse(body.toString('utf8')) as Book, isFirst);
      isFirst = false;
    }
    if (text !== '') yield Buffer.from(text);
  }
  yield Buffer.from(foot());
}

/** What an export is made of. */
export interface Export {
  /** The stored bodies of books, page by page. */
  pages: AsyncIterable<Buffer[]>;
  /** The name of the file, without its ending. */
  name: string;
  list: ListTitle;
}

/** Answers with the books of `pages`, in the format that the request asks for. */
export function sendExport(request: FastifyRequest, reply: FastifyReply, { pages, name, list }: Export): FastifyReply {
  const format = formatOf(request, 'jsonl');
  const mark = format === 'csv' && (request.query as { bom?: boolean }).bom === true ? BYTE_ORDER_MARK : '';
  const made = format === 'jsonl' ? lines(pages) : written(pages, format, list, mark);
  // For HEAD, Fastify reads a stream to its end and throws it away: it gets one that is empty.
  const content = request.method === 'HEAD' ? [] : made;
  return varyByAccept(reply)
    .header('content-type', contentType(format))
    .header('content-disposition', `attachment; filename="${name}.${FORMATS[format].extension}"`)
    .header('cache-control', 'no-store')
    .send(Readable.from(content, { objectMode: false, highWaterMark: 64 * 1024 }));
}
