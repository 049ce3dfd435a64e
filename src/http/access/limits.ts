/** The limits of keys on the wire: `RateLimit` and `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers-10 and later. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { QuotaExceeded, type Rate, type Usage } from '../../app/access/usage.ts';
import type { ApiKey } from '../../domain/access/api-key.ts';
import { problems } from '../schemas/problem.ts';

/** The unit of a quota where it is not requests (parameter `qu`). */
const UNIT: Record<Rate['name'], string> = { requests: '', links: ';qu="links"', waiting: ';qu="jobs"' };

const policyOf = ({ name, quota, windowSeconds }: Rate): string =>
  `"${name}";q=${quota}${UNIT[name]}${windowSeconds === null ? '' : `;w=${windowSeconds}`}`;
const limitOf = ({ name, left, resetSeconds }: Rate): string => `"${name}";r=${left}${resetSeconds === null ? '' : `;t=${resetSeconds}`}`;

const asList = (before: unknown, added: string[]): string => [...(typeof before === 'string' ? [before] : []), ...added].join(', ');

/** Tells of limits, beside those that the answer tells of already. Both fields are lists of structured fields (RFC 9651). */
export function tellRates(reply: FastifyReply, rates: readonly Rate[]): void {
  if (rates.length === 0) return;
  reply.header('ratelimit-policy', asList(reply.getHeader('ratelimit-policy'), rates.map(policyOf)));
  reply.header('ratelimit', asList(reply.getHeader('ratelimit'), rates.map(limitOf)));
}

/** For the document. */
const { 429: exceeded } = problems('quota-exceeded');

/** Counts the requests of keys that have a limit. */
export function installLimits(app: FastifyInstance, { usage }: { usage: Usage }): void {
  app.addHook('onRoute', ({ config, schema }) => {
    if (config?.open || !schema?.response) return;
    schema.response = { 429: exceeded, ...schema.response };
  });
  const take = async (key: ApiKey, reply: FastifyReply): Promise<void> => {
    try {
      const rate = await usage.takeRequest(key);
      if (rate !== null) tellRates(reply, [rate]);
    } catch (error) {
      if (error instanceof QuotaExceeded) tellRates(reply, [error.rate]);
      throw error;
    }
  };
  app.addHook('onRequest', (request, reply, done) => {
    const { key } = request.caller;
    // Most keys have no such limit, and their requests do not wait for a turn of the event loop.
    if (key === null || key.limits.requestsPerSecond === null) return done();
    const pass = (): void => done();
    take(key, reply).then(pass, done);
  });
}
