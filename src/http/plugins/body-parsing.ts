/** Bodies: JSON for all routes, plain text for those that ask for it. Says where a malformed body is malformed. */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { QuireError } from '../../errors.ts';
import { jsonErrorPosition } from './json-place.ts';
import { bodyParser } from './request-bodies.ts';
import { problems } from '../schemas/problem.ts';

/** The text of a body. Throws when it is not UTF-8. */
function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes))
    throw new QuireError('invalid-request', 'The body is not UTF-8.', { errors: [{ pointer: '', detail: 'must be UTF-8' }] });
  const text = bytes.toString('utf8');
  return text.codePointAt(0) === 0xfeff ? text.slice(1) : text;
}

/** Parses JSON; throws `invalid-request` that says where it breaks off. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const position = jsonErrorPosition(text);
    const before = text.slice(0, position).split('\n');
    const where = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
    const found =
      position >= text.length ? 'it ends too early' : `${JSON.stringify(text.slice(position, position + 20))} is not what may stand there`;
    throw new QuireError('invalid-request', `The body is not valid JSON at ${where}: ${found}.`, {
      errors: [{ pointer: '', detail: `not valid JSON at ${where}` }],
    });
  }
}

// An empty body is no body: many clients send a content type with every POST.
const parser = (read: (text: string) => unknown) => bodyParser((bytes) => (bytes.length === 0 ? undefined : read(textOf(bytes))));

const BODYLESS = new Set<unknown>(['GET', 'HEAD']);

/** For the document. */
const { 413: tooLarge, 415: wrongType } = problems('body-too-large', 'unsupported-media-type');

/** Replaces Fastify's parsers: JSON with places in its errors, and nothing else. An empty body of any type is no body: `curl -X POST -d ''` names a form. */
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
