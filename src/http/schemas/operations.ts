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
        waiting: whole('Jobs that wait.'),
        active: whole('Jobs that a worker has.'),
        delayed: whole('Jobs that wait for the next attempt.'),
        failed: whole('Failed jobs that the queue keeps.'),
        completed: whole('Completed jobs that the queue keeps.'),
        oldestSeconds: numberOrNull('Age of the oldest waiting job, up to a second behind.'),
      },
      { description: 'Jobs by state.' },
    ),
    books: whole('Books stored; more than 10,000 may be an estimate.'),
    source: SourceStateSchema,
  },
  { title: 'Stats' },
);
