/** `/source`: how Goodreads treats us, and how we treat it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { QuireError } from '../../errors.ts';
import type { SourceReader } from '../dependencies.ts';
import { problems } from '../schemas/problem.ts';
import { LedgerSchema, SourceSchema } from '../schemas/source.ts';

const DEFAULT_DAYS = 7;
/** How long the ledger goes back. */
const MAX_DAYS = 90;

const absent = (): never => {
  throw new QuireError('not-found', 'This process does not know the source.');
};

export const sourceRoutes: FastifyPluginAsyncTypebox<{ source: SourceReader | null }> = async (app, { source }) => {
  app.get('/source', {
    schema: {
      operationId: 'getSource',
      tags: ['Source'],
      summary: 'How Goodreads treats us just now',
      description:
        '`open`, `slowed` after it asked for less, or `blocked`: then single probes are sent with growing delays, no job loses an attempt, and stored copies are served.',
      response: {
        200: { description: 'The source.', content: { 'application/json': { schema: SourceSchema } } },
        ...problems('not-found'),
      },
    },
    handler: async (_request, reply) => reply.header('cache-control', 'no-store').send(await (source ?? absent()).view()),
  });

  app.get('/source/ledger', {
    schema: {
      operationId: 'getLedger',
      tags: ['Source'],
      summary: 'What was asked of Goodreads, by hour and day',
      description: 'Requests, bytes and outcomes; kept for 90 days. Hours without a request are left out.',
      querystring: Type.Object({
        days: Type.Optional(
          Type.Integer({ minimum: 1, maximum: MAX_DAYS, default: DEFAULT_DAYS, description: 'How many days (UTC), today included.' }),
        ),
      }),
      response: {
        200: { description: 'The ledger.', content: { 'application/json': { schema: LedgerSchema } } },
        ...problems('invalid-request', 'not-found'),
      },
    },
    handler: async (request, reply) => {
      const { days = DEFAULT_DAYS } = request.query;
      return reply.header('cache-control', 'no-store').send(await (source ?? absent()).ledger({ days }));
    },
  });
};
