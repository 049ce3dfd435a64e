/** A path that exists answers every method it does not take with 405 and `Allow`, not with 404. */
import type { FastifyInstance, FastifySchema, HTTPMethods, RouteOptions } from 'fastify';
import { sendProblem } from './problem.ts';

const HIDDEN: FastifySchema & { hide: boolean } = { hide: true };

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
    for (const [url, taken] of known) {
      // Pages of others, made for browsers.
      if (url.includes('*') || /^\/(docs|dashboard)(\/|$)/.test(url)) continue;
      const allow = methods.filter((method) => taken.has(method)).join(', ');
      const method = methods.filter((one) => !taken.has(one));
      app.route({
        url,
        method,
        // Of the OpenAPI document's plugin: leaves the route out.
        schema: HIDDEN,
        // The body of such a request is of no interest, whatever its type.
        onRequest: async (request, reply) => {
          reply.header('allow', allow);
          if (request.method === 'OPTIONS') return reply.code(204).send();
          return sendProblem(request, reply, 'method-not-allowed', { detail: `${url} takes ${allow}.` });
        },
        handler: (_request, reply) => reply,
      });
    }
  };
}
