/** Bringing records from one store into another, a page at a time. Doing so again changes nothing, which is how a migration is resumed and checked. */
import { isDeepStrictEqual } from 'node:util';
import type { BatchId, BatchItem } from '../domain/batch.ts';
import type { Store } from '../storage/store.ts';
import { storableText } from '../domain/storable-text.ts';
import type { KindTransfer, MovedBatch, TransferKind } from '../storage/transfer.ts';
import { patiently } from './patience.ts';
import { bookRule, compareBatches, documentRule, isJobThere, jobRule, pageRule, tallyRule, type Rule } from './rules.ts';

/** Records, items and log entries that are held in memory at once. Kept pages are large. */
const AT_ONCE: Record<TransferKind, number> = { books: 250, batches: 20, jobs: 500, documents: 250, tallies: 250, pages: 20 };
const ITEMS_AT_ONCE = 500;
/** A record that ends this soon (milliseconds) may be gone from the target already, whose clock may be ahead: it is not looked for. */
const ENDING_MS = 60_000;

export interface PageOutcome {
  /** Records of the source. */
  seen: number;
  /** Of them, those that were written: the target did not have them, or not as new. */
  written: number;
}

/** What is done with a page of names: `copy` looks at a batch's own record alone, `check` at every item too. */
export type Purpose = 'copy' | 'check';
export type BringPage = (names: readonly string[], purpose: Purpose) => Promise<PageOutcome>;

/** Names of the source, page by page; each page comes with the cursor behind it. */
export async function* namePages(
  from: Store,
  kind: TransferKind,
  cursor: string | null,
  signal: AbortSignal,
): AsyncGenerator<{ names: string[]; cursor: string | null }> {
  for (let at = cursor; ;) {
    const after = at;
    const page = await patiently(signal, () => from.transfer.kinds[kind].names(after, AT_ONCE[kind], Date.now()));
    yield page;
    at = page.cursor;
    if (at === null) return;
  }
}

/** A kind of record that is written as it was read. */
function bringRecords<Moved>(
  from: KindTransfer<Moved>,
  to: KindTransfer<Moved>,
  rule: Rule<Moved>,
  isThere?: (given: Moved, held: Moved | undefined) => boolean,
): BringPage {
  return async (names, purpose) => {
    const nowMs = Date.now();
    const given = await from.read(names, purpose === 'check' ? nowMs + ENDING_MS : nowMs);
    const held = await to.read([...given.keys()], nowMs);
    const wanted = [...given].flatMap(([name, record]) => rule(record, held.get(name)) ?? []);
    await to.write(wanted);
    const there = isThere ? [...given].filter(([name, record]) => isThere(record, held.get(name))).length : given.size - wanted.length;
    return { seen: given.size, written: given.size - there };
  };
}

const storable = (items: BatchItem[]): BatchItem[] =>
  items.map((item) => ({ ...item, input: storableText(item.input), reason: item.reason === null ? null : storableText(item.reason) }));

async function itemsFrom(store: Store, batchId: BatchId, fromIndex: number): Promise<{ items: BatchItem[]; nextIndex: number | null }> {
  const page = await store.batches.items(batchId, { fromIndex, limit: ITEMS_AT_ONCE, state: null });
  return page ? { items: storable(page.items), nextIndex: page.nextIndex } : { items: [], nextIndex: null };
}

/** Items and log first: a batch that has its record is whole. */
async function copyBatch(from: Store, to: Store, batch: MovedBatch): Promise<void> {
  const { batchId } = batch;
  await to.transfer.dropBatch(batchId);
  for (let index: number | null = 0; index !== null;) {
    const page: Awaited<ReturnType<typeof itemsFrom>> = await itemsFrom(from, batchId, index);
    if (page.items.length > 0) await to.transfer.writeItems(batchId, page.items);
    index = page.nextIndex;
  }
  for (let seq = 0; seq < batch.logLength;) {
    const entries = await from.batches.settledSince(batchId, seq, ITEMS_AT_ONCE);
    if (entries.length === 0) break;
    await to.transfer.writeLog(batchId, entries);
    seq += entries.length;
  }
  await to.transfer.kinds.batches.write([batch]);
}

async function hasSameItems(from: Store, to: Store, { batchId, logLength }: MovedBatch): Promise<boolean> {
  for (let index: number | null = 0; index !== null;) {
    const [given, held]: Awaited<ReturnType<typeof itemsFrom>>[] = await Promise.all([
      itemsFrom(from, batchId, index),
      itemsFrom(to, batchId, index),
    ]);
    if (!isDeepStrictEqual(given, held)) return false;
    index = given?.nextIndex ?? null;
  }
  for (let seq = 0; seq < logLength; seq += ITEMS_AT_ONCE) {
    const [given, held] = await Promise.all([
      from.batches.settledSince(batchId, seq, ITEMS_AT_ONCE),
      to.batches.settledSince(batchId, seq, ITEMS_AT_ONCE),
    ]);
    if (!isDeepStrictEqual(given, held)) return false;
  }
  return true;
}

function bringBatches(from: Store, to: Store): BringPage {
  return async (names, purpose) => {
    const nowMs = Date.now();
    const given = await from.transfer.kinds.batches.read(names, purpose === 'check' ? nowMs + ENDING_MS : nowMs);
    const held = await to.transfer.kinds.batches.read([...given.keys()], nowMs);
    let written = 0;
    for (const [name, batch] of given) {
      const found = compareBatches(batch, held.get(name));
      if (found === 'ahead' || (found === 'same' && (purpose === 'copy' || (await hasSameItems(from, to, batch))))) continue;
      await copyBatch(from, to, batch);
      written += 1;
    }
    return { seen: given.size, written };
  };
}

/** How each kind is brought over. */
export function createBringers(from: Store, to: Store): Record<TransferKind, BringPage> {
  const [source, target] = [from.transfer.kinds, to.transfer.kinds];
  return {
    books: bringRecords(source.books, target.books, bookRule),
    batches: bringBatches(from, to),
    jobs: bringRecords(source.jobs, target.jobs, jobRule, isJobThere),
    documents: bringRecords(source.documents, target.documents, documentRule),
    tallies: bringRecords(source.tallies, target.tallies, tallyRule),
    pages: bringRecords(source.pages, target.pages, pageRule),
  };
}
