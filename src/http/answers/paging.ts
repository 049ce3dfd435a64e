/** Pages of a list: `Link: <…>; rel="next"` (RFC 8288) beside the `cursor` in the body. */
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Sets the link to the next page: this request's own URL with another cursor. Relative, so that it holds behind any proxy. */
export function linkNext(request: FastifyRequest, reply: FastifyReply, cursor: string | null): void {
  if (cursor === null) return;
  const [path = '', query = ''] = request.url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  reply.header('link', `<${path}?${parameters.toString()}>; rel="next"`);
}
