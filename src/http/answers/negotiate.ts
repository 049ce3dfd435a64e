/** Which format an answer of books has: `format=` decides, else `Accept` (RFC 9110, section 12.5.1). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { Type, type TSchema } from 'typebox';
import { FORMAT_NAMES, type FormatName, type ListTitle } from '../../app/formats/book-format.ts';
import { FORMATS } from '../../app/formats/formats.ts';
import { QuireError } from '../../errors.ts';

/** The query parameter, for schemas. */
export const FormatParameter = Type.Optional(
  Type.Enum([...FORMAT_NAMES], {
    type: 'string',
    description: 'The format of the answer. It wins over `Accept`. `biblatex` and `bibtex` share a media type: `Accept` means `bibtex`.',
  }),
);

/** `Vary` of every answer that `Accept` may change. */
export const VARY = { Vary: { type: 'string', required: true, description: '`Accept`: the format depends on it.' } };

/** The formats that are JSON. */
const SCHEMAS: Partial<Record<FormatName, TSchema>> = {
  json: Type.Array(Type.Ref('Book')),
  jsonld: Type.Object(
    { '@context': Type.String({ description: 'The vocabulary of the members: `https://schema.org`.' }) },
    { additionalProperties: true, description: 'schema.org: one `Book`, or a `@graph` of them.' },
  ),
  csl: Type.Array(
    Type.Object(
      {
        id: Type.String({ description: '`goodreads` and the number of the book.' }),
        type: Type.String({ description: 'What the item is; here it is always `book`.' }),
      },
      { additionalProperties: true },
    ),
    {
      description: 'Items of CSL-JSON.',
    },
  ),
};

/** The bodies that `200` may have, for the document. `own` replaces what the fallback format has. */
export function formatContent(own: Record<string, { schema: TSchema }>): Record<string, { schema: TSchema }> {
  const others = FORMAT_NAMES.filter((name) => name !== 'biblatex' && own[FORMATS[name].mediaType] === undefined);
  return { ...own, ...Object.fromEntries(others.map((name) => [FORMATS[name].mediaType, { schema: SCHEMAS[name] ?? Type.String() }])) };
}

/** Media types by format, and other names of the same. */
const TYPES: readonly (readonly [mediaType: string, name: FormatName])[] = [
  ...FORMAT_NAMES.filter((name) => name !== 'biblatex').map((name) => [FORMATS[name].mediaType, name] as const),
  ['application/x-ndjson', 'jsonl'],
  ['application/jsonlines', 'jsonl'],
];
const LIST = FORMAT_NAMES.map((name) => `${name} (${FORMATS[name].mediaType})`).join(', ');

function readParameter(format: unknown): FormatName | null {
  if (format === undefined) return null;
  const name = FORMAT_NAMES.find((one) => one === format);
  if (name !== undefined) return name;
  const detail = `must be one of ${FORMAT_NAMES.join(', ')}`;
  throw new QuireError('invalid-request', `/query/format ${detail}.`, { errors: [{ pointer: '/query/format', detail }] });
}

/** The format that a request asks for. Throws `not-acceptable` with the list of formats, or `invalid-request`. */
export function formatOf(request: FastifyRequest, fallback: FormatName): FormatName {
  const named = readParameter((request.query as { format?: unknown }).format);
  if (named !== null) return named;
  const { accept } = request.headers;
  if (accept === undefined || accept === '*/*') return fallback;
  const first = FORMATS[fallback].mediaType;
  const offered = [first, ...TYPES.map(([mediaType]) => mediaType).filter((mediaType) => mediaType !== first)];
  const chosen = new Negotiator(request).mediaType(offered);
  const found = TYPES.find(([mediaType]) => mediaType === chosen)?.[1];
  if (found === undefined)
    throw new QuireError('not-acceptable', `No format of books is ${JSON.stringify(accept.slice(0, 200))}. There are ${LIST}.`);
  return found;
}

/** `content-type` of a format. */
export function contentType(format: FormatName): string {
  const { mediaType } = FORMATS[format];
  return `${mediaType}; charset=utf-8${format === 'csv' ? '; header=present' : ''}`;
}

/** What a list of this answer is told as: its address is that of the request. */
export const listTitle = (request: FastifyRequest, publicUrl: string | null, title: string): ListTitle => ({
  title,
  url: `${publicUrl?.replace(/\/$/, '') ?? `${request.protocol}://${request.host}`}${request.url}`,
  atMs: Date.now(),
});

/** Says that the answer depends on `Accept`. */
export const varyByAccept = (reply: FastifyReply): FastifyReply => reply.header('vary', 'Accept');
