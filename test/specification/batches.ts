/**
 * Batches: what is read of them, and how they are cancelled, requeued and swept.
 *
 * - Cancelling settles every queued or expanding item, in the order of the items, and closes the batch. Announced items that did not come are counted as cancelled, and are not in the log.
 * - A job that only this batch waited for ends as cancelled. One that is wanted by itself, or that another item waits for, goes on.
 * - A batch that has ended cannot be cancelled.
 * - Skipping does the same to a batch that has found what it looks for, and nothing to any other. Before the seal the batch goes on, since
 *   its caller still submits.
 * - The end of a batch that was cancelled before its seal is not announced: nobody was told of the batch.
 * - Batches are listed in descending order of their ids.
 * - A sweep takes batches that ended before a time. A real store leaves some for the next sweep when there are many.
 * - Rejoining begins a new run for queued items whose job is not live. Nothing else changes.
 */
import type { BatchItem, BatchRecord, ItemState } from '../../src/domain/batch.ts';
import type { BatchStore, CancelledAs } from '../../src/storage/store.ts';
import { countsOf, endIfDone, unsettledIn } from './counts.ts';
import { createGrowing } from './growing.ts';
import { liveJob, waitersOf, type Batch, type World } from './records.ts';
import { endJob, settleItem } from './settle.ts';
import { beginRun, submit } from './submit.ts';

function recordOf(batch: Batch): BatchRecord {
  const { items: _items, log: _log, announced: _announced, addedAtMs: _addedAtMs, cancelledAs: _cancelledAs, ...record } = batch;
  return { ...record, found: [...record.found], counts: countsOf(batch) };
}

const DETAILS = {
  cancelled: 'The batch was cancelled.',
  skipped: 'The batch found what it looks for.',
  expired: 'The time of the batch was over.',
};

function cancel(world: World, batch: Batch, nowMs: number, as: CancelledAs): Awaited<ReturnType<BatchStore['cancel']>> {
  if (batch.endedAtMs !== null || (as === 'skipped' && batch.stoppedAtMs === null)) return { cancelled: 0, withoutWaiters: [] };
  const unsettled = batch.items.filter(({ state }) => state === 'queued' || state === 'expanding');
  const cancelled = as === 'skipped' ? unsettled.length : unsettledIn(batch);
  batch.open = false;
  batch.progressedAtMs = nowMs;
  if (as !== 'skipped') {
    batch.announced = !batch.sealed;
    batch.sealed = true;
    batch.cancelledAtMs = nowMs;
    batch.cancelledAs = as;
  }
  for (const item of unsettled) settleItem(world, batch, item, { state: as, nowMs });
  endIfDone(batch, nowMs);
  world.tell({ kind: 'batch', batchId: batch.batchId });

  const jobs = unsettled.flatMap(({ jobId }) => (jobId && liveJob(world, jobId)) ?? []);
  const withoutWaiters = jobs.filter((job) => !job.solo && waitersOf(world, job.jobId).length === 0);
  const error = { code: 'cancelled' as const, detail: DETAILS[as] };
  for (const job of withoutWaiters) {
    job.waiters += 1;
    endJob(world, job, { state: 'cancelled', nowMs, attempts: 0, error, bookId: null });
  }
  return { cancelled, withoutWaiters: withoutWaiters.map(({ jobId, run }) => ({ jobId, run })) };
}

function pageOf(items: BatchItem[], { fromIndex, limit, state }: { fromIndex: number; limit: number; state: ItemState | null }) {
  const wanted = items.filter((item) => item.index >= fromIndex && (state === null || item.state === state));
  return { items: structuredClone(wanted.slice(0, limit)), nextIndex: wanted[limit]?.index ?? null };
}

/** A page of the list. A real store may give shorter pages. */
function list(batches: Batch[], { before, limit, ended }: Parameters<BatchStore['list']>[0]): Awaited<ReturnType<BatchStore['list']>> {
  const wanted = batches
    .filter(({ batchId }) => before === null || batchId < before)
    .filter(({ endedAtMs }) => ended === null || (endedAtMs !== null) === ended)
    .sort((a, b) => (a.batchId < b.batchId ? 1 : -1));
  const page = wanted.slice(0, limit);
  return { batches: page.map(recordOf), next: wanted.length > limit ? (page.at(-1)?.batchId ?? null) : null };
}

export function createBatches(world: World): BatchStore {
  const all = (): Batch[] => [...world.batches.values()];
  const open = (): Batch[] => all().filter((batch) => batch.endedAtMs === null);
  const byProgress = (a: Batch, b: Batch): number => a.progressedAtMs - b.progressedAtMs;
  const namesOf = (batches: Batch[], limit: number) => batches.slice(0, limit).map(({ batchId }) => batchId);
  return {
    submit: async (submission) => submit(world, submission),
    async get(batchId) {
      const batch = world.batches.get(batchId);
      return batch ? recordOf(batch) : null;
    },
    list: async (query) => list(all(), query),
    async items(batchId, query) {
      const batch = world.batches.get(batchId);
      return batch ? pageOf(batch.items, query) : null;
    },
    async indexesOf(batchId, jobIds) {
      const waiting = (world.batches.get(batchId)?.items ?? []).filter((item) => item.state === 'queued');
      return new Map(jobIds.flatMap((jobId) => waiting.filter((item) => item.jobId === jobId).map((item) => [jobId, item.index] as const)));
    },
    async settledSince(batchId, afterSeq, limit) {
      return (world.batches.get(batchId)?.log ?? []).slice(afterSeq, afterSeq + limit);
    },
    ...createGrowing(world),
    async cancel(batchId, nowMs, as = 'cancelled') {
      const batch = world.batches.get(batchId);
      return batch ? cancel(world, batch, nowMs, as) : null;
    },
    async requeue(batchId, { items, nowMs, run, priority }) {
      const batch = open().find((one) => one.batchId === batchId);
      const lost = items.filter(({ jobId, index }) => batch?.items[index]?.state === 'queued' && liveJob(world, jobId) === null);
      for (const { jobId } of lost) beginRun(world, jobId, { run, priority, nowMs, solo: false });
      return lost.map(({ jobId }) => jobId);
    },
    async listIdle(beforeMs, limit) {
      const idle = open().filter((batch) => batch.progressedAtMs < beforeMs);
      return namesOf(idle.sort(byProgress), limit);
    },
    async listAhead(afterMs, limit) {
      const ahead = open().filter((batch) => batch.progressedAtMs > afterMs);
      return namesOf(ahead.sort(byProgress), limit);
    },
    async listUnannounced(limit) {
      const ended = all().filter((batch) => batch.endedAtMs !== null && !batch.announced);
      return namesOf(
        ended.sort((a, b) => a.endedAtMs! - b.endedAtMs!),
        limit,
      );
    },
    async acknowledge(batchId) {
      const batch = world.batches.get(batchId);
      if (batch && batch.endedAtMs !== null) batch.announced = true;
    },
    async sweep(beforeMs) {
      const old = all().filter((batch) => batch.endedAtMs !== null && batch.endedAtMs < beforeMs);
      for (const { batchId } of old) world.batches.delete(batchId);
      return old.length;
    },
  };
}
