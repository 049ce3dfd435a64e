/** API keys: `Authorization: Bearer <key>`, `X-API-Key: <key>`, or Basic with any user and the key as password (for browsers). */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from '../answers/problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a key: the health checks, and what the type of a problem leads to. */
    open?: boolean;
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The key that the request carries, or `null`. */
function presentedKey(request: FastifyRequest): string | null {
  const { authorization } = request.headers;
  const apiKey = request.headers['x-api-key'];
  if (typeof apiKey === 'string') return apiKey;
  if (authorization === undefined) return null;
  const [scheme = '', credentials = ''] = authorization.split(/ +/, 2);
  if (/^bearer$/i.test(scheme)) return credentials;
  if (!/^basic$/i.test(scheme)) return null;
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? null : pair.slice(colon + 1);
}

/** Whether a key is one of `keys`. Digests of equal length are compared, each in constant time and all of them. */
export function createKeyCheck(keys: readonly string[]): (key: string) => boolean {
  const digests = keys.map(digest);
  return (key) => {
    const given = digest(key);
    let found = false;
    for (const known of digests) if (timingSafeEqual(known, given)) found = true;
    return found;
  };
}

/** Pages for people. A browser asks its user for a password when the challenge is Basic. */
const forBrowsers = (request: FastifyRequest): boolean =>
  /^\/(dashboard|docs)(\/|\?|$)/.test(request.url) || (request.headers.accept ?? '').includes('text/html');

function refuse(request: FastifyRequest, reply: FastifyReply, detail: string): FastifyReply {
  reply.header('www-authenticate', forBrowsers(request) ? 'Basic realm="Quire", charset="UTF-8"' : 'Bearer realm="Quire"');
  return sendProblem(request, reply, 'unauthorized', { detail });
}

/** Asks every request for a key, except on routes with `config.open`. Does nothing at all when no keys are set. */
export function installAuthentication(app: FastifyInstance, keys: readonly string[]): void {
  // For the document: an open route asks for no key, and never answers 401.
  app.addHook('onRoute', ({ config, schema }) => {
    if (config?.open !== true || schema === undefined) return;
    const response = Object.entries(schema.response ?? {}).filter(([status]) => status !== '401');
    Object.assign(schema, { security: [], response: Object.fromEntries(response) });
  });
  if (keys.length === 0) return;
  const isKnown = createKeyCheck(keys);
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.open === true) return done();
    const key = presentedKey(request);
    if (key !== null && isKnown(key)) return done();
    const detail =
      key === null
        ? 'Send one of the API keys as `Authorization: Bearer <key>` or `X-API-Key: <key>`.'
        : 'The key is not one of the API keys.';
    refuse(request, reply, detail);
  });
}
