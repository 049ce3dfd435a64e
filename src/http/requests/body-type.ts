/** How a body of links is read. */
import type { FastifyRequest } from 'fastify';
import type { BodyType } from './submission.ts';

/** By its content type; the parsers of the route have refused every other type. */
export function bodyTypeOf({ headers }: Pick<FastifyRequest, 'headers'>): BodyType {
  const type = /^text\/(plain|csv)/i.exec(headers['content-type'] ?? '')?.[1];
  if (type === undefined) return 'json';
  return type.toLowerCase() === 'csv' ? 'csv' : 'text';
}
