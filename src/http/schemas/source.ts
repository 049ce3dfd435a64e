/** The source and its ledger in the OpenAPI document. */
import { Type } from 'typebox';

const time = Type.Union([Type.String({ format: 'date-time' }), Type.Null()]);
const rate = Type.Union([Type.Number(), Type.Null()], { description: 'Pages per second; `null` is unlimited.' });
const text = Type.Union([Type.String(), Type.Null()]);

export const SourceSchema = Type.Object(
  {
    state: Type.Enum(['open', 'slowed', 'blocked'], { type: 'string' }),
    since: time,
    reason: text,
    nextProbeAt: time,
    retryAfterUntil: time,
    rate,
    fullRate: rate,
    requestsToday: Type.Integer({ description: 'Since midnight UTC, over all processes.' }),
    robots: Type.Union([
      Type.Object({
        fetchedAt: time,
        present: Type.Boolean(),
        allowsBooks: Type.Boolean(),
        rule: text,
        crawlDelaySeconds: Type.Union([Type.Number(), Type.Null()]),
      }),
      Type.Null(),
    ]),
    quietHours: Type.Union([Type.Object({ hours: Type.String(), until: time }), Type.Null()]),
  },
  { title: 'Source' },
);

const Period = Type.Object({
  at: Type.String({ description: 'Start of the hour, or the day.' }),
  requests: Type.Integer(),
  bytes: Type.Integer({ description: 'As received, compressed.' }),
  outcomes: Type.Record(Type.String(), Type.Integer()),
});

export const LedgerSchema = Type.Object({ hours: Type.Array(Period), days: Type.Array(Period) }, { title: 'Ledger' });
