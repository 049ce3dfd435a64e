/** `/stats`: the backlog, for autoscalers and people. */
import type { FastifyInstance } from 'fastify';
import type { HttpDependencies } from '../dependencies.ts';
import { json } from '../schemas/answer.ts';
import { StatsSchema } from '../schemas/operations.ts';
import { UNKNOWN_PARAMETER } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';

type Deps = Pick<HttpDependencies, 'jobs' | 'store' | 'source' | 'endedToday'>;

function stats(app: FastifyInstance, { jobs, store, source, endedToday }: Deps): void {
  app.get('/stats', {
    schema: {
      operationId: 'stats',
      tags: ['Operations'],
      summary: 'Show the backlog',
      description: 'For autoscalers and people: live jobs by state, age of the oldest waiting one, jobs that ended today, books stored.',
      response: { 200: json('The backlog.', StatsSchema), ...problems(UNKNOWN_PARAMETER) },
    },
    handler: async (_request, reply) => {
      const [backlog, ended, books] = await Promise.all([jobs.backlog(), endedToday(), store.books.count()]);
      return reply.header('cache-control', 'no-store').send({ backlog, endedToday: ended, books, source: source.current().mode });
    },
  });
}

export async function operationsRoutes(app: FastifyInstance, { deps }: { deps: Deps }): Promise<void> {
  stats(app, deps);
}
