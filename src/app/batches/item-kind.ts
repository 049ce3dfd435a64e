/** What an item of a batch was read as: its kind, its address, and how far a collection is. */
import type { BatchItem } from '../../domain/batch.ts';
import { collectionReference } from '../../domain/collection.ts';
import { addressOf, referenceOfJob } from '../../domain/identity.ts';
import { iso } from '../../domain/time/iso.ts';
import { readProgress, type CollectionProgress } from '../collections/progress.ts';
import type { CollectionView, ItemView } from './batch-view.ts';

/** The part of an item's view that says what it is. */
export function itemKind(item: BatchItem): Pick<ItemView, 'kind' | 'family' | 'collection' | 'url'> {
  const { jobId, bookId, collection } = item;
  if (collection === null) {
    const kind = jobId === null ? null : (referenceOfJob(jobId)?.kind ?? null);
    return { kind, family: null, collection: null, url: addressOf(jobId, bookId) };
  }
  const progress = readProgress(collection.json);
  const { family, id } = progress;
  // A page that robots.txt forbids is no collection that Quire reads.
  if (family === null) return { kind: null, family, collection: null, url: null };
  return { kind: 'collection', family, collection: viewOf(progress, item), url: collectionReference(family, id)?.url ?? null };
}

const viewOf = ({ title, claimed, found, taken, pages, timeline }: CollectionProgress, { state, reason }: BatchItem): CollectionView => ({
  title,
  claimed,
  found,
  taken,
  pages,
  cutOff: state === 'expanded' ? reason : null,
  timeline: timeline.map(({ atMs, event, detail }) => ({ at: iso(atMs), event, detail })),
});
