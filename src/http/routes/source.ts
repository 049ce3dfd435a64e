/** `/source`: how Goodreads treats us, and how we treat it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { HttpDependencies } from '../dependencies.ts';
import { UNKNOWN_PARAMETER, type ProblemExample } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';
import { LedgerSchema, SourceSchema } from '../schemas/source.ts';

const DEFAULT_DAYS = 7;
/** How long the ledger goes back. */
const MAX_DAYS = 90;

const INVALID_DAYS: ProblemExample<'invalid-request'> = {
  code: 'invalid-request',
  detail: '/query/days must be at most 90.',
  errors: [{ pointer: '/query/days', detail: 'must be at most 90' }],
};

export const sourceRoutes: FastifyPluginAsyncTypebox<{ deps: Pick<HttpDependencies, 'source'> }> = async (app, { deps }) => {
  const { source } = deps;
  app.get('/source', {
    schema: {
      operationId: 'getSource',
      tags: ['Source'],
      summary: 'Show the source',
      description:
        'How Goodreads treats us just now. While the source is blocked or unreachable, single probes go with growing delays, no job loses an attempt, and stored copies are served.',
      response: {
        200: { description: 'The source.', content: { 'application/json': { schema: SourceSchema } } },
        ...problems(UNKNOWN_PARAMETER),
      },
    },
    handler: async (_request, reply) => reply.header('cache-control', 'no-store').send(await source.view()),
  });

  app.get('/source/ledger', {
    schema: {
      operationId: 'getLedger',
      tags: ['Source'],
      summary: 'Show the ledger of requests',
      description:
        'Requests to Goodreads, their bytes and outcomes, by hour and by day. Kept for 90 days; hours in which nothing was asked are left out.',
      querystring: Type.Object({
        days: Type.Optional(
          Type.Integer({ minimum: 1, maximum: MAX_DAYS, default: DEFAULT_DAYS, description: 'How many days (UTC), today included.' }),
        ),
      }),
      response: {
        200: { description: 'The ledger.', content: { 'application/json': { schema: LedgerSchema } } },
        ...problems(INVALID_DAYS),
      },
    },
    handler: async (request, reply) => {
      const { days = DEFAULT_DAYS } = request.query;
      return reply.header('cache-control', 'no-store').send(await source.ledger({ days }));
    },
  });
};
