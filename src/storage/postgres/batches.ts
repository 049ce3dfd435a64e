/** Batches in SQL. */
import {
  ITEM_STATES,
  PRIORITIES,
  stateOfCode,
  type BatchId,
  type BatchItem,
  type BatchOptions,
  type BatchRecord,
  type SettledState,
} from '../../domain/batch.ts';
import type { BookId, JobId } from '../../domain/identity.ts';
import { QuireError } from '../../errors.ts';
import { storableText } from '../../domain/storable-text.ts';
import type { BatchStore, SubmitOutcome } from '../store.ts';
import { statement, type SqlClient } from './sql-client.ts';

const SUBMIT = statement('batches.submit', 'SELECT n, status, raise, book, at FROM @.submit($1, $2, $3, $4, $5, $6, $7, $8, $9)');
const GET = statement('batches.get', 'SELECT * FROM @.batch WHERE batch_id = $1');
/** Ids sort by creation. Before the newest stands what no id begins with. */
const BEFORE_ALL = '~';
const LIST = statement('batches.list', 'SELECT * FROM @.batch WHERE batch_id < $1 ORDER BY batch_id DESC LIMIT $2');
const LIST_OPEN = statement(
  'batches.listOpen',
  'SELECT * FROM @.batch WHERE finished_at_ms IS NULL AND batch_id < $1 ORDER BY batch_id DESC LIMIT $2',
);
const LIST_ENDED = statement(
  'batches.listEnded',
  'SELECT * FROM @.batch WHERE finished_at_ms IS NOT NULL AND batch_id < $1 ORDER BY batch_id DESC LIMIT $2',
);
const ITEMS = statement(
  'batches.items',
  'SELECT index, state, duplicates, book_id, job_id, input, reason FROM @.item WHERE batch_id = $1 AND index >= $2::bigint ORDER BY index LIMIT $3',
);
const ITEMS_IN_STATE = statement(
  'batches.itemsInState',
  'SELECT index, state, duplicates, book_id, job_id, input, reason FROM @.item WHERE batch_id = $1 AND index >= $2::bigint AND state = $4::"char" ORDER BY index LIMIT $3',
);
const INDEXES = statement(
  'batches.indexes',
  `SELECT job_id, index FROM @.item WHERE batch_id = $1 AND job_id = ANY ($2::text[]) AND state = 'q'`,
);
const LOG = statement(
  'batches.log',
  'SELECT seq, index, state, settled_at_ms FROM @.item WHERE batch_id = $1 AND seq > $2::bigint AND seq IS NOT NULL ORDER BY seq LIMIT $3',
);
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
  'batches.rejoin',
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

interface BatchRow {
  batch_id: BatchId;
  total: number;
  settled: number;
  parsed: number;
  not_found: number;
  failed: number;
  cancelled: number;
  cached: number;
  invalid: number;
  created_at_ms: number;
  progressed_at_ms: number;
  finished_at_ms: number | null;
  cancelled_at_ms: number | null;
  options: string;
}

interface ItemRow {
  index: number;
  state: string;
  duplicates: number;
  book_id: number | null;
  job_id: JobId | null;
  input: string;
  reason: string | null;
}

const bookIdOf = (number: number | null): BookId | null => (number === null ? null : (String(number) as BookId));

function outcomeOf({ status, raise, book, at }: SubmitRow): SubmitOutcome {
  switch (status) {
    case 'q':
      return { status: 'queued' };
    case 'j':
      return { status: 'joined', raise };
    case 'c':
      return { status: 'cached', bookId: String(book) as BookId, fetchedAtMs: at ?? 0 };
    case 'n':
      return { status: 'missing' };
    default:
      return { status: 'invalid' };
  }
}

const itemOf = (row: ItemRow): BatchItem => ({
  index: row.index,
  input: row.input,
  jobId: row.job_id,
  bookId: bookIdOf(row.book_id),
  duplicates: row.duplicates,
  reason: row.reason,
  state: stateOfCode(row.state),
});

/** The record of a row. */
export const recordOf = (row: BatchRow): BatchRecord => ({
  batchId: row.batch_id,
  total: row.total,
  counts: {
    queued: row.total - row.settled,
    parsed: row.parsed,
    'not-found': row.not_found,
    failed: row.failed,
    cancelled: row.cancelled,
    cached: row.cached,
    invalid: row.invalid,
  },
  createdAtMs: row.created_at_ms,
  finishedAtMs: row.finished_at_ms,
  progressedAtMs: row.progressed_at_ms,
  cancelledAtMs: row.cancelled_at_ms,
  options: JSON.parse(row.options) as BatchOptions,
});

/** `purge` drops other records past their time; the sweep calls it. */
export function createBatchStore(sql: SqlClient, purge: () => Promise<void>): BatchStore {
  const exists = async (batchId: BatchId): Promise<boolean> => (await sql.query(GET, [batchId])).length > 0;

  return {
    /** Throws `QuireError('cancelled')`, and records nothing, when the batch was cancelled in the meantime. */
    async submit({ batch, nowMs, run, priority, maxAgeMs, items }) {
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
    },

    async get(batchId) {
      const [row] = await sql.query<BatchRow>(GET, [batchId]);
      return row ? recordOf(row) : null;
    },

    async list({ before, limit, ended }) {
      // One more than asked for tells whether there is more.
      const statementOf = ended === null ? LIST : ended ? LIST_ENDED : LIST_OPEN;
      const rows = await sql.query<BatchRow>(statementOf, [before ?? BEFORE_ALL, limit + 1]);
      const batches = rows.slice(0, limit).map(recordOf);
      return { batches, next: rows.length > limit ? (batches.at(-1)?.batchId ?? null) : null };
    },

    async items(batchId, { fromIndex, limit, state }) {
      // One more than asked for tells whether there is more.
      const rows =
        state === null
          ? await sql.query<ItemRow>(ITEMS, [batchId, fromIndex, limit + 1])
          : await sql.query<ItemRow>(ITEMS_IN_STATE, [batchId, fromIndex, limit + 1, ITEM_STATES[state]]);
      if (rows.length === 0 && !(await exists(batchId))) return null;
      return { items: rows.slice(0, limit).map(itemOf), nextIndex: rows[limit]?.index ?? null };
    },

    async indexesOf(batchId, jobIds) {
      const rows = await sql.query<{ job_id: JobId; index: number }>(INDEXES, [batchId, jobIds]);
      return new Map(rows.map((row) => [row.job_id, row.index]));
    },

    async settledSince(batchId, afterSeq, limit) {
      const rows = await sql.query<{ seq: number; index: number; state: string; settled_at_ms: number }>(LOG, [batchId, afterSeq, limit]);
      return rows.map((row) => ({
        seq: row.seq,
        index: row.index,
        state: stateOfCode(row.state) as SettledState,
        atMs: row.settled_at_ms,
      }));
    },

    async cancel(batchId, nowMs) {
      const [row] = await sql.query<{ known: boolean; gone: number; jobs: JobId[]; runs: string[] }>(CANCEL, [batchId, nowMs]);
      if (!row?.known) return null;
      return { cancelled: row.gone, unwanted: row.jobs.map((jobId, at) => ({ jobId, run: row.runs[at] ?? '' })) };
    },

    async rejoin(batchId, { items, nowMs, run, priority }) {
      const indexes = items.map(({ index }) => index);
      const rows = await sql.query<{ job_id: JobId }>(REJOIN, [batchId, indexes, run, PRIORITIES.indexOf(priority), nowMs]);
      return rows.map((row) => row.job_id);
    },

    async listIdle(beforeMs, limit) {
      return (await sql.query<BatchRow>(IDLE, [beforeMs, limit])).map((row) => row.batch_id);
    },
    async listAhead(afterMs, limit) {
      return (await sql.query<BatchRow>(AHEAD, [afterMs, limit])).map((row) => row.batch_id);
    },
    async listUnannounced(limit) {
      return (await sql.query<BatchRow>(UNANNOUNCED, [limit])).map((row) => row.batch_id);
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
