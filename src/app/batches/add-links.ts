/**
 * Adds links to an open batch. The store records them in steps, and their jobs go to the queue after that. A request that fails half-way
 * leaves what it recorded in the batch: sent again, those are duplicates, and the rest is added.
 */
import type { BatchRecord } from '../../domain/batch.ts';
import { newRun, type JobRun } from '../../domain/run-id.ts';
import { QuireError } from '../../errors.ts';
import type { AddOutcome, Store } from '../../storage/store.ts';
import { createBeginCollections, type BegunItem } from '../collections/begin-collections.ts';
import { collapse, countBooks, readEntry, type ReadEntry, type SentEntry } from '../sent-entries.ts';
import { answer, SUBMIT_AT_ONCE } from '../submit-links.ts';
import type { SubmitLinksOptions } from '../submit-links.ts';
import type { AddAnswer, AddedItem, Batches, ItemsTold } from './batch-view.ts';
import { handOver } from './hand-over.ts';
import { reportCached } from './hunt.ts';

/** Why a batch takes no more links. */
function closed(record: BatchRecord | null): QuireError {
  let why = 'The batch is not open';
  if (record !== null && record.endedAtMs !== null) why = 'The batch has ended';
  if (record !== null && record.cancelledAtMs !== null) why = 'The batch was cancelled';
  if (record !== null && record.stoppedAtMs !== null) why = 'The batch has found what it looks for';
  return new QuireError('batch-closed', `${why}: send the links with POST /parse-links, as a batch of their own.`);
}

const takesLinks = (record: BatchRecord): boolean => record.open && record.endedAtMs === null && record.stoppedAtMs === null;

interface Added {
  told: ItemsTold;
  items: AddedItem[];
  counts: AddAnswer['counts'];
  jobs: JobRun[];
  raised: JobRun[];
  collections: BegunItem[];
}

/** Makes the use case; see {@link Batches.add}. */
export function createAddLinks(options: SubmitLinksOptions): Batches['add'] {
  const { store, enter } = options;
  const beginCollections = createBeginCollections(options);

  return async (batchId, links, told = 'all') => {
    const record = await store.batches.get(batchId);
    if (record === null) return null;
    if (!takesLinks(record)) throw closed(record);
    const entries = collapse(links);
    const leave = await enter(countBooks(entries, links.length));
    const counts: AddAnswer['counts'] = { total: entries.length, queued: 0, joined: 0, cached: 0, invalid: 0, duplicate: 0 };
    const added: Added = { told, items: [], counts, jobs: [], raised: [], collections: [] };
    try {
      await addAll(options, record, entries, added);
    } catch (error) {
      throw error instanceof QuireError && error.code === 'cancelled' ? closed(await store.batches.get(batchId)) : error;
    } finally {
      const { priority, until, ahead = 0 } = record.options;
      await handOver(options, {
        batchId,
        priority,
        ahead: ahead + record.counts.queued,
        jobs: added.jobs,
        raised: added.raised,
        hunts: Boolean(until),
      });
      await beginCollections(batchId, added.collections, priority);
      leave(added.jobs.length);
    }
    return { batchId, counts, items: added.items };
  };
}

/** Adds the entries step by step, and notes in `added` what became of them. */
async function addAll(options: SubmitLinksOptions, record: BatchRecord, entries: SentEntry[], added: Added): Promise<void> {
  const { batchId, options: batchOptions } = record;
  const { priority, maxAgeMs, until } = batchOptions;
  const nowMs = options.now();
  const run = newRun(nowMs);
  while (entries.length > 0) {
    const step = entries.splice(0, SUBMIT_AT_ONCE).map(readEntry);
    const items = step.map(({ item: { index: _index, ...item } }) => item);
    const outcomes = await addStep(options.store, { batchId, nowMs, run, priority, maxAgeMs, items, from: null });
    for (const [at, entry] of step.entries()) note(added, entry, outcomes[at]!, { run, nowMs });
    const cached = outcomes.flatMap((outcome) => (outcome.status === 'cached' ? [outcome.bookId] : []));
    if (until) await reportCached(options, { batchId, until }, cached);
  }
}

async function addStep(store: Pick<Store, 'batches'>, addition: Parameters<Store['batches']['add']>[0]): Promise<AddOutcome[]> {
  const added = await store.batches.add(addition);
  if (added === null) throw new Error('an addition without a collection was fenced');
  return added.outcomes;
}

function note(added: Added, entry: ReadEntry, outcome: AddOutcome, { run, nowMs }: { run: string; nowMs: number }): void {
  const { told, counts, items, jobs, raised } = added;
  const { jobId } = entry.item;
  const { index } = outcome;
  const tell = (item: AddedItem): void => {
    if (told === 'all' || item.reason !== undefined) items.push(item);
  };
  if (outcome.status === 'duplicate') {
    counts.duplicate += 1;
    tell({ ...answer(entry, { status: 'joined', raisedRun: null }, nowMs), index, status: 'duplicate' });
    return;
  }
  const answered = answer(entry, outcome, nowMs);
  counts[answered.status] = (counts[answered.status] ?? 0) + 1;
  tell({ ...answered, index });
  if (typeof entry.item.collection === 'string') added.collections.push({ index, collection: entry.item.collection });
  if (jobId === null) return;
  if (outcome.status === 'queued') jobs.push({ jobId, run });
  if (outcome.status === 'joined' && outcome.raisedRun) raised.push({ jobId, run: outcome.raisedRun });
}
