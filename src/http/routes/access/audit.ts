/** `/audit`: what admins did. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { HttpDependencies } from '../../dependencies.ts';
import { linkNext } from '../../answers/paging.ts';
import { sendUncached } from '../../answers/uncached.ts';
import { json } from '../../schemas/answer.ts';
import { Cursor, DEFAULT_PAGE_LIMIT, Limit, NEXT_LINK } from '../../schemas/parameters.ts';
import { INVALID_PAGE } from '../../schemas/problem-examples.ts';
import { problems } from '../../schemas/problem.ts';

const Entry = Type.Object(
  {
    at: Type.String({ format: 'date-time', description: 'When it was done.' }),
    name: Type.Union([Type.String(), Type.Null()], { description: 'The name of the key; `null` while there are no keys.' }),
    keyId: Type.Union([Type.String(), Type.Null()], { description: 'The id of the key.' }),
    from: Type.String({ description: 'The address of the caller, or `command line`.', examples: ['192.0.2.7'] }),
    action: Type.String({ description: 'The `operationId`, such as `deleteBook`; `dashboard` for its buttons.', examples: ['deleteBook'] }),
    target: Type.String({ description: 'What it was done to.', examples: ['DELETE /books/2767052'] }),
    status: Type.Union([Type.Integer(), Type.Null()], { description: 'The status of the answer; `null` for the command line.' }),
  },
  { title: 'AuditEntry', description: 'One thing that an admin did.' },
);

const schema = {
  operationId: 'audit',
  tags: ['Operations'],
  summary: 'List what admins did',
  description: 'Each change that needs the scope `admin`, the latest first. Entries are kept for 90 days, and about 10,000 of them.',
  querystring: Type.Object({ cursor: Cursor, limit: Limit }),
  response: {
    200: {
      ...json(
        'A page of entries.',
        Type.Object(
          {
            entries: Type.Array(Entry, { description: 'The latest first.' }),
            cursor: Type.Union([Type.String(), Type.Null()], { description: 'Where the next page begins; `null` at the end.' }),
          },
          { title: 'AuditPage', description: 'What admins did.' },
        ),
      ),
      headers: NEXT_LINK,
    },
    ...problems(INVALID_PAGE),
  },
};

export async function auditRoutes(app: FastifyInstance, { deps }: { deps: Pick<HttpDependencies, 'audit'> }): Promise<void> {
  app.get<{ Querystring: { cursor?: string; limit?: number } }>('/audit', {
    schema,
    handler: async (request, reply) => {
      const { cursor = null, limit = DEFAULT_PAGE_LIMIT } = request.query;
      const page = await deps.audit.list({ cursor, limit });
      linkNext(request, reply, page.cursor);
      return sendUncached(reply, 200, page);
    },
  });
}
