/** The source and its ledger in the OpenAPI document. */
import { Type } from 'typebox';
import { SOURCE_STATES } from '../../crawl/source/source-state.ts';
import { numberOrNull, orNull, text, textOrNull, timeOrNull, whole } from './fields.ts';

export const SourceStateSchema = Type.Enum([...SOURCE_STATES], {
  type: 'string',
  title: 'SourceState',
  description:
    '`open`: requests go at the full rate. `slowed`: they go at a lower rate. `blocked`: Goodreads turns us away. `unreachable`: the network here, or its proxy, has no way to Goodreads. While `blocked` or `unreachable`, jobs wait and only single probes go. `paused`: no request goes, because the settings lack something; `reason` says what.',
});

const RobotsSchema = Type.Object({
  fetchedAt: timeOrNull('When the rules in use were fetched.'),
  present: Type.Boolean({ description: 'Whether Goodreads has a robots.txt.' }),
  allowsBooks: Type.Boolean({ description: 'Whether the rules allow pages of books.' }),
  rule: textOrNull('The rule that forbids pages of books.'),
  crawlDelaySeconds: numberOrNull('The delay between two requests that the rules ask for.'),
});

const QuietHoursSchema = Type.Object({
  hours: text('The hours of `QUIET_HOURS`.'),
  until: timeOrNull('When they end, if they are now.'),
});

export const SourceSchema = Type.Object(
  {
    state: SourceStateSchema,
    since: timeOrNull('When this state began.'),
    reason: textOrNull('Why the source is not open.'),
    nextProbeAt: timeOrNull('When the next probe of a blocked or unreachable source goes.'),
    retryAfterUntil: timeOrNull('Until when Goodreads asked to be left alone.'),
    rate: numberOrNull('Pages per second now; `null` is unlimited.'),
    fullRate: numberOrNull('Pages per second while the source is open; `null` is unlimited.'),
    requestsToday: Type.Integer({ description: 'Since midnight UTC, over all processes. A request that never left does not count.' }),
    robots: orNull(RobotsSchema, "What Goodreads' robots.txt says; `null` before it is read for the first time."),
    quietHours: orNull(QuietHoursSchema, 'The hours in which nothing is requested; `null` when there are none.'),
  },
  { title: 'Source' },
);

const Period = Type.Object(
  {
    at: text('Start of the hour, or the day.'),
    requests: whole('Requests to Goodreads.'),
    bytes: Type.Integer({ description: 'As received, compressed.' }),
    outcomes: Type.Record(Type.String(), Type.Integer(), { description: 'How many requests ended in which way.' }),
  },
  { title: 'LedgerPeriod' },
);

export const LedgerSchema = Type.Object(
  {
    hours: Type.Array(Period, { description: 'By hour, oldest first.' }),
    days: Type.Array(Period, { description: 'By day (UTC), oldest first.' }),
  },
  { title: 'Ledger' },
);
