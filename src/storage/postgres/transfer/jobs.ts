/** Moving job records in SQL. */
import { ITEM_STATES, PRIORITIES, stateOfCode } from '../../../domain/batch.ts';
import type { BookId } from '../../../domain/identity.ts';
import type { JobOutcome } from '../../../domain/job.ts';
import type { KindTransfer, MovedJob } from '../../transfer.ts';
import type { SqlClient } from '../sql-client.ts';
import { byName } from './by-name.ts';
import * as text from './statements.ts';

const codeOf = (state: string): string => (state === 'live' ? 'l' : ITEM_STATES[state as JobOutcome]);

export const createJobTransfer = (sql: SqlClient): KindTransfer<MovedJob> =>
  byName(sql, {
    kind: 'jobs',
    alive: () => [],
    read: async (names) =>
      (await sql.query<text.MovedJobRow>(text.READ_JOBS, [names])).map((row) => [
        row.job_id,
        {
          jobId: row.job_id,
          run: row.run,
          state: row.state === 'l' ? 'live' : (stateOfCode(row.state) as JobOutcome),
          priority: PRIORITIES[row.priority] ?? 'normal',
          createdAtMs: row.created_at_ms,
          settledAtMs: row.settled_at_ms,
          attempts: row.attempts,
          waiters: row.state === 'l' ? row.waiting.length : row.waiters,
          error: row.error_code === null ? null : { code: row.error_code, detail: row.error_detail ?? '' },
          bookId: row.book_id === null ? null : (String(row.book_id) as BookId),
          timeline: row.timeline,
          solo: row.state === 'l' && row.solo,
          waiting: row.waiting.toSorted(),
        },
      ]),
    // Who waits for a live job is known by the items.
    line: ({ jobId, run, state, priority, createdAtMs, settledAtMs, attempts, waiters, error, bookId, timeline, solo }) => ({
      job_id: jobId,
      run,
      state: codeOf(state),
      priority: PRIORITIES.indexOf(priority),
      solo,
      created_at_ms: createdAtMs,
      settled_at_ms: settledAtMs,
      attempts,
      waiters: state === 'live' ? 0 : waiters,
      error_code: error?.code ?? null,
      error_detail: error?.detail ?? null,
      book_id: bookId,
      timeline,
    }),
  });
