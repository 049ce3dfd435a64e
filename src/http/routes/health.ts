/** `/livez`, `/readyz` and `/metrics`: for the machines that run Quire. Every process that has a port serves them. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { withDeadline } from '../../domain/deadline.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import { CONTENT_TYPES } from '../../metrics/registry.ts';
import type { HttpDependencies, Readiness } from '../dependencies.ts';
import { sendProblem } from '../answers/problem.ts';
import { formatFor } from '../plugins/metrics.ts';
import { json } from '../schemas/answer.ts';
import { LiveSchema, ReadySchema } from '../schemas/operations.ts';
import { problems } from '../schemas/problem.ts';

export interface HealthDeps extends Pick<HttpDependencies, 'readiness' | 'version'> {
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

function livez(app: FastifyInstance, { version }: HealthDeps): void {
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

function readyz(app: FastifyInstance, { readiness }: HealthDeps): void {
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

function metricsText(app: FastifyInstance, { metrics }: HealthDeps): void {
  app.get('/metrics', {
    config: { anyParameter: true },
    schema: {
      operationId: 'metrics',
      tags: ['Operations'],
      summary: 'Get metrics for Prometheus',
      description:
        'The text format, or OpenMetrics where `Accept` prefers it. While the store is away, metrics that need it are left out, and `quire_store_up` is 0.',
      response: {
        200: {
          description: 'The metrics.',
          content: { 'text/plain': { schema: Type.String() }, 'application/openmetrics-text': { schema: Type.String() } },
        },
        ...problems(),
      },
    },
    handler: async (request, reply) => {
      const format = formatFor(request.headers.accept);
      reply.header('content-type', CONTENT_TYPES[format]).header('vary', 'accept').header('cache-control', 'no-store');
      return reply.send(await metrics.expose(format));
    },
  });
}

export async function healthRoutes(app: FastifyInstance, { deps }: { deps: HealthDeps }): Promise<void> {
  livez(app, deps);
  readyz(app, deps);
  metricsText(app, deps);
}
