/** Ends a collection that the queue gave up. The books of its pages stay in the batch. */
import { QuireError } from '../../errors.ts';
import type { CollectionItem } from './collection-queue.ts';
import { readExpansion, save, type ExpandDeps } from './expansion.ts';

const REASONS = {
  'worker-lost': 'Its workers died or hung too often while they read it.',
  unforeseen: 'Something went wrong on our side at every attempt; the log of the worker has the error.',
} as const;

/** Makes the use case. It does nothing for a collection that has ended. Rejects with `store-unavailable`. */
export function createFailCollection(deps: Pick<ExpandDeps, 'store' | 'now'>) {
  return async function failCollection(item: CollectionItem, why: keyof typeof REASONS): Promise<void> {
    try {
      for (let saved = false; !saved;) {
        const expansion = await readExpansion(deps, item);
        if (expansion === null) return;
        const { pending, taken } = expansion.progress;
        const end = { state: 'failed', reason: REASONS[why] } as const;
        saved = await save(deps, expansion, { ...expansion.progress, pending: [], taken: taken - pending.length, end }, true);
      }
    } catch (error) {
      // The batch has ended.
      if (!(error instanceof QuireError) || error.code !== 'cancelled') throw error;
    }
  };
}
