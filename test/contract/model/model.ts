/** What the commands of the property tests share: the specification, the real store, and the names that one run uses. */
import type { BatchId } from '../../../src/domain/batch.ts';
import type { BookId, JobId } from '../../../src/domain/identity.ts';
import type { Signal } from '../../../src/storage/store.ts';
import { encodeSignal } from '../../../src/storage/signal-lines.ts';
import { jobOfBook, type Records } from '../../specification/records.ts';
import { createSpecification } from '../../specification/store.ts';
import { TEST_SETTINGS, type MadeStore } from '../../support/stores.ts';

export const DAY_MS = 86_400_000;

/** Everything that expires does so far from now, since the real stores let it expire by their own clock. */
export const FAR_MS = 30 * DAY_MS;

/** Calls that go to a store at the same time at most. */
export const AT_ONCE = 100;

const BOOKS = 5;
const ISBNS = 2;
export const JOBS = BOOKS + ISBNS;
export const DOCUMENTS = ['a', 'b', 'B', 'ab', 'ä', '~'];
export const SERIES = 2;

/** Says what was heard since the last question. */
interface Ear {
  hear(): Promise<string[]>;
  stop(): void;
}

let marks = 0;

function createEar(store: Records): Ear {
  let heard: string[] = [];
  let awaited = '';
  let onMark = (): void => undefined;
  const stop = store.signals.subscribe((signal) => {
    const line = encodeSignal(signal);
    if (line === awaited) onMark();
    else heard.push(line);
  });
  return {
    stop,
    async hear() {
      const mark: Signal = { kind: 'cancel', jobId: 'book-0' as JobId, run: `mark${++marks}` };
      awaited = encodeSignal(mark);
      const arrived = new Promise<void>((resolve) => (onMark = resolve));
      await store.signals.publish(mark);
      await arrived;
      const lines = [...new Set(heard)].sort();
      heard = [];
      return lines;
    },
  };
}

/** A store under test. It lives longer than a run: see {@link leaveEmpty}. */
export interface Real {
  kind: MadeStore['store']['kind'];
  store: MadeStore['store'];
  ear: Ear;
}

export const listenTo = (store: MadeStore['store']): Real => ({ kind: store.kind, store, ear: createEar(store) });

export interface Model {
  spec: ReturnType<typeof createSpecification>;
  ear: Ear;
  baseMs: number;
  /** Tells the names of this run from those of all others. */
  name: string;
  bookIds: BookId[];
  jobIds: JobId[];
  batchIds: BatchId[];
  runs: number;
  /** The job that a crowd waits for. */
  crowded: JobId | null;
  /** Where the list of failed jobs goes on, on the specification and on the real store. */
  cursors: { spec: string; real: string } | null;
}

let models = 0;

/** An empty specification and names that no other run has. The numbers of books differ in length, since they are listed by number. */
export function createModel(): Model {
  const nth = ++models;
  const spec = createSpecification(TEST_SETTINGS);
  const bookIds = Array.from({ length: BOOKS }, (_, at) => `${at + 1}${'0'.repeat(at)}${nth}` as BookId);
  const isbns = Array.from({ length: ISBNS }, (_, at) => `isbn-978${at}${String(nth).padStart(9, '0')}` as JobId);
  return {
    spec,
    ear: createEar(spec),
    baseMs: Math.floor(Date.now() / 1_000) * 1_000,
    name: String(nth),
    bookIds,
    jobIds: [...bookIds.map(jobOfBook), ...isbns],
    batchIds: [],
    runs: 0,
    crowded: null,
    cursors: null,
  };
}

export const nextRun = (model: Model): string => `m${model.name}run${++model.runs}`;
export const nextBatchId = (model: Model, nth = 0): BatchId =>
  `m${model.name.padStart(7, '0')}b${String(model.batchIds.length + nth).padStart(6, '0')}` as BatchId;
export const keyOf = (model: Model, name: string): string => `m${model.name}:${name}`;

/** The page that is there in every run: pages cannot be deleted, so the oldest of all times stands for those of earlier runs. */
const FIRST_PAGE = 'book-0' as JobId;
const NO_BYTES = Buffer.from('x');

export async function keepFirstPage(store: Records): Promise<void> {
  const expireAtMs = Date.now() + FAR_MS;
  await store.pages.keep(FIRST_PAGE, NO_BYTES, { nowMs: Date.now() + FAR_MS / 2, expireAtMs, maxPages: 1 });
  await store.pages.keep(FIRST_PAGE, NO_BYTES, { nowMs: 1, expireAtMs, maxPages: 100 });
}

/** Empties the lists of a real store after a run, so that the next one begins with none of its records. Says whether that worked. */
export async function leaveEmpty({ store }: Real, model: Model): Promise<boolean> {
  const nowMs = Date.now();
  const end = async (batchId: BatchId): Promise<void> => {
    await store.batches.cancel(batchId, nowMs);
    await store.batches.acknowledge(batchId);
  };
  // A crowd is cancelled at once with its job.
  for (const jobId of model.jobIds) await store.jobs.cancel(jobId, nowMs);
  for (let from = 0; from < model.batchIds.length; from += AT_ONCE) await Promise.all(model.batchIds.slice(from, from + AT_ONCE).map(end));
  for (const bookId of model.bookIds) await store.books.delete(bookId);
  for (const jobId of model.jobIds) {
    const isFailed = (await store.jobs.get(jobId))?.state === 'failed';
    const item = { index: 0, input: '', jobId, bookId: null, duplicates: 0, reason: null };
    if (isFailed) await store.batches.submit({ batch: null, nowMs, run: nextRun(model), priority: 'bulk', maxAgeMs: 0, items: [item] });
    await store.jobs.cancel(jobId, nowMs);
  }
  for (const name of DOCUMENTS) await store.documents.delete(keyOf(model, name));
  const farMs = nowMs + 10 * FAR_MS;
  while ((await store.batches.sweep(farMs)) > 0);
  const left = [
    await store.books.list(null, 10),
    (await store.jobs.listFailed({ reason: null, cursor: null, limit: 10 })).jobs,
    await store.jobs.listSolo(10),
    await store.batches.listIdle(farMs, 10),
    await store.batches.listUnannounced(10),
  ];
  return left.every((list) => list.length === 0);
}
