/** A path that exists answers every method it does not take with 405 and `Allow`, not with 404. */
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, HTTPMethods, RouteOptions } from 'fastify';
import { sendProblem } from '../answers/problem.ts';

/** Characters of a path that are told. */
const MOST_PATH = 200;

const HIDDEN: FastifySchema & { hide: boolean } = { hide: true };

/** Names the path as it was asked for. */
function refuse(request: FastifyRequest, reply: FastifyReply, allow: string): FastifyReply {
  const path = request.url.split('?', 1)[0]?.slice(0, MOST_PATH) ?? '';
  return sendProblem(request, reply.header('allow', allow), 'method-not-allowed', { detail: `${path} takes ${allow}.` });
}

/** Whether `path` is one of the paths that the route's `url` stands for. */
function isPathOf(url: string, path: string): boolean {
  const [wanted, given] = [url.split('/'), path.split('/')];
  return wanted.length === given.length && wanted.every((part, at) => (part.startsWith(':') ? given[at] !== '' : part === given[at]));
}

/**
 * Watches the routes as they are added. The function returned adds what is missing for each path seen; call it after
 * the last route. These routes are left out of the OpenAPI document.
 */
export function watchMethods(app: FastifyInstance): () => void {
  const methods = app.supportedMethods as HTTPMethods[];
  const known = new Map<string, Set<string>>();
  let done = false;
  app.addHook('onRoute', ({ url, method }: RouteOptions) => {
    if (done) return;
    const taken = known.get(url) ?? new Set();
    for (const one of [method].flat()) taken.add(one);
    known.set(url, taken);
  });
  return () => {
    done = true;
    const allowed = new Map<string, string>();
    for (const [url, taken] of known) {
      // Pages of others, made for browsers.
      if (url.includes('*') || /^\/(docs|dashboard)(\/|$)/.test(url)) continue;
      const allow = methods.filter((method) => taken.has(method)).join(', ');
      allowed.set(url, allow);
      const method = methods.filter((one) => !taken.has(one));
      app.route({
        url,
        method,
        // Of the OpenAPI document's plugin: leaves the route out.
        schema: HIDDEN,
        // Nobody reads the body of such a request, whatever its type.
        onRequest: async (request, reply) => {
          if (request.method === 'OPTIONS') return reply.header('allow', allow).code(204).send();
          return refuse(request, reply, allow);
        },
        handler: (_request, reply) => reply,
      });
    }
    // Methods that Fastify has no routes for, such as PROPFIND: it looks for nothing, and finds nothing.
    app.addHook('onRequest', (request, reply, next) => {
      if (!request.is404 || app.supportedMethods.includes(request.method)) return next();
      const path = request.url.split('?', 1)[0] ?? '';
      const url = allowed.has(path) ? path : [...allowed.keys()].find((one) => isPathOf(one, path));
      if (url === undefined) return next();
      refuse(request, reply, allowed.get(url) ?? '');
    });
  };
}
