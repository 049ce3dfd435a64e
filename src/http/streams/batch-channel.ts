/**
 * The events of one batch, read once for all its readers in this process. The reader who is furthest ahead makes the channel read on.
 * Readers close behind get what the channel kept; a reader far behind reads the store's log. So the window bounds the memory.
 */
import type { BatchId, BatchItem, SettledEntry } from '../../domain/batch.ts';
import type { Batches } from '../../app/batches/batch-view.ts';
import { itemKind } from '../../app/batches/item-kind.ts';
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
  const { jobId = null, bookId = null, input = '', reason = null, duplicates = 0, via = null } = item ?? {};
  const kind = item === undefined ? { kind: null, family: null, collection: null, url: null } : itemKind(item);
  return EVENT(seq, 'item', { index, input, ...kind, state, jobId, bookId, reason, duplicates, via, at: iso(atMs) });
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

/** The events after `afterSeq`, as many as are read at once. */
async function readEvents(store: BatchStore, batchId: BatchId, afterSeq: number): Promise<string[]> {
  const entries = await store.settledSince(batchId, afterSeq, READ);
  const indexes = entries.map(({ index }) => index);
  const items = await itemsAt(store, batchId, indexes);
  return entries.map((entry) => itemEvent(entry, items.get(entry.index)));
}

/** Wakes all who wait, a moment after a signal. Signals that come together wake once. */
function createAlarm(onWake: () => void): { changed(): Promise<void>; signal(): void; close(): void } {
  let resolve = (): void => undefined;
  const next = (): Promise<void> => new Promise<void>((done) => (resolve = done));
  let waiting = next();
  let timer: NodeJS.Timeout | null = null;
  const wake = (): void => {
    timer = null;
    const wakeAll = resolve;
    waiting = next();
    onWake();
    wakeAll();
  };
  return {
    changed: () => waiting,
    signal: () => void (timer ??= setTimeout(wake, WAKE_MS)),
    close() {
      if (timer) clearTimeout(timer);
      wake();
    },
  };
}

/** Makes `batch` events. The counts are read at most once a second, unless they must be fresh. */
function createBatchEvent(batches: Pick<Batches, 'view'>, batchId: BatchId): BatchChannel['batchEvent'] {
  let view: { atMs: number; data: object } | null = null;
  return async (seq, fresh) => {
    if (view === null || fresh || performance.now() - view.atMs > VIEW_MS)
      view = { atMs: performance.now(), data: (await batches.view(batchId)) ?? { batchId } };
    return EVENT(seq, 'batch', view.data);
  };
}

/** Opens the channel of a batch; the first reader wants the events after `startSeq`. */
export function createBatchChannel(store: BatchStore, batches: Pick<Batches, 'view'>, batchId: BatchId, startSeq: number): BatchChannel {
  let kept: string[] = [];
  let head = startSeq;
  let mayHaveMore = true;
  let reading: Promise<void> | null = null;
  let checking: Promise<boolean> | null = null;
  let over = false;
  const alarm = createAlarm(() => (checking = null));

  const readOn = async (): Promise<void> => {
    // Set before reading: a signal that comes meanwhile must not be lost.
    mayHaveMore = false;
    try {
      const texts = await readEvents(store, batchId, head);
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
      const texts = await readEvents(store, batchId, seq);
      return texts.length === 0 ? null : { seq: seq + texts.length, text: texts.join('') };
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

  return {
    next,
    async isOver() {
      if (over) return true;
      checking ??= store.get(batchId).then((record) => record === null || record.endedAtMs !== null);
      over = await checking;
      // What settled before the end may have been written after the last look.
      if (over) mayHaveMore = true;
      return over;
    },
    batchEvent: createBatchEvent(batches, batchId),
    changed: alarm.changed,
    signal() {
      mayHaveMore = true;
      alarm.signal();
    },
    close: alarm.close,
  };
}
