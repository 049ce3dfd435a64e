/** Which books the pages of a collection brought so far, after a process began to read it anew. */
import type { BookId } from '../../domain/identity.ts';
import type { Store } from '../../storage/store.ts';
import type { CollectionItem } from './collection-queue.ts';

const ITEMS_AT_ONCE = 500;

/**
 * The books that came by this collection. Books that the batch had from elsewhere are not among them: such a book counts twice as found
 * when it stands on two pages, and joins the batch once.
 */
export async function seenBooks({ batches }: Pick<Store, 'batches'>, { batchId, index }: CollectionItem): Promise<Set<BookId>> {
  const seen = new Set<BookId>();
  for (let fromIndex: number | null = index + 1; fromIndex !== null;) {
    const page: Awaited<ReturnType<Store['batches']['items']>> = await batches.items(batchId, {
      fromIndex,
      limit: ITEMS_AT_ONCE,
      state: null,
    });
    for (const { via, jobId } of page?.items ?? []) {
      // The name of the job is the book as the page named it. The item's own book may be another one that it was merged into.
      if (via === index && jobId !== null) seen.add(jobId.replace(/^book-/, '') as BookId);
    }
    fromIndex = page?.nextIndex ?? null;
  }
  return seen;
}
