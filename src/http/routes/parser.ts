/** The health of the parser, and the page that a job failed on. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { QuireError } from '../../errors.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { jobOf } from '../requests/identifiers.ts';
import { JobParams } from '../schemas/parameters.ts';
import { ParserHealthSchema } from '../schemas/parser.ts';
import { UNKNOWN_PARAMETER, type ProblemExample } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';
import { httpDate } from '../../domain/time/http-time.ts';

const unzip = promisify(gunzip);
const NO_PAGE: ProblemExample<'not-found'> = {
  code: 'not-found',
  name: 'no-page',
  detail: 'No page is kept for book-2767052: only pages that were not recognised are, for a week.',
};
/** The crawler reads no page beyond this. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

export const parserRoutes: FastifyPluginAsyncTypebox<{ deps: Pick<HttpDependencies, 'store' | 'parserHealth'> }> = async (
  app,
  { deps },
) => {
  const { pages } = deps.store;
  app.get('/parser/health', {
    schema: {
      operationId: 'getParserHealth',
      tags: ['Source'],
      summary: "Show the parser's health",
      description:
        'Whether pages still carry what they used to: the last 6 hours against the 7 days before, field by field, and family by family for pages that list books. `drifting` when the share of pages with a field fell, its layer changed, or many pages are not recognised.',
      response: {
        200: { description: 'The comparison.', content: { 'application/json': { schema: ParserHealthSchema } } },
        ...problems(UNKNOWN_PARAMETER),
      },
    },
    handler: async (_request, reply) => reply.header('cache-control', 'no-store').send(await deps.parserHealth()),
  });

  app.get('/jobs/:jobId/page', {
    schema: {
      operationId: 'getJobPage',
      tags: ['Jobs'],
      summary: 'Get the page that a job failed on',
      description:
        'What the source sent when the page was not recognised, as plain text to save, never as a document that a browser would run. The latest 200 such pages are kept for a week.',
      params: JobParams,
      response: {
        200: { description: 'The page, byte for byte.', content: { 'text/plain': { schema: Type.String() } } },
        ...problems('job-unknown', NO_PAGE),
      },
    },
    handler: async (request, reply) => {
      const { jobId } = jobOf(request.params);
      const kept = await pages.get(jobId, Date.now());
      if (!kept) throw new QuireError('not-found', `No page is kept for ${jobId}: only pages that were not recognised are, for a week.`);
      return reply
        .headers({
          'content-type': 'text/plain; charset=utf-8',
          'content-disposition': `attachment; filename="${jobId}.txt"`,
          'content-security-policy': "sandbox; default-src 'none'",
          'cache-control': 'no-store',
          'last-modified': httpDate(kept.keptAtMs),
        })
        .send(await unzip(kept.bytes, { maxOutputLength: MAX_PAGE_BYTES }));
    },
  });
};
