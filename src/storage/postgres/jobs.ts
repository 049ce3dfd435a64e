/** Job records in SQL. */
import { PRIORITIES, stateOfCode, type Priority } from '../../domain/batch.ts';
import type { BookId, JobId } from '../../domain/identity.ts';
import { foreignCursor, type ErrorCode } from '../../errors.ts';
import type { JobOutcome, JobRecord, TimelineEntry } from '../../domain/job.ts';
import { timelineEntry } from '../../domain/timeline.ts';
import type { JobStore, StoreSettings } from '../store.ts';
import { createSettle } from './settle.ts';
import { statement, type SqlClient } from './sql-client.ts';

const MOST_TIMELINE_ENTRIES = 50;

const COLUMNS =
  'job_id, run, state, priority, created_at_ms, settled_at_ms, settled_no, attempts, error_code, error_detail, book_id, timeline';
const GET = statement(
  'jobs.get',
  `SELECT ${COLUMNS}, CASE WHEN state = 'l' THEN (SELECT count(*)::integer FROM @.item i WHERE i.job_id = $1 AND i.state = 'q') ELSE waiters END AS waiters
   FROM @.job WHERE job_id = $1`,
);
const IS_LIVE = statement('jobs.isLive', `SELECT 1 FROM @.job WHERE job_id = $1 AND state = 'l'`);
const NOTE = statement(
  'jobs.note',
  `UPDATE @.job SET timeline = (CASE WHEN jsonb_array_length(timeline) >= ${MOST_TIMELINE_ENTRIES} THEN timeline - 0 ELSE timeline END) || $3::jsonb
   WHERE job_id = $1 AND run = $2 AND state = 'l'`,
);
const LIST_FAILED = statement(
  'jobs.listFailed',
  `SELECT ${COLUMNS}, waiters FROM @.job
   WHERE state = 'f' AND ($1::bigint IS NULL OR settled_no < $1) AND ($2::text IS NULL OR error_code = $2) ORDER BY settled_no DESC LIMIT $3`,
);
const LIST_SOLO = statement(
  'jobs.listSolo',
  `SELECT job_id, run, priority, created_at_ms FROM @.job j
   WHERE state = 'l' AND solo AND NOT EXISTS (SELECT 1 FROM @.item i WHERE i.job_id = j.job_id AND i.state = 'q') ORDER BY created_at_ms LIMIT $1`,
);

export interface JobRow {
  job_id: JobId;
  run: string;
  state: string;
  priority: number;
  created_at_ms: number;
  settled_at_ms: number | null;
  settled_no: number | null;
  attempts: number;
  waiters: number;
  error_code: ErrorCode | null;
  error_detail: string | null;
  book_id: number | null;
  timeline: TimelineEntry[];
}

const priorityOf = (rank: number): Priority => PRIORITIES[rank] ?? 'normal';

const recordOf = (row: JobRow): JobRecord => ({
  jobId: row.job_id,
  run: row.run,
  state: row.state === 'l' ? 'live' : (stateOfCode(row.state) as JobOutcome),
  priority: priorityOf(row.priority),
  createdAtMs: row.created_at_ms,
  settledAtMs: row.settled_at_ms,
  attempts: row.attempts,
  waiters: row.waiters,
  error: row.error_code === null ? null : { code: row.error_code, detail: row.error_detail ?? '' },
  bookId: row.book_id === null ? null : (String(row.book_id) as BookId),
  timeline: row.timeline,
});

export function createJobStore(sql: SqlClient, settings: StoreSettings): JobStore {
  const settle = createSettle(sql, settings);

  return {
    async get(jobId) {
      const [row] = await sql.query<JobRow>(GET, [jobId]);
      return row ? recordOf(row) : null;
    },
    async isLive(jobId) {
      return (await sql.query(IS_LIVE, [jobId])).length > 0;
    },
    async settle(settlement) {
      const { liveRun: _liveRun, ...settled } = await settle(settlement);
      return settled;
    },
    async note(jobId, run, entry) {
      await sql.query(NOTE, [jobId, run, JSON.stringify([timelineEntry(entry)])]);
    },
    async listFailed({ reason, cursor, limit }) {
      if (cursor !== null && !/^\d{1,15}$/.test(cursor)) throw foreignCursor();
      const rows = await sql.query<JobRow>(LIST_FAILED, [cursor, reason, limit]);
      const last = rows.at(-1);
      return { jobs: rows.map(recordOf), cursor: last && rows.length === limit ? String(last.settled_no) : null };
    },
    async cancel(jobId, nowMs) {
      const { liveRun } = await settle({
        jobId,
        run: null,
        nowMs,
        outcome: 'cancelled',
        attempts: 0,
        error: { code: 'cancelled', detail: 'The job was cancelled.' },
      });
      return liveRun;
    },
    async listSolo(limit) {
      const rows = await sql.query<JobRow>(LIST_SOLO, [limit]);
      return rows.map((row) => ({ jobId: row.job_id, run: row.run, priority: priorityOf(row.priority), createdAtMs: row.created_at_ms }));
    },
  };
}
