/** The state of the service in the OpenAPI document. */
import { Type } from 'typebox';
import { numberOrNull, text, whole } from './fields.ts';
import { SourceStateSchema } from './source.ts';

export const LiveSchema = Type.Object({
  status: Type.Literal('ok', { description: 'Always `ok`.' }),
  version: text("Quire's version."),
});

export const ReadySchema = Type.Object({
  ready: Type.Literal(true, { description: 'Always `true`.' }),
  checks: Type.Record(Type.String(), Type.String(), { description: 'Each check, and what it said.' }),
});

export const StatsSchema = Type.Object(
  {
    backlog: Type.Object(
      {
        waiting: whole('Jobs that wait for a worker.'),
        blocked: whole('Jobs that wait while no job goes on, because the source is blocked, unreachable or paused. Then `waiting` is 0.'),
        active: whole('Jobs that a worker has.'),
        delayed: whole('Jobs that wait for their next attempt.'),
        byPriority: Type.Object(
          { interactive: whole('Of priority `interactive`.'), normal: whole('Of priority `normal`.'), bulk: whole('Of priority `bulk`.') },
          { description: 'The waiting and blocked jobs by priority.' },
        ),
        oldestSeconds: numberOrNull('Age of the oldest waiting job, up to a second behind.'),
      },
      { description: 'Live jobs by state.' },
    ),
    endedToday: Type.Object(
      {
        parsed: whole('Jobs that gave a book.'),
        'not-found': whole('Jobs whose book Goodreads does not have.'),
        failed: whole('Jobs that failed for good.'),
        cancelled: whole('Jobs that were cancelled.'),
      },
      { description: 'Jobs that ended since midnight UTC, over all processes. Those of other processes show a second later.' },
    ),
    books: whole('Books stored; more than 10,000 may be an estimate.'),
    source: SourceStateSchema,
  },
  { title: 'Stats' },
);
