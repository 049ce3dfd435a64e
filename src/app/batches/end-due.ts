/**
 * Ends batches whose end is due. Some have found enough, and their process died before it ended them. Others are open, and nobody has added
 * links for a day.
 */
import type { BatchId } from '../../domain/batch.ts';
import type { Store } from '../../storage/store.ts';
import type { RequeueDeps } from '../requeue-lost.ts';
import { createCloseBatch } from './close-batch.ts';
import { createEndBatch } from './end-batch.ts';
import { endFound } from './hunt.ts';

/** An open batch is closed so long after the last addition, in milliseconds. */
export const OPEN_FOR_MS = 86_400_000;
const CLOSED_A_ROUND = 200;
/** Running batches that one round looks at. The next round goes on from there. */
const LOOKED_AT = 200;

type Deps = Pick<RequeueDeps, 'log' | 'now'> & {
  store: Pick<Store, 'batches' | 'books'>;
  queue: Pick<RequeueDeps['queue'], 'cancel'>;
  collections: Pick<RequeueDeps['collections'], 'cancel'>;
};

/** Ends those of these batches that have found enough. */
export async function endIfFound(deps: Deps, batchId: BatchId): Promise<void> {
  const batch = await deps.store.batches.get(batchId);
  if (batch?.endedAtMs === null && batch.stoppedAtMs !== null) await endFound({ endBatch: createEndBatch(deps), log: deps.log }, [batchId]);
}

/** Makes one round of it. */
export function createEndDue(deps: Deps): () => Promise<void> {
  const { store, log, now } = deps;
  const closeBatch = createCloseBatch(deps);
  let before: BatchId | null = null;
  return async () => {
    for (const batchId of await store.batches.listOpenFor(now() - OPEN_FOR_MS, CLOSED_A_ROUND)) {
      if (await closeBatch(batchId)) log.info({ batchId }, 'closed a batch that nobody has added to for a day');
    }
    const { batches, next }: Awaited<ReturnType<Store['batches']['list']>> = await store.batches.list({
      before,
      limit: LOOKED_AT,
      ended: false,
    });
    before = next;
    const found = batches.filter(({ stoppedAtMs }) => stoppedAtMs !== null).map(({ batchId }) => batchId);
    await endFound({ endBatch: createEndBatch(deps), log }, found);
  };
}
