/** `GET /batches/{id}/events`: the events of a batch, as Server-Sent Events. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { BatchRecord } from '../../../domain/batch.ts';
import { QuireError } from '../../../errors.ts';
import type { HttpDependencies } from '../../dependencies.ts';
import { createEventStreams } from '../../streams/event-streams.ts';
import { batchIdOf, unknownBatch } from '../../requests/identifiers.ts';
import { BatchParams } from '../../schemas/parameters.ts';
import type { ProblemExample } from '../../schemas/problem-examples.ts';
import { problems } from '../../schemas/problem.ts';

interface Deps extends Pick<HttpDependencies, 'store' | 'batches' | 'log'> {
  openStreams: { inc(): void; dec(): void };
}

const FOREIGN_EVENT_ID: ProblemExample<'invalid-request'> = {
  code: 'invalid-request',
  detail: 'Last-Event-ID is not an id of ours: send the id of the last event you have.',
  errors: [{ pointer: '/headers/last-event-id', detail: 'must be the id of an event of this batch' }],
};
const TOO_MANY_STREAMS: ProblemExample<'overloaded'> = {
  code: 'overloaded',
  detail: '1000 event streams are open. GET /batches/{batchId} tells how the batch stands.',
};

/** The id of the last event that the reader has, or `null` without one. A batch has no more events than items. */
function lastEventId(header: string | string[] | undefined, { total }: BatchRecord): number | null {
  if (header === undefined || header === '') return null;
  if (typeof header === 'string' && /^\d{1,12}$/.test(header) && Number(header) <= total) return Number(header);
  throw new QuireError('invalid-request', 'Last-Event-ID is not an id of ours: send the id of the last event you have.', {
    errors: [{ pointer: '/headers/last-event-id', detail: 'must be the id of an event of this batch' }],
  });
}

const schema = {
  operationId: 'streamBatchEvents',
  tags: ['Batches'],
  summary: "Stream a batch's events",
  description:
    'Server-Sent Events: an `item` event (the fields of an item, and `at`) for each item that settles after the submission, with ids that count up from 1, and `batch` events (the fields of the batch) at the start, ' +
    'about once a second, and at the end. `Last-Event-ID` goes on after that event without gap or double. Closes when the batch has ended; 204 when there is nothing more to come.',
  params: BatchParams,
  headers: Type.Object({
    'last-event-id': Type.Optional(Type.String({ description: 'The id of the last event received. Browsers send it by themselves.' })),
  }),
  response: {
    200: {
      description: 'The stream of events.',
      content: {
        'text/event-stream': {
          schema: Type.String(),
          examples: { item: { value: 'id: 1\nevent: item\ndata: {"index":0,"state":"parsed","jobId":"book-2767052"}\n\n' } },
        },
      },
    },
    204: Type.Null({ description: 'The batch has ended, and every event was received.' }),
    ...problems(FOREIGN_EVENT_ID, 'batch-unknown', TOO_MANY_STREAMS),
  },
};

export const batchEventsRoutes: FastifyPluginAsyncTypebox<{ deps: Deps }> = async (app, { deps }) => {
  const { store } = deps;
  const streams = createEventStreams({ deps, openStreams: deps.openStreams });
  // An open stream would hold `close` for ever.
  app.addHook('preClose', async () => streams.close());

  app.get('/batches/:batchId/events', {
    exposeHeadRoute: false,
    config: { unmeasured: true },
    schema,
    handler: async (request, reply) => {
      const batchId = batchIdOf(request.params);
      const record = (await store.batches.get(batchId)) ?? unknownBatch(batchId);
      const last = lastEventId(request.headers['last-event-id'], record);
      if (last !== null && record.endedAtMs !== null && (await store.batches.settledSince(batchId, last, 1)).length === 0)
        return reply.code(204).send(null);
      streams.checkRoom();
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        // Kept alive, the connection would outlive the stream and hold a closing server.
        connection: 'close',
        'x-request-id': request.id,
      });
      await streams.serve(raw, batchId, last ?? 0);
      return reply;
    },
  });
};
