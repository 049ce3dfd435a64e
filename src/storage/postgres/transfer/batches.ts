/** Moving batches in SQL. */
import { codeOfState } from '../../../domain/batch.ts';
import type { KindTransfer, MovedBatch, Transfer } from '../../transfer.ts';
import { recordOf } from '../batch-reading.ts';
import type { SqlClient, SqlValue } from '../sql-client.ts';
import { byName, toJson } from './by-name.ts';
import * as text from './statements.ts';

/** `batchTtlMs` is how long a ended batch is kept. */
export function createBatchTransfer(
  sql: SqlClient,
  batchTtlMs: number,
): Pick<Transfer, 'dropBatch' | 'writeItems' | 'writeLog'> & { batches: KindTransfer<MovedBatch> } {
  /** Batches that finished before are past their time. */
  const since = (nowMs: number): SqlValue[] => [nowMs - batchTtlMs];
  const batches = byName<MovedBatch>(sql, {
    kind: 'batches',
    alive: since,
    read: async (names, nowMs) =>
      (await sql.query<text.MovedBatchRow>(text.READ_BATCHES, [names, ...since(nowMs)])).map((row) => [
        row.batch_id,
        {
          ...recordOf(row),
          announced: row.announced,
          ...(row.open && { addedAtMs: row.added_at_ms }),
          itemCount: row.item_count,
          logLength: row.log_length,
          keepUntilMs: row.finished_at_ms === null ? null : row.finished_at_ms + batchTtlMs,
        },
      ]),
    line: ({ counts, options, ...batch }) => ({
      batch_id: batch.batchId,
      total: batch.total,
      settled: batch.total - counts.queued - counts.expanding,
      not_found: counts['not-found'],
      ...counts,
      log_length: batch.logLength,
      sealed: batch.sealed,
      announced: batch.announced,
      created_at_ms: batch.createdAtMs,
      progressed_at_ms: batch.progressedAtMs,
      finished_at_ms: batch.endedAtMs,
      cancelled_at_ms: batch.cancelledAtMs,
      open: batch.open,
      added_at_ms: batch.addedAtMs ?? batch.createdAtMs,
      wanted: options.until?.count ?? null,
      found: batch.found,
      stopped_at_ms: batch.stoppedAtMs,
      options: JSON.stringify(options),
    }),
  });

  return {
    batches,
    async dropBatch(batchId) {
      await sql.query(text.DROP_BATCH, [batchId]);
    },
    async writeItems(batchId, items) {
      const rows = items.map((item) => ({
        index: item.index,
        state: codeOfState(item.state),
        duplicates: item.duplicates,
        book_id: item.bookId,
        job_id: item.jobId,
        input: item.input,
        reason: item.reason,
        collection: item.collection?.json ?? null,
        collection_version: item.collection?.version ?? null,
        via: item.via,
      }));
      await sql.query(text.WRITE_ITEMS, [batchId, toJson(rows)]);
    },
    async writeLog(batchId, entries) {
      await sql.query(text.WRITE_LOG, [batchId, toJson(entries.map(({ seq, index, atMs }) => ({ seq, index, at_ms: atMs })))]);
    },
  };
}
