/** Reading batches in SQL. */
import {
  codeOfState,
  ITEM_STATES,
  stateOfCode,
  type BatchId,
  type BatchItem,
  type BatchOptions,
  type BatchRecord,
  type SettledState,
} from '../../domain/batch.ts';
import type { BookId, JobId } from '../../domain/identity.ts';
import type { BatchStore } from '../store.ts';
import { statement, type SqlClient } from './sql-client.ts';

const GET = statement('batches.get', 'SELECT * FROM @.batch_record WHERE batch_id = $1');
/** Ids sort by creation. Before the newest stands what no id begins with. */
const BEFORE_ALL = '~';
const LIST = statement('batches.list', 'SELECT * FROM @.batch_record WHERE batch_id < $1 ORDER BY batch_id DESC LIMIT $2');
const LIST_OPEN = statement(
  'batches.listOpen',
  'SELECT * FROM @.batch_record WHERE finished_at_ms IS NULL AND batch_id < $1 ORDER BY batch_id DESC LIMIT $2',
);
const LIST_ENDED = statement(
  'batches.listEnded',
  'SELECT * FROM @.batch_record WHERE finished_at_ms IS NOT NULL AND batch_id < $1 ORDER BY batch_id DESC LIMIT $2',
);
const ITEM_COLUMNS = 'index, state, duplicates, book_id, job_id, input, reason, collection, collection_version, via';
const ITEMS = statement(
  'batches.items',
  `SELECT ${ITEM_COLUMNS} FROM @.item WHERE batch_id = $1 AND index >= $2::bigint ORDER BY index LIMIT $3`,
);
/** A collection that is still read is kept as queued, without a job. */
const ITEMS_IN_STATE = statement(
  'batches.itemsInState',
  `SELECT ${ITEM_COLUMNS} FROM @.item
   WHERE batch_id = $1 AND index >= $2::bigint AND state = $4::"char" AND (state <> 'q' OR (job_id IS NULL) = $5) ORDER BY index LIMIT $3`,
);
const INDEXES = statement(
  'batches.indexes',
  `SELECT job_id, index FROM @.item WHERE batch_id = $1 AND job_id = ANY ($2::text[]) AND state = 'q'`,
);
const LOG = statement(
  'batches.log',
  'SELECT seq, index, state, settled_at_ms FROM @.item WHERE batch_id = $1 AND seq > $2::bigint AND seq IS NOT NULL ORDER BY seq LIMIT $3',
);

/** A row of the table of batches, as both the store and a migration read it. */
export interface BatchRow {
  batch_id: BatchId;
  total: number;
  settled: number;
  parsed: number;
  not_found: number;
  failed: number;
  cancelled: number;
  cached: number;
  invalid: number;
  expanding: number;
  expanded: number;
  disallowed: number;
  skipped: number;
  expired: number;
  created_at_ms: number;
  progressed_at_ms: number;
  finished_at_ms: number | null;
  cancelled_at_ms: number | null;
  sealed: boolean;
  open: boolean;
  added_at_ms: number;
  found: BookId[];
  stopped_at_ms: number | null;
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
  collection: string | null;
  collection_version: number | null;
  via: number | null;
}

const bookIdOf = (number: number | null): BookId | null => (number === null ? null : (String(number) as BookId));

const itemOf = (row: ItemRow): BatchItem => ({
  index: row.index,
  input: row.input,
  jobId: row.job_id,
  bookId: bookIdOf(row.book_id),
  duplicates: row.duplicates,
  reason: row.reason,
  state: row.state === ITEM_STATES.queued && row.job_id === null ? 'expanding' : stateOfCode(row.state),
  collection: row.collection_version === null ? null : { version: row.collection_version, json: row.collection ?? '' },
  via: row.via,
});

/** The record of a row. */
export const recordOf = (row: BatchRow): BatchRecord => ({
  batchId: row.batch_id,
  total: row.total,
  counts: {
    queued: row.total - row.settled - row.expanding,
    expanding: row.expanding,
    parsed: row.parsed,
    'not-found': row.not_found,
    failed: row.failed,
    cancelled: row.cancelled,
    cached: row.cached,
    invalid: row.invalid,
    expanded: row.expanded,
    disallowed: row.disallowed,
    skipped: row.skipped,
    expired: row.expired,
  },
  createdAtMs: row.created_at_ms,
  endedAtMs: row.finished_at_ms,
  progressedAtMs: row.progressed_at_ms,
  cancelledAtMs: row.cancelled_at_ms,
  sealed: row.sealed,
  open: row.open,
  found: row.found,
  stoppedAtMs: row.stopped_at_ms,
  options: JSON.parse(row.options) as BatchOptions,
});

type BatchReading = Pick<BatchStore, 'get' | 'list' | 'items' | 'indexesOf' | 'settledSince'>;

export function createBatchReading(sql: SqlClient): BatchReading {
  const exists = async (batchId: BatchId): Promise<boolean> => (await sql.query(GET, [batchId])).length > 0;

  return {
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
          : await sql.query<ItemRow>(ITEMS_IN_STATE, [batchId, fromIndex, limit + 1, codeOfState(state), state === 'expanding']);
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
  };
}
