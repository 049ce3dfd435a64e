/**
 * The events of one batch, read once for all its readers in this process. Readers pull: the one furthest ahead makes the
 * channel read on, those close behind take what it kept, and one that fell far behind reads the store's log by itself. So
 * memory is bounded by the channel's window, whatever the number and the pace of the readers.
 */
import type { BatchId, BatchItem, SettledEntry } from '../../domain/batch.ts';
import type { Batches } from '../../app/batch-view.ts';
import { addressOf } from '../../domain/identity.ts';
import type { BatchStore } from '../../storage/store.ts';
import { iso } from '../../domain/time/iso.ts';

/** Entries read at once. */
const READ = 100;
/** Events kept for readers who are close behind. */
const WINDOW = 500;
/** Signals that come together wake the readers once. */
const WAKE_MS = 20;
/** Age up to which the counts of a batch are shown again. */
const VIEW_MS = 1000;

/** Events as they go over the wire, up to and including `seq`. */
export interface Chunk {
  seq: number;
  text: string;
}

export interface BatchChannel {
  /** The events after `seq`, some of them; `null` when there are none for now. */
  next(seq: number): Promise<Chunk | null>;
  /** Whether the batch has ended. Once it has, `next` may still give the last events. */
  isOver(): Promise<boolean>;
  /** A `batch` event with the counts of now (at most a second old, unless `fresh`), under the id of the last item event. */
  batchEvent(seq: number, fresh: boolean): Promise<string>;
  /** Resolves when there may be news. */
  changed(): Promise<void>;
  /** Tells that there may be news. */
  signal(): void;
  close(): void;
}

const EVENT = (id: number, event: string, data: object): string => `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

function itemEvent({ seq, index, state, atMs }: SettledEntry, item: BatchItem | undefined): string {
  const { jobId = null, bookId = null, input = '', reason = null, duplicates = 0 } = item ?? {};
  const url = addressOf(jobId, bookId);
  return EVENT(seq, 'item', { index, input, state, jobId, bookId, url, reason, duplicates, at: iso(atMs) });
}

/** The items at `indexes`, read in as few pages as their spread allows. */
async function itemsAt(store: BatchStore, batchId: BatchId, indexes: number[]): Promise<Map<number, BatchItem>> {
  const sorted = indexes.toSorted((a, b) => a - b);
  const found = new Map<number, BatchItem>();
  for (let at = 0; at < sorted.length;) {
    const first = sorted[at] ?? 0;
    let last = first;
    while (at < sorted.length && (sorted[at] ?? 0) < first + READ) last = sorted[at++] ?? last;
    const page = await store.items(batchId, { fromIndex: first, limit: last - first + 1, state: null });
    for (const item of page?.items ?? []) found.set(item.index, item);
  }
  return found;
}

function nextWake(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

/** Opens the channel of a batch; the first reader wants the events after `startSeq`. */
export function createBatchChannel(store: BatchStore, batches: Pick<Batches, 'view'>, batchId: BatchId, startSeq: number): BatchChannel {
  let kept: string[] = [];
  let head = startSeq;
  let mayHaveMore = true;
  let reading: Promise<void> | null = null;
  let checking: Promise<boolean> | null = null;
  let over = false;
  let view: { atMs: number; data: object } | null = null;
  let wake = nextWake();
  let waking: NodeJS.Timeout | null = null;

  const render = async (afterSeq: number): Promise<{ entries: SettledEntry[]; texts: string[] }> => {
    const entries = await store.settledSince(batchId, afterSeq, READ);
    const items = await itemsAt(
      store,
      batchId,
      entries.map(({ index }) => index),
    );
    return { entries, texts: entries.map((entry) => itemEvent(entry, items.get(entry.index))) };
  };

  const readOn = async (): Promise<void> => {
    // Set before reading: a signal that comes meanwhile must not be lost.
    mayHaveMore = false;
    try {
      const { texts } = await render(head);
      kept = [...kept, ...texts].slice(-WINDOW);
      head += texts.length;
      if (texts.length === READ) mayHaveMore = true;
    } catch (error) {
      mayHaveMore = true;
      throw error;
    }
  };

  const next = async (seq: number): Promise<Chunk | null> => {
    const oldest = head - kept.length;
    if (seq < oldest || seq > head) {
      const { entries, texts } = await render(seq);
      return entries.length === 0 ? null : { seq: seq + entries.length, text: texts.join('') };
    }
    if (seq < head) {
      const texts = kept.slice(seq - oldest, seq - oldest + READ);
      return { seq: seq + texts.length, text: texts.join('') };
    }
    // While one reader makes the channel read on, the others wait for what it reads.
    if (reading === null && !mayHaveMore) return null;
    reading ??= readOn().finally(() => (reading = null));
    await reading;
    return next(seq);
  };

  const wakeUp = (): void => {
    waking = null;
    const { resolve } = wake;
    wake = nextWake();
    checking = null;
    resolve();
  };

  return {
    next,
    async isOver() {
      if (over) return true;
      checking ??= store.get(batchId).then((record) => record === null || record.finishedAtMs !== null);
      over = await checking;
      // What settled before the end may have been written after the last look.
      if (over) mayHaveMore = true;
      return over;
    },
    async batchEvent(seq, fresh) {
      if (view === null || fresh || performance.now() - view.atMs > VIEW_MS)
        view = { atMs: performance.now(), data: (await batches.view(batchId)) ?? { batchId } };
      return EVENT(seq, 'batch', view.data);
    },
    changed: () => wake.promise,
    signal() {
      mayHaveMore = true;
      waking ??= setTimeout(wakeUp, WAKE_MS);
    },
    close() {
      if (waking) clearTimeout(waking);
      wakeUp();
    },
  };
}
