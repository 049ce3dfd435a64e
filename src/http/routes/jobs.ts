/** `/jobs` and `/failures`: jobs, and what to do about failed ones. */
import { Type } from 'typebox';
import type { HttpDependencies, TypedApp } from '../dependencies.ts';
import { jobOf, unknownJob } from '../requests/identifiers.ts';
import { linkNext } from '../answers/paging.ts';
import { JobListQuerySchema, JobPageSchema, JobSchema, JobStatusSchema, RedriveSchema, WaitingJobsSchema } from '../schemas/job.ts';
import { json } from '../schemas/answer.ts';
import { whole } from '../schemas/fields.ts';
import { DEFAULT_PAGE_LIMIT, JobParams, Limit, LOCATION, NEXT_LINK } from '../schemas/parameters.ts';
import { INVALID_JSON, INVALID_PAGE } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';

type Deps = Pick<HttpDependencies, 'jobs'>;

const DEFAULT_REDRIVE = 1000;

function listJobs(app: TypedApp, { jobs }: Deps): void {
  app.get('/jobs', {
    schema: {
      operationId: 'listJobs',
      tags: ['Jobs'],
      summary: 'List failed jobs',
      description: 'The newest first; `reason` filters by the code of the error.',
      querystring: JobListQuerySchema,
      response: {
        200: { description: 'A page of jobs.', headers: NEXT_LINK, content: { 'application/json': { schema: JobPageSchema } } },
        ...problems(INVALID_PAGE),
      },
    },
    handler: async (request, reply) => {
      const { reason = null, cursor = null, limit = DEFAULT_PAGE_LIMIT } = request.query;
      const page = await jobs.listFailed({ reason, cursor, limit });
      linkNext(request, reply, page.cursor);
      return reply.header('cache-control', 'no-store').send(page);
    },
  });
}

function listWaitingJobs(app: TypedApp, { jobs }: Deps): void {
  app.get('/jobs/waiting', {
    schema: {
      operationId: 'listWaitingJobs',
      tags: ['Jobs'],
      summary: 'List waiting jobs',
      description:
        'Those first for which most items of batches wait, then the oldest: while the source is blocked, the pages that are worth saving by hand. Of very many waiting jobs only some hundred are looked at.',
      querystring: Type.Object({ limit: Limit }),
      response: { 200: json('The jobs.', WaitingJobsSchema), ...problems(INVALID_PAGE) },
    },
    handler: async (request, reply) =>
      reply.header('cache-control', 'no-store').send({ jobs: await jobs.listWaiting(request.query.limit ?? DEFAULT_PAGE_LIMIT) }),
  });
}

function getJob(app: TypedApp, { jobs }: Deps): void {
  app.get('/jobs/:jobId', {
    schema: {
      operationId: 'getJob',
      tags: ['Jobs'],
      summary: 'Show a job',
      description: 'The latest job of a book: its state, the attempts used, the last error, and a timeline in sentences.',
      params: JobParams,
      response: { 200: { description: 'The job.', content: { 'application/json': { schema: JobSchema } } }, ...problems('job-unknown') },
    },
    handler: async (request, reply) => {
      const { jobId } = jobOf(request.params);
      return reply.header('cache-control', 'no-store').send((await jobs.view(jobId)) ?? unknownJob(jobId));
    },
  });
}

function cancelJob(app: TypedApp, { jobs }: Deps): void {
  app.delete('/jobs/:jobId', {
    schema: {
      operationId: 'cancelJob',
      tags: ['Jobs'],
      summary: 'Cancel a job',
      description: 'For every batch that waits for it, in any process; a running fetch is aborted. A job that is settled stays as it is.',
      params: JobParams,
      response: {
        200: {
          description: '`cancelled`, or `ended` when there was nothing to cancel.',
          content: { 'application/json': { schema: JobStatusSchema } },
        },
        ...problems('job-unknown'),
      },
    },
    handler: async (request, reply) => {
      const { jobId } = jobOf(request.params);
      const became = (await jobs.cancel(jobId)) ?? unknownJob(jobId);
      return reply.send({ jobId, status: became === 'settled' ? 'ended' : became });
    },
  });
}

function retryJob(app: TypedApp, { jobs }: Deps): void {
  app.post('/jobs/:jobId/retry', {
    schema: {
      operationId: 'retryJob',
      tags: ['Jobs'],
      summary: 'Retry a job',
      description: 'Queues a job that failed, was cancelled or found no book, with all its attempts.',
      params: JobParams,
      response: {
        200: {
          description: '`live`: the job is not settled, so there is nothing to retry.',
          content: { 'application/json': { schema: JobStatusSchema } },
        },
        202: {
          description: 'The job is queued.',
          headers: LOCATION,
          content: { 'application/json': { schema: JobStatusSchema } },
        },
        ...problems(INVALID_JSON, 'job-unknown', 'body-too-large', 'unsupported-media-type', 'rate-limited'),
      },
    },
    handler: async (request, reply) => {
      const { jobId } = jobOf(request.params);
      const status = (await jobs.retry(jobId)) ?? unknownJob(jobId);
      return status === 'queued'
        ? reply.code(202).header('location', `/jobs/${jobId}`).send({ jobId, status })
        : reply.code(200).send({ jobId, status });
    },
  });
}

function redriveFailures(app: TypedApp, { jobs }: Deps): void {
  app.post('/failures/redrive', {
    schema: {
      operationId: 'redriveFailures',
      tags: ['Jobs'],
      summary: 'Retry failed jobs',
      description:
        'The newest first; `reason` filters by the code of the error, `limit` says how many at most. Fewer are queued when the queue is full. The body may be left out.',
      body: RedriveSchema,
      response: {
        202: json('The jobs are queued.', Type.Object({ queued: whole('Jobs that were queued.') })),
        ...problems(INVALID_JSON, 'body-too-large', 'unsupported-media-type', 'rate-limited'),
      },
    },
    preValidation: (request, _reply, done) => {
      (request as { body: unknown }).body ??= {};
      done();
    },
    handler: async (request, reply) => {
      const { reason = null, limit = DEFAULT_REDRIVE } = request.body;
      return reply.code(202).send({ queued: await jobs.redrive({ reason, limit }) });
    },
  });
}

export async function jobsRoutes(app: TypedApp, { deps }: { deps: Deps }): Promise<void> {
  listJobs(app, deps);
  listWaitingJobs(app, deps);
  getJob(app, deps);
  cancelJob(app, deps);
  retryJob(app, deps);
  redriveFailures(app, deps);
}
