/** Everything that can be read of a store through its port, as one value that can be compared. */
import { ALL_ITEM_STATES, type BatchId } from '../../../src/domain/batch.ts';
import type { JobRecord } from '../../../src/domain/job.ts';
import type { Records } from '../../specification/records.ts';
import { AT_ONCE, FAR_MS, keyOf, SERIES, type Model } from './model.ts';

const HOUR_MS = 3_600_000;
/** More than any run makes. */
const ALL = 5_000;
/** Batches that are read with all their items. */
const SHOWN = 20;

/** Buffers as text and maps as objects, wherever they lie in a value: so that differences are readable. */
export function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (value instanceof Map) return comparable(Object.fromEntries(value));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, comparable(one)]));
}

async function readFailed(store: Records, limit: number): Promise<JobRecord[][]> {
  const pages: JobRecord[][] = [];
  let cursor: string | null = null;
  do {
    const page: { jobs: JobRecord[]; cursor: string | null } = await store.jobs.listFailed({ reason: null, cursor, limit });
    pages.push(page.jobs);
    ({ cursor } = page);
  } while (cursor !== null && pages.length < 100);
  return pages;
}

/** The batches of a run, over all pages of the list. A real store still has those of earlier runs behind them. */
async function readList(store: Records, { batchIds }: Model, ended: boolean | null): Promise<BatchId[]> {
  const own = new Set(batchIds);
  const limit = own.size > SHOWN ? 500 : 2;
  const listed: BatchId[] = [];
  // No id begins with "~", and none of this run sorts before an earlier one.
  for (let before: BatchId | null = '~' as BatchId; before !== null && listed.every((batchId) => own.has(batchId));) {
    const page: Awaited<ReturnType<Records['batches']['list']>> = await store.batches.list({ before, limit, ended });
    listed.push(...page.batches.map(({ batchId }) => batchId));
    before = page.next;
  }
  return listed.filter((batchId) => own.has(batchId));
}

async function readBatch(store: Records, model: Model, batchId: BatchId): Promise<unknown> {
  return {
    record: await store.batches.get(batchId),
    items: await store.batches.items(batchId, { fromIndex: 0, limit: 1_000, state: null }),
    pages: await Promise.all([0, 1, 2].map((fromIndex) => store.batches.items(batchId, { fromIndex, limit: 2, state: null }))),
    byState: await Promise.all(ALL_ITEM_STATES.map((state) => store.batches.items(batchId, { fromIndex: 0, limit: 1, state }))),
    log: await store.batches.settledSince(batchId, 0, 1_000),
    rest: await store.batches.settledSince(batchId, 1, 2),
    indexes: await store.batches.indexesOf(batchId, model.jobIds),
  };
}

/** The batches of a crowd have one item each, which their counts tell of. */
async function readCrowd(store: Records, batchIds: BatchId[]): Promise<unknown[]> {
  const records: unknown[] = [];
  for (let from = 0; from < batchIds.length; from += AT_ONCE)
    records.push(...(await Promise.all(batchIds.slice(from, from + AT_ONCE).map((batchId) => store.batches.get(batchId)))));
  return records;
}

/** All records of a run. Lists whose order is open among equals are read whole and sorted. */
export async function readAll(store: Records, model: Model): Promise<unknown> {
  const { baseMs, jobIds } = model;
  const times = [baseMs, baseMs + HOUR_MS, baseMs - HOUR_MS];
  const sorted = async <T>(list: Promise<T[]>): Promise<string[]> => (await list).map((one) => JSON.stringify(one)).sort();
  return comparable({
    found: await Promise.all(times.flatMap((atMs) => jobIds.map((jobId) => store.books.find(jobId, atMs)))),
    books: [await store.books.list(null, 2), await store.books.list(model.bookIds[1]!, 10), await store.books.count()],
    jobs: await Promise.all(jobIds.map((jobId) => store.jobs.get(jobId))),
    live: await Promise.all(jobIds.map((jobId) => store.jobs.isLive(jobId))),
    failed: [await readFailed(store, 2), await readFailed(store, 100)],
    poison: await store.jobs.listFailed({ reason: 'poison', cursor: null, limit: 100 }),
    solo: await sorted(store.jobs.listSolo(100)),
    batches: await Promise.all(model.batchIds.slice(0, SHOWN).map((batchId) => readBatch(store, model, batchId))),
    crowd: await readCrowd(store, model.batchIds.slice(SHOWN)),
    listed: await Promise.all([null, false, true].map((ended) => readList(store, model, ended))),
    idle: await Promise.all(times.map((atMs) => sorted(store.batches.listIdle(atMs, ALL)))),
    ahead: await Promise.all(times.map((atMs) => sorted(store.batches.listAhead(atMs, ALL)))),
    unannounced: await sorted(store.batches.listUnannounced(ALL)),
    documents: await store.documents.list(keyOf(model, ''), { nowMs: baseMs, afterKey: null, limit: 100 }),
    someDocuments: await store.documents.list(keyOf(model, ''), { nowMs: baseMs, afterKey: keyOf(model, 'a'), limit: 2 }),
    farDocuments: await store.documents.list(keyOf(model, ''), { nowMs: baseMs + FAR_MS / 2, afterKey: null, limit: 100 }),
    tallies: await Promise.all(Array.from({ length: SERIES }, (_, at) => store.tallies.read(keyOf(model, String(at)), 0, 1e8))),
    pages: await Promise.all(jobIds.map((jobId) => store.pages.get(jobId, baseMs))),
  });
}
