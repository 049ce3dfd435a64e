/** Bodies: JSON for all routes, plain text for those that ask for it. */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { createCsvReader, type CsvEntries } from '../../app/csv/read-csv.ts';
import { QuireError } from '../../errors.ts';
import { bodyParser, streamParser } from './request-bodies.ts';
import { problems } from '../schemas/problem.ts';

/** The text of a body. Throws when it is not UTF-8. */
function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes))
    throw new QuireError('invalid-request', 'The body is not UTF-8.', { errors: [{ pointer: '', detail: 'must be UTF-8' }] });
  const text = bytes.toString('utf8');
  return text.codePointAt(0) === 0xfeff ? text.slice(1) : text;
}

/** What `JSON.parse` says of a text, without its own "not valid JSON", and with a line where it names a position. */
export function jsonFault(text: string, { message }: Error): string {
  return message
    .replace(/ \(line \d+ column \d+\)$/, '')
    .replace(/ (?:in JSON )?at position (\d+)$/, (_all, position: string) => {
      const before = text.slice(0, Number(position)).split('\n');
      return ` at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
    })
    .replace(/, (.*) is not valid JSON$/s, ' in $1');
}

/** Parses JSON; throws `invalid-request` that says what is wrong. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const detail = `The body is not valid JSON: ${jsonFault(text, error as Error)}.`;
    throw new QuireError('invalid-request', detail, { errors: [{ pointer: '', detail }] });
  }
}

// An empty body is no body: many clients send a content type with every POST.
const parser = (read: (text: string) => unknown) => bodyParser((bytes) => (bytes.length === 0 ? undefined : read(textOf(bytes))));

const BODYLESS = new Set<unknown>(['GET', 'HEAD']);

/** For the document. */
const { 413: tooLarge, 415: wrongType } = problems('body-too-large', 'unsupported-media-type');

/** Replaces Fastify's parsers by one for JSON. An empty body of any type is no body: `curl -X POST -d ''` names a form. */
export function installJsonBodies(app: FastifyInstance): void {
  // A body that a route has no use for, such as that of a DELETE, is read and refused all the same.
  app.addHook('onRoute', ({ method, schema }) => {
    if (!schema?.response || [method].flat().every((one) => BODYLESS.has(one))) return;
    schema.response = { 413: tooLarge, 415: wrongType, ...schema.response };
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', parser(parseJson));
  app.addHook('onRequest', (request, _reply, done) => {
    const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
    if (length === '0' && coding === undefined) delete request.headers['content-type'];
    done();
  });
}

/** Lets the routes of this scope take `text/plain` as well. */
export function installTextBodies(app: FastifyInstance): void {
  app.addContentTypeParser(
    'text/plain',
    parser((text) => text),
  );
}

/** Bytes that are counted for a CSV body while it is read: the entries of 50,000 rows, and the row that is under way. */
const CSV_HELD_BYTES = 8 * 1024 * 1024;

/** Lets the routes of this scope take `text/csv` of at most `limit` bytes, decompressed, as {@link CsvEntries}. */
export function installCsvBodies(app: FastifyInstance, limit: number): void {
  app.addContentTypeParser('text/csv', streamParser<CsvEntries>(createCsvReader, { limit, held: CSV_HELD_BYTES }));
}
