/** Jobs in the OpenAPI document. */
import { Type } from 'typebox';
import type { ErrorCode } from '../../errors.ts';
import { PrioritySchema } from './batch.ts';
import { Cursor, Limit } from './parameters.ts';

const JOB_STATES = ['waiting', 'active', 'delayed', 'blocked', 'parsed', 'not-found', 'failed', 'cancelled'] as const;

/** Codes a failed job can carry. */
const FAILURES = ['crawl-failed', 'page-not-recognised', 'disallowed', 'poison', 'internal-error'] as const satisfies ErrorCode[];
const Reason = Type.Optional(
  Type.Enum([...FAILURES], { type: 'string', description: 'Only jobs that failed with this code, such as `crawl-failed`.' }),
);

export const JobSchema = Type.Object(
  {
    jobId: Type.String(),
    state: Type.Enum([...JOB_STATES], { type: 'string', description: '`blocked`: it waits, and Goodreads is turning us away.' }),
    priority: PrioritySchema,
    bookId: Type.Union([Type.String(), Type.Null()]),
    url: Type.String(),
    attempts: Type.Integer({ description: 'Attempts used so far.' }),
    maxAttempts: Type.Integer(),
    createdAt: Type.String({ format: 'date-time' }),
    settledAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    waiters: Type.Integer({ description: 'Items of batches that wait or waited for it.' }),
    lastError: Type.Union([Type.Object({ code: Type.String(), detail: Type.String() }), Type.Null()], {
      description: 'How the job failed; while it is live, why its last attempt failed. `null` when none did.',
    }),
    timeline: Type.Array(Type.Object({ at: Type.String({ format: 'date-time' }), event: Type.String(), detail: Type.String() }), {
      description: 'What happened, oldest first. While the source is blocked, the last entry tells since when and what happens next.',
    }),
    etaSeconds: Type.Union([Type.Number(), Type.Null()]),
  },
  { title: 'Job' },
);

export const JobPageSchema = Type.Object(
  { jobs: Type.Array(JobSchema), cursor: Type.Union([Type.String(), Type.Null()]) },
  { title: 'JobPage' },
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

export const JobStatusSchema = Type.Object({ jobId: Type.String(), status: Type.String() }, { title: 'JobStatus' });

export const RedriveSchema = Type.Object(
  { reason: Reason, limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1000 })) },
  { additionalProperties: false, title: 'Redrive', examples: [{ reason: 'crawl-failed', limit: 100 }] },
);

/** What a caller is told while there is no copy yet. */
export const PendingSchema = Type.Object(
  {
    status: Type.Enum([...JOB_STATES], { type: 'string' }),
    jobId: Type.String(),
    bookId: Type.Union([Type.String(), Type.Null()]),
    url: Type.String(),
    etaSeconds: Type.Union([Type.Number(), Type.Null()]),
  },
  {
    title: 'Pending',
    examples: [
      { status: 'waiting', jobId: 'book-2767052', bookId: '2767052', url: 'https://www.goodreads.com/book/show/2767052', etaSeconds: 3 },
    ],
  },
);
