/** `/livez`, `/readyz`, `/metrics`, `/stats`: for the machines that run Quire. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { withDeadline } from '../../domain/deadline.ts';
import type { HttpDependencies, Readiness } from '../dependencies.ts';
import type { Metrics } from '../plugins/metrics.ts';
import { sendProblem } from '../answers/problem.ts';
import { json } from '../schemas/answer.ts';
import { LiveSchema, ReadySchema, StatsSchema } from '../schemas/operations.ts';
import { UNKNOWN_PARAMETER } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';

interface Deps extends Pick<HttpDependencies, 'readiness' | 'jobs' | 'store' | 'source' | 'version'> {
  metrics: Metrics;
}

/** A check that hangs is a check that failed; probes give up after a second or two themselves. */
const READINESS_DEADLINE_MS = 2000;

/** What a readiness check says, in time. */
async function inTime(check: Promise<Readiness>): Promise<Readiness> {
  const tooLate = (): Error => new Error(`no answer within ${READINESS_DEADLINE_MS} ms`);
  return withDeadline(check, READINESS_DEADLINE_MS, tooLate).catch((error: Error) => ({
    ready: false,
    checks: { readiness: error.message },
  }));
}

function livez(app: FastifyInstance, { version }: Deps): void {
  app.get('/livez', {
    config: { open: true, anyHost: true, anyParameter: true },
    schema: {
      operationId: 'livez',
      tags: ['Operations'],
      summary: 'Ask whether the process runs',
      description: 'Asks nothing but the process itself: a restart would not bring a store back. Needs no key, and no Host.',
      response: { 200: json('The process runs.', LiveSchema), ...problems() },
    },
    handler: (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok', version }),
  });
}

function readyz(app: FastifyInstance, { readiness }: Deps): void {
  app.get('/readyz', {
    config: { open: true, anyHost: true, anyParameter: true },
    schema: {
      operationId: 'readyz',
      tags: ['Operations'],
      summary: 'Ask whether the process takes requests',
      description:
        '503 while the store is away or takes no writes, or the process drains, with each check in `checks`. A write is tried at most once in 3 s. A blocked source does not make it unready. Needs no key, and no Host.',
      response: {
        200: json('The process takes requests.', ReadySchema),
        ...problems('not-ready'),
      },
    },
    handler: async (request, reply) => {
      const { ready, checks } = await inTime(readiness());
      reply.header('cache-control', 'no-store');
      if (ready) return reply.send({ ready, checks });
      const said = Object.entries(checks).map(([name, outcome]) => `${name}: ${outcome}`);
      const detail = `Not ready (${said.join('; ')}).`;
      const more = { detail, extensions: { checks } };
      const isAway = 'store' in checks && checks['store'] !== 'ok';
      return sendProblem(request, reply, isAway ? 'store-unavailable' : 'not-ready', more);
    },
  });
}

function metricsText(app: FastifyInstance, { metrics }: Deps): void {
  app.get('/metrics', {
    config: { anyParameter: true },
    schema: {
      operationId: 'metrics',
      tags: ['Operations'],
      summary: 'Get metrics for Prometheus',
      description: 'While the store is away, metrics that need it are left out, and `quire_store_up` is 0.',
      response: { 200: { description: 'The text format.', content: { 'text/plain': { schema: Type.String() } } }, ...problems() },
    },
    handler: async (_request, reply) => reply.header('content-type', metrics.contentType).send(await metrics.text()),
  });
}

function stats(app: FastifyInstance, { jobs, store, source }: Deps): void {
  app.get('/stats', {
    schema: {
      operationId: 'stats',
      tags: ['Operations'],
      summary: 'Show the backlog',
      description: 'For autoscalers and people: jobs by state, age of the oldest waiting one, books stored.',
      response: { 200: json('The backlog.', StatsSchema), ...problems(UNKNOWN_PARAMETER) },
    },
    handler: async (_request, reply) => {
      const [backlog, books] = await Promise.all([jobs.backlog(), store.books.count()]);
      return reply.header('cache-control', 'no-store').send({ backlog, books, source: source.current().mode });
    },
  });
}

export async function operationsRoutes(app: FastifyInstance, { deps }: { deps: Deps }): Promise<void> {
  livez(app, deps);
  readyz(app, deps);
  metricsText(app, deps);
  stats(app, deps);
}
