/** Batches in SQL. */
import { PRIORITIES, type BatchId } from '../../domain/batch.ts';
import type { BookId, JobId } from '../../domain/identity.ts';
import { QuireError } from '../../errors.ts';
import { storableText } from '../../domain/storable-text.ts';
import type { BatchStore, SubmitOutcome } from '../store.ts';
import { notYet } from '../not-yet.ts';
import { createBatchReading } from './batch-reading.ts';
import { statement, type SqlClient } from './sql-client.ts';

const SUBMIT = statement('batches.submit', 'SELECT n, status, raise, book, at FROM @.submit($1, $2, $3, $4, $5, $6, $7, $8, $9)');
const CANCEL = statement('batches.cancel', 'SELECT known, gone, jobs, runs FROM @.cancel_batch($1, $2)');
const IDLE = statement(
  'batches.idle',
  'SELECT batch_id FROM @.batch WHERE finished_at_ms IS NULL AND progressed_at_ms < $1 ORDER BY progressed_at_ms LIMIT $2',
);
const AHEAD = statement(
  'batches.ahead',
  'SELECT batch_id FROM @.batch WHERE finished_at_ms IS NULL AND progressed_at_ms > $1 ORDER BY progressed_at_ms LIMIT $2',
);
const UNANNOUNCED = statement(
  'batches.unannounced',
  'SELECT batch_id FROM @.batch WHERE finished_at_ms IS NOT NULL AND NOT announced ORDER BY finished_at_ms LIMIT $1',
);
const ACKNOWLEDGE = statement(
  'batches.acknowledge',
  'UPDATE @.batch SET announced = true WHERE batch_id = $1 AND finished_at_ms IS NOT NULL',
);
const REJOIN = statement(
  'batches.requeue',
  `INSERT INTO @.job AS o (job_id, run, priority, solo, created_at_ms)
   SELECT i.job_id, $3, $4, false, $5 FROM @.item i JOIN @.batch b ON b.batch_id = i.batch_id
   WHERE i.batch_id = $1 AND i.index = ANY ($2::integer[]) AND i.state = 'q' AND b.finished_at_ms IS NULL
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
     DELETE FROM @.batch WHERE batch_id = (SELECT batch_id FROM @.batch WHERE finished_at_ms IS NOT NULL AND finished_at_ms < $1 ORDER BY finished_at_ms LIMIT 1) RETURNING batch_id
   ), items AS (DELETE FROM @.item WHERE batch_id IN (SELECT batch_id FROM gone))
   SELECT batch_id FROM gone`,
);
const MOST_SWEPT = 500;

interface SubmitRow {
  n: number;
  status: string;
  raise: string | null;
  book: number | null;
  at: number | null;
}

function outcomeOf({ status, raise, book, at }: SubmitRow): SubmitOutcome {
  switch (status) {
    case 'q':
      return { status: 'queued' };
    case 'j':
      return { status: 'joined', raisedRun: raise };
    case 'c':
      return { status: 'cached', bookId: String(book) as BookId, fetchedAtMs: at ?? 0 };
    case 'n':
      return { status: 'not-found' };
    default:
      return { status: 'invalid' };
  }
}

/** Throws `QuireError('cancelled')`, and records nothing, when the batch was cancelled in the meantime. */
function createSubmit(sql: SqlClient): BatchStore['submit'] {
  return async ({ batch, nowMs, run, priority, maxAgeMs, items }) => {
    const lines = items.map((item, n) => ({
      n,
      i: item.index,
      t: storableText(item.input),
      j: item.jobId,
      b: item.bookId,
      d: item.duplicates,
      r: item.reason === null ? null : storableText(item.reason),
    }));
    const rows = await sql
      .query<SubmitRow>(SUBMIT, [
        batch?.batchId ?? null,
        batch ? JSON.stringify(batch.options) : null,
        batch?.total ?? null,
        batch?.last ?? null,
        nowMs,
        run,
        PRIORITIES.indexOf(priority),
        maxAgeMs === null ? null : Math.round(maxAgeMs),
        JSON.stringify(lines),
      ])
      .catch((error: unknown) => {
        if ((error as { code?: string }).code === 'QU001')
          throw new QuireError('cancelled', 'The batch was cancelled while it was being submitted.');
        throw error;
      });
    const outcomes: SubmitOutcome[] = [];
    for (const row of rows) outcomes[row.n] = outcomeOf(row);
    return outcomes;
  };
}

/** `purge` drops other records past their time; the sweep calls it. */
export function createBatchStore(sql: SqlClient, purge: () => Promise<void>): BatchStore {
  return {
    submit: createSubmit(sql),
    ...createBatchReading(sql),

    ...notYet,

    async cancel(batchId, nowMs) {
      const [row] = await sql.query<{ known: boolean; gone: number; jobs: JobId[]; runs: string[] }>(CANCEL, [batchId, nowMs]);
      if (!row?.known) return null;
      return { cancelled: row.gone, withoutWaiters: row.jobs.map((jobId, at) => ({ jobId, run: row.runs[at] ?? '' })) };
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
