/**
 * Batches that grow, and what they look for.
 *
 * - A collection is an item of the batch. It keeps a record with a version. Whoever brings the books of a page brings the next record, and
 *   nothing changes when another did so before.
 * - Added items come behind those that are there. A book that the batch has already is a duplicate, whoever brought it.
 * - An addition is progress. Added items that are settled from the start are not in the settled log, as in a submission.
 * - An open batch takes items from callers. It does not end before it is closed.
 * - A batch that looks for books takes each book once, and never more than it wants. With the last it has found what it looks for: it takes
 *   nothing more, and its items become skipped as they settle.
 */
import { MOST_DUPLICATES } from '../../src/domain/batch.ts';
import { storableText } from '../../src/domain/storable-text.ts';
import { QuireError } from '../../src/errors.ts';
import type { AddedItem, Addition, AddOutcome, BatchStore } from '../../src/storage/store.ts';
import { endIfDone } from './counts.ts';
import { takeFound } from './found.ts';
import { unendedBatch, type Batch, type World } from './records.ts';
import { settleItem } from './settle.ts';
import { decide, keepItem } from './submit.ts';

function addItem(world: World, batch: Batch, item: AddedItem, addition: Addition): AddOutcome {
  const have = item.jobId === null ? undefined : batch.items.find(({ jobId }) => jobId === item.jobId);
  if (have) {
    have.duplicates = Math.min(have.duplicates + item.duplicates + 1, MOST_DUPLICATES);
    return { status: 'duplicate', index: have.index };
  }
  const outcome = decide(world, item, batch, addition);
  keepItem(batch, item, outcome, addition.from?.index ?? null);
  batch.total += 1;
  return { ...outcome, index: batch.items.length - 1 } as AddOutcome;
}

function add(world: World, addition: Addition): Awaited<ReturnType<BatchStore['add']>> {
  const { batchId, items, from, nowMs } = addition;
  const batch = unendedBatch(world, batchId);
  const takesItems = batch !== null && batch.sealed && batch.stoppedAtMs === null && (batch.open || from !== null);
  if (!takesItems) throw new QuireError('cancelled', 'The batch takes no more items.');
  const collection = from === null ? null : batch.items[from.index];
  if (from !== null && (collection?.state !== 'expanding' || collection.collection?.version !== from.ifVersion)) return null;

  const outcomes = items.map((item) => addItem(world, batch, item, addition));
  batch.progressedAtMs = nowMs;
  if (from === null) batch.addedAtMs = nowMs;
  if (from !== null && collection) {
    collection.collection = { version: from.ifVersion + 1, json: storableText(from.json) };
    if (from.end !== null) {
      collection.reason = from.end.reason === null ? null : storableText(from.end.reason);
      settleItem(world, batch, collection, { state: from.end.state, nowMs });
    }
  }
  world.tell({ kind: 'batch', batchId });
  return { outcomes };
}

export function createGrowing(world: World): Pick<BatchStore, 'add' | 'close' | 'listOpenFor' | 'report'> {
  return {
    add: async (addition) => add(world, addition),
    async close(batchId, nowMs) {
      const batch = world.batches.get(batchId);
      if (!batch) return null;
      if (!batch.open) return false;
      batch.open = false;
      batch.progressedAtMs = nowMs;
      endIfDone(batch, nowMs);
      world.tell({ kind: 'batch', batchId });
      return true;
    },
    async listOpenFor(beforeMs, limit) {
      const open = [...world.batches.values()].filter((batch) => batch.open && batch.addedAtMs < beforeMs);
      return open
        .sort((a, b) => a.addedAtMs - b.addedAtMs)
        .slice(0, limit)
        .map(({ batchId }) => batchId);
    },
    async report(batchId, bookIds, nowMs) {
      const batch = unendedBatch(world, batchId);
      for (const bookId of batch ? bookIds : []) takeFound(batch!, bookId, nowMs);
      if (batch?.options.until && bookIds.length > 0) world.tell({ kind: 'batch', batchId });
      return { stopped: (world.batches.get(batchId)?.stoppedAtMs ?? null) !== null };
    },
  };
}
