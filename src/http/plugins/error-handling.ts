/** Every error becomes a problem here: ours, Fastify's, unknown routes. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { QuireError } from '../../errors.ts';
import { sendProblem, sendStatusProblem } from '../answers/problem.ts';

/** Answers with what `error` means. An unexpected error is logged with its stack; the caller reads only `internal-error`. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof QuireError) {
    const { code, message, errors, retryAfterSeconds, cause } = error;
    if (code === 'internal-error') return sendInternal(error, request, reply);
    // The store's own words may name hosts: they are for the log.
    const detail = code === 'store-unavailable' ? 'The store does not answer at the moment. Nothing is lost; try again.' : message;
    if (code === 'store-unavailable') request.log.warn({ reqId: request.id, err: error, cause }, 'the store does not answer');
    return sendProblem(request, reply, code, { detail, errors, retryAfterSeconds });
  }
  return sendFastifyError(error as FastifyError, request, reply);
}

function sendFastifyError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return sendProblem(request, reply, 'body-too-large', {
        detail: `The body may have at most ${request.routeOptions.bodyLimit} bytes.`,
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return sendProblem(request, reply, 'unsupported-media-type', { detail: mediaTypeDetail(request) });
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return sendProblem(request, reply, 'invalid-request', {
        detail:
          error.code === 'FST_ERR_BAD_URL'
            ? 'The path holds a malformed percent-encoding.'
            : 'The body is not as long as Content-Length says.',
      });
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return sendProblem(request, reply, 'not-found', { detail: 'No resource has so long a name.' });
    default: {
      const status = error.statusCode ?? 500;
      return status >= 400 && status < 500
        ? sendStatusProblem(request, reply, status, { detail: error.message })
        : sendInternal(error, request, reply);
    }
  }
}

function mediaTypeDetail(request: FastifyRequest): string {
  const given = request.headers['content-type'];
  const body = request.routeOptions.schema?.body as { content?: object } | undefined;
  const taken = Object.keys(body?.content ?? { 'application/json': null }).join(' or ');
  return `The body's type is ${given === undefined ? 'not given' : JSON.stringify(given.slice(0, 80))}: set content-type to ${taken}.`;
}

function sendInternal(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  request.log.error(
    { reqId: request.id, method: request.method, route: request.routeOptions?.url, err: error },
    'a request failed unexpectedly',
  );
  return sendProblem(request, reply, 'internal-error', {
    detail: 'The error is in the log of the service, under the request id given as instance.',
  });
}

/** Sets the handlers for errors and for routes that do not exist. */
export function installErrorHandling(app: FastifyInstance): void {
  app.setErrorHandler(sendError);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]?.slice(0, 200) ?? '';
    return sendProblem(request, reply, 'not-found', { detail: `There is nothing at ${path}. /docs shows what there is.` });
  });
}
