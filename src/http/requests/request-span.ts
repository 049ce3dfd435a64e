/** One span for each request, while the operator has loaded an SDK: docs/tracing.md. */
import type { FastifyInstance } from 'fastify';
import { isTracing, openRequestSpan, within, type OpenSpan } from '../../tracing.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The span of the request; `null` without an SDK, and for requests that are not traced. */
    span: OpenSpan | null;
  }
}

/** What machines ask for every few seconds, and streams that stay open for hours. */
const NOT_TRACED = new Set(['/livez', '/readyz', '/metrics', '/batches/:batchId/events']);

/** Traces every request from now on. Without an SDK the requests pay nothing. */
export function traceRequests(app: FastifyInstance): void {
  app.decorateRequest('span', null);
  if (!isTracing()) return;
  app.addHook('onRequest', (request, _reply, done) => {
    const { method } = request;
    const route = request.routeOptions.url;
    if (route !== undefined && NOT_TRACED.has(route)) return done();
    // The address stays out, because callers may put secrets there.
    const attributes = {
      'http.request.method': method,
      'quire.request.id': request.id,
      ...(route === undefined ? {} : { 'http.route': route }),
    };
    request.span = openRequestSpan(route === undefined ? method : `${method} ${route}`, request.headers, attributes);
    done();
  });
  // Not sooner: what reads the body calls back from the socket, which belongs to no request.
  app.addHook('preValidation', (request, _reply, done) => (request.span ? within(request.span, done) : done()));
  app.addHook('onResponse', (request, reply, done) => {
    const status = reply.statusCode;
    request.span?.set({ 'http.response.status_code': status });
    request.span?.end(status >= 500);
    done();
  });
}
