/** Jobs in the OpenAPI document. */
import { Type } from 'typebox';
import type { ErrorCode } from '../../errors.ts';
import { PrioritySchema } from './batch.ts';
import {
  BookIdOrNullField,
  BookUrlField,
  JobIdField,
  NextCursorField,
  numberOrNull,
  orNull,
  text,
  time,
  timeOrNull,
  whole,
} from './fields.ts';
import { Cursor, Limit } from './parameters.ts';
import { LastErrorSchema } from './problem.ts';

const JOB_STATES = ['waiting', 'active', 'delayed', 'blocked', 'parsed', 'not-found', 'failed', 'cancelled'] as const;

const JobStateSchema = Type.Enum([...JOB_STATES], {
  type: 'string',
  title: 'JobState',
  description: 'State of a job. `blocked`: it waits, because Goodreads is turning us away or cannot be reached.',
});

/** Codes a failed job can carry. */
const FAILURES = ['crawl-failed', 'page-not-recognised', 'disallowed', 'poison', 'internal-error'] as const satisfies ErrorCode[];
const Reason = Type.Optional(
  Type.Enum([...FAILURES], { type: 'string', description: 'Only jobs that failed with this code, such as `crawl-failed`.' }),
);

const TimelineEntrySchema = Type.Object({
  at: time('When it happened.'),
  event: text('What happened, in a word.'),
  detail: text('What happened, in a sentence.'),
});

const etaSeconds = numberOrNull('Seconds until the job is likely settled; `null` when nothing can be said.');

export const JobSchema = Type.Object(
  {
    jobId: JobIdField,
    state: JobStateSchema,
    priority: PrioritySchema,
    bookId: BookIdOrNullField,
    url: BookUrlField,
    attempts: whole('Attempts used so far.'),
    maxAttempts: whole('Attempts that the job has.'),
    createdAt: time('When the job was queued.'),
    settledAt: timeOrNull('When the job was settled; `null` while it is live.'),
    waiters: whole('Items of batches that wait or waited for it.'),
    lastError: orNull(LastErrorSchema, 'How the job failed; while it is live, why its last attempt failed. `null` when none did.'),
    timeline: Type.Array(TimelineEntrySchema, {
      description:
        'What happened, oldest first. While the source is blocked or unreachable, the last entry tells since when and what happens next.',
    }),
    etaSeconds,
  },
  { title: 'Job' },
);

export const JobPageSchema = Type.Object(
  { jobs: Type.Array(JobSchema, { description: 'The jobs of this page.' }), cursor: NextCursorField },
  { title: 'JobPage' },
);

export const WaitingJobsSchema = Type.Object(
  {
    jobs: Type.Array(
      Type.Object({
        jobId: JobIdField,
        state: Type.Enum(['waiting', 'delayed'], { type: 'string', description: '`delayed`: it waits for its next attempt.' }),
        bookId: BookIdOrNullField,
        url: BookUrlField,
        priority: PrioritySchema,
        waiters: whole('Items of batches that wait for it.'),
        createdAt: time('When the job was queued.'),
      }),
      { description: 'The most wanted first.' },
    ),
  },
  { title: 'WaitingJobs' },
);

export const JobListQuerySchema = Type.Object({
  state: Type.Optional(
    Type.Enum(['failed'], {
      type: 'string',
      default: 'failed',
      description: 'Only failed jobs are listed: the others are found by their batch or book.',
    }),
  ),
  reason: Reason,
  cursor: Cursor,
  limit: Limit,
});

export const JobStatusSchema = Type.Object(
  { jobId: JobIdField, status: text('What the request did to the job, in a word, such as `queued`.') },
  { title: 'JobStatus' },
);

export const RedriveSchema = Type.Object(
  {
    reason: Reason,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1000, description: 'Most jobs to queue.' })),
  },
  { additionalProperties: false, title: 'Redrive', examples: [{ reason: 'crawl-failed', limit: 100 }] },
);

/** What a caller is told while there is no copy yet. */
export const PendingSchema = Type.Object(
  {
    status: JobStateSchema,
    jobId: JobIdField,
    bookId: BookIdOrNullField,
    url: BookUrlField,
    etaSeconds,
  },
  {
    title: 'Pending',
    examples: [
      { status: 'waiting', jobId: 'book-2767052', bookId: '2767052', url: 'https://www.goodreads.com/book/show/2767052', etaSeconds: 3 },
    ],
  },
);
