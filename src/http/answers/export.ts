/** Exports: books as lines, made while they are sent. However many there are, one page of them is in memory. */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Book } from '../../domain/book.ts';
import { TABLE_HEADER, tableLines } from './book-table.ts';

export const FORMATS = ['jsonl', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

export const ExportQuerySchema = Type.Object({
  format: Type.Optional(
    Type.Enum([...FORMATS], {
      type: 'string',
      default: 'jsonl',
      description: 'One Book a line as JSON, or a table with the columns of the Goodreads export.',
    }),
  ),
});

/** The responses of an export, for the document. */
export const EXPORT_RESPONSE = {
  description: 'The books, streamed.',
  headers: { 'Content-Disposition': { type: 'string', required: true, description: 'The name of the file.' } },
  content: {
    'application/jsonl': { schema: Type.String({ title: 'BookLines', description: 'A Book a line.' }) },
    'text/csv': {
      schema: Type.String({
        description: 'UTF-8; the first line names the columns. Text that a spreadsheet would take for a formula is led by an apostrophe.',
      }),
    },
  },
};

const NEWLINE = Buffer.from('\n');

async function* lines(pages: AsyncIterable<Buffer[]>, format: Format): AsyncGenerator<Buffer> {
  if (format === 'csv') yield Buffer.from(TABLE_HEADER);
  for await (const bodies of pages) {
    if (bodies.length === 0) continue;
    // A page is one chunk: fewer writes, and it is in memory anyway.
    yield format === 'csv'
      ? Buffer.from(tableLines(bodies.map((body) => JSON.parse(body.toString('utf8')) as Book)))
      : Buffer.concat(bodies.flatMap((body) => [body, NEWLINE]));
  }
}

/** Answers with the books of `pages`. The stored bytes are the lines of JSONL as they are: they hold no line break. */
export function sendExport(
  reply: FastifyReply,
  pages: AsyncIterable<Buffer[]>,
  { format, name }: { format: Format; name: string },
): FastifyReply {
  // For HEAD, Fastify reads a stream to its end and throws it away: it gets one that is empty.
  const content = reply.request.method === 'HEAD' ? [] : lines(pages, format);
  return reply
    .header('content-type', format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/jsonl; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}.${format}"`)
    .header('cache-control', 'no-store')
    .send(Readable.from(content, { objectMode: false, highWaterMark: 64 * 1024 }));
}
