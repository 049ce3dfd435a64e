/** Ends the promise of more links. */
import type { BatchId } from '../../domain/batch.ts';
import type { Log } from '../../domain/log.ts';
import type { Store } from '../../storage/store.ts';
import { createEndBatch, type EndBatchDeps } from './end-batch.ts';
import { endFound, reportAgain } from './hunt.ts';

export interface CloseBatchDeps extends EndBatchDeps {
  store: Pick<Store, 'batches' | 'books'>;
  log: Log;
}

/** As {@link Store.batches.close}. A batch that looks for books may find the last of them by this. */
export type CloseBatch = (batchId: BatchId) => ReturnType<Store['batches']['close']>;

export function createCloseBatch(deps: CloseBatchDeps): CloseBatch {
  const { store, log, now } = deps;
  const endBatch = createEndBatch(deps);
  return async function closeBatch(batchId) {
    const batch = await store.batches.get(batchId);
    const until = batch?.open ? batch.options.until : null;
    if (until && (await reportAgain(deps, { batchId, until }))) await endFound({ endBatch, log }, [batchId]);
    return store.batches.close(batchId, now());
  };
}
