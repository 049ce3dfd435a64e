/** Reading and writing whole records in SQL, for migrations. Lists travel as one JSON argument. */
import type { StoreSettings } from '../../store.ts';
import type { Transfer, TransferKind } from '../../transfer.ts';
import type { SqlClient } from '../sql-client.ts';
import { createBatchTransfer } from './batches.ts';
import { createJobTransfer } from './jobs.ts';
import { createBookTransfer, createDocumentTransfer, createPageTransfer, createTallyTransfer } from './records.ts';
import * as text from './statements.ts';

/** `settings` tell when a ended batch is past its time, and under which name this store's connections are known. */
export function createTransfer(sql: SqlClient, settings: StoreSettings): Transfer {
  const { batches, ...partsOfBatches } = createBatchTransfer(sql, settings.batchTtlMs);
  return {
    kinds: {
      books: createBookTransfer(sql),
      batches,
      jobs: createJobTransfer(sql),
      documents: createDocumentTransfer(sql),
      tallies: createTallyTransfer(sql),
      pages: createPageTransfer(sql),
    },
    ...partsOfBatches,
    // The settled jobs may be many, so neither may run into the deadline of a request.
    orderSettled: () =>
      sql.transaction(async (run) => {
        for (const step of text.ORDER_SETTLED) await run(step);
      }),
    totals: () =>
      sql.transaction(async (run) => {
        const [row] = await run<Record<TransferKind, number>>(text.TOTALS);
        if (!row) throw new Error('counting returned no row');
        return row;
      }),
    async others() {
      return (await sql.query<{ n: number }>(text.OTHERS, [`quire ${settings.prefix}`]))[0]?.n ?? 0;
    },
  };
}
