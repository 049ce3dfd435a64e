/** Batches in SQL. */
import { codeOfState, PRIORITIES, type BatchId } from '../../domain/batch.ts';
import type { JobId } from '../../domain/identity.ts';
import { MOST_WAITERS_A_STEP } from '../settle-step.ts';
import type { BatchStore } from '../store.ts';
import { createBatchReading } from './batch-reading.ts';
import { statement, type SqlClient } from './sql-client.ts';
import { createSubmitting } from './submitting.ts';

const CANCEL = statement('batches.cancel', 'SELECT known, gone, jobs, runs, more FROM @.end_batch($1, $2, $3, $4)');
const CLOSE = statement('batches.close', 'SELECT @.close_batch($1, $2) AS closed');
const REPORT = statement('batches.report', 'SELECT @.report_found($1, $2, $3) AS stopped');
const OPEN_FOR = statement(
  'batches.openFor',
  'SELECT batch_id FROM @.batch_record WHERE finished_at_ms IS NULL AND open AND added_at_ms < $1 ORDER BY added_at_ms LIMIT $2',
);
const IDLE = statement(
  'batches.idle',
  'SELECT batch_id FROM @.batch_record WHERE finished_at_ms IS NULL AND progressed_at_ms < $1 ORDER BY progressed_at_ms LIMIT $2',
);
const AHEAD = statement(
  'batches.ahead',
  'SELECT batch_id FROM @.batch_record WHERE finished_at_ms IS NULL AND progressed_at_ms > $1 ORDER BY progressed_at_ms LIMIT $2',
);
const UNANNOUNCED = statement(
  'batches.unannounced',
  'SELECT batch_id FROM @.batch_record WHERE finished_at_ms IS NOT NULL AND NOT announced ORDER BY finished_at_ms LIMIT $1',
);
const ACKNOWLEDGE = statement(
  'batches.acknowledge',
  'UPDATE @.batch_record SET announced = true WHERE batch_id = $1 AND finished_at_ms IS NOT NULL',
);
const REJOIN = statement(
  'batches.requeue',
  `INSERT INTO @.job AS o (job_id, run, priority, solo, created_at_ms)
   SELECT i.job_id, $3, $4, false, $5 FROM @.item i JOIN @.batch_record b ON b.batch_id = i.batch_id
   WHERE i.batch_id = $1 AND i.index = ANY ($2::integer[]) AND i.state = 'q' AND i.job_id IS NOT NULL AND b.finished_at_ms IS NULL AND b.cancelled_at_ms IS NULL
     AND NOT EXISTS (SELECT 1 FROM @.job j WHERE j.job_id = i.job_id AND j.state = 'l') ORDER BY i.job_id
   ON CONFLICT (job_id) DO UPDATE SET state = 'l', run = excluded.run, priority = excluded.priority, solo = false, raised = false,
     created_at_ms = excluded.created_at_ms, timeline = '[]', attempts = 0, waiters = 0, settled_at_ms = NULL, settled_no = NULL, error_code = NULL,
     error_detail = NULL, book_id = NULL
   WHERE o.state <> 'l' RETURNING job_id`,
);
/** One batch a statement: its items may be many. */
const SWEEP = statement(
  'batches.sweep',
  `WITH gone AS (
     DELETE FROM @.batch_record WHERE batch_id = (SELECT batch_id FROM @.batch_record WHERE finished_at_ms IS NOT NULL AND finished_at_ms < $1 ORDER BY finished_at_ms LIMIT 1) RETURNING batch_id
   ), items AS (DELETE FROM @.item WHERE batch_id IN (SELECT batch_id FROM gone))
   SELECT batch_id FROM gone`,
);
const MOST_SWEPT = 500;

/** What a step of {@link CANCEL} did. */
interface EndedStep {
  known: boolean;
  gone: number;
  jobs: JobId[];
  runs: string[];
  more: boolean;
}

/** `purge` drops other records past their time; the sweep calls it. */
export function createBatchStore(sql: SqlClient, purge: () => Promise<void>): BatchStore {
  return {
    ...createSubmitting(sql),
    ...createBatchReading(sql),

    async close(batchId, nowMs) {
      return (await sql.query<{ closed: boolean | null }>(CLOSE, [batchId, nowMs]))[0]?.closed ?? null;
    },
    async listOpenFor(beforeMs, limit) {
      return (await sql.query<{ batch_id: BatchId }>(OPEN_FOR, [beforeMs, limit])).map((row) => row.batch_id);
    },
    async report(batchId, bookIds, nowMs) {
      return { stopped: (await sql.query<{ stopped: boolean }>(REPORT, [batchId, bookIds, nowMs]))[0]?.stopped ?? false };
    },

    async cancel(batchId, nowMs, as = 'cancelled') {
      const params = [batchId, nowMs, codeOfState(as), MOST_WAITERS_A_STEP];
      const ended: Awaited<ReturnType<BatchStore['cancel']>> = { cancelled: 0, withoutWaiters: [] };
      for (let more = true; more;) {
        const [row] = await sql.query<EndedStep>(CANCEL, params);
        if (!row?.known) return null;
        ended.cancelled += row.gone;
        ended.withoutWaiters.push(...row.jobs.map((jobId, at) => ({ jobId, run: row.runs[at] ?? '' })));
        more = row.more;
      }
      return ended;
    },

    async requeue(batchId, { items, nowMs, run, priority }) {
      const indexes = items.map(({ index }) => index);
      const rows = await sql.query<{ job_id: JobId }>(REJOIN, [batchId, indexes, run, PRIORITIES.indexOf(priority), nowMs]);
      return rows.map((row) => row.job_id);
    },

    async listIdle(beforeMs, limit) {
      return (await sql.query<{ batch_id: BatchId }>(IDLE, [beforeMs, limit])).map((row) => row.batch_id);
    },
    async listAhead(afterMs, limit) {
      return (await sql.query<{ batch_id: BatchId }>(AHEAD, [afterMs, limit])).map((row) => row.batch_id);
    },
    async listUnannounced(limit) {
      return (await sql.query<{ batch_id: BatchId }>(UNANNOUNCED, [limit])).map((row) => row.batch_id);
    },
    async acknowledge(batchId) {
      await sql.query(ACKNOWLEDGE, [batchId]);
    },
    async sweep(beforeMs) {
      await purge();
      let swept = 0;
      while (swept < MOST_SWEPT && (await sql.query(SWEEP, [beforeMs])).length > 0) swept += 1;
      return swept;
    },
  };
}
