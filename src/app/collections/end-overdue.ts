/** Ends collections whose deadline is over while no worker comes to them: the source is blocked, or others are before them. */
import type { BatchRecord } from '../../domain/batch.ts';
import { QuireError } from '../../errors.ts';
import type { CollectionItem } from './collection-queue.ts';
import { readExpansion, save, type ExpandDeps } from './expansion.ts';
import { expanded, limitReached } from './take-page.ts';

/** Ends those whose deadline is over. A collection with books that wait for room in the queue goes on until they are in the batch. */
export async function endOverdue(
  deps: Pick<ExpandDeps, 'store' | 'now'>,
  { options: { collections } }: BatchRecord,
  expanding: readonly CollectionItem[],
): Promise<void> {
  const deadlineMs = collections?.deadlineMs ?? null;
  if (deadlineMs === null || deps.now() < deadlineMs) return;
  for (const item of expanding) {
    const expansion = await readExpansion(deps, item);
    if (expansion === null || expansion.progress.pending.length > 0 || expansion.progress.end !== null) continue;
    const { progress, limits } = expansion;
    try {
      // When a worker changed the record in the meantime, the worker ends it.
      await save(deps, expansion, expanded(progress, limitReached(progress, limits, deps.now())), true);
    } catch (error) {
      if (error instanceof QuireError && error.code === 'cancelled') return;
      throw error;
    }
  }
}
