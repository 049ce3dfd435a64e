/** Bodies: JSON for all routes, plain text for those that ask for it. Says where a malformed body is malformed. */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { QuireError } from '../errors.ts';
import { jsonErrorPosition } from './json-place.ts';

type Done = (error: Error | null, body?: unknown) => void;

/** The text of a body. Throws when it is compressed or not UTF-8. */
function textOf(request: FastifyRequest, bytes: Buffer): string {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new QuireError(
      'unsupported-media-type',
      `The body comes with content-encoding ${JSON.stringify(encoding.slice(0, 40))}: send it uncompressed.`,
    );
  }
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

const parser = (read: (text: string) => unknown) => (request: FastifyRequest, bytes: Buffer, done: Done) => {
  try {
    // An empty body is no body: many clients send a content type with every POST.
    done(null, bytes.length === 0 ? undefined : read(textOf(request, bytes)));
  } catch (error) {
    done(error as Error);
  }
};

/** Replaces Fastify's parsers: JSON with places in its errors, and nothing else. An empty body of any type is no body: `curl -X POST -d ''` names a form. */
export function installJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parser(parseJson));
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
    { parseAs: 'buffer' },
    parser((text) => text),
  );
}
