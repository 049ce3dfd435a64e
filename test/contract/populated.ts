/** A store with something of every kind in it, and all that a store holds, in a form in which two stores can be compared. */
import type { BatchId } from '../../src/domain/batch.ts';
import type { BookId, JobId } from '../../src/domain/identity.ts';
import type { Store } from '../../src/storage/store.ts';
import { TRANSFER_KINDS } from '../../src/storage/transfer.ts';
import { add, collectionItem, inPlaces, linkTo, newJob, pageOf } from './growing-samples.ts';
import {
  HOUR_MS,
  invalidItem,
  itemsOf,
  jobOf,
  KEEP_UNTIL_MS,
  newAsinJob,
  newBatchId,
  newBookId,
  newIsbnJob,
  newRun,
  NOW_MS,
  OPTIONS,
  sampleBook,
  settleParsed,
  settlement,
  submit,
} from './samples.ts';

export interface Populated {
  /** Three items parsed, failed or not found, one cached, one invalid, one by ISBN, the rest queued. */
  running: BatchId;
  finished: BatchId;
  cancelled: BatchId;
  /** Of `running`, in the order in which they were submitted. */
  waiting: JobId[];
  /** Wanted by a reader alone. */
  solo: JobId;
  /** Of an open batch that grew. */
  grown: JobId[];
}

/** Fills an empty store; `size` is how many jobs wait in the end. Nothing is given to BullMQ. */
export async function populate(store: Store, size = 40): Promise<Populated> {
  const cached = newBookId();
  await store.books.put(sampleBook(cached), [], KEEP_UNTIL_MS);
  const [merged, into] = [newBookId(), newBookId()];
  await store.books.put(sampleBook(into, { richness: 7, label: 'b' }), [jobOf(merged), newIsbnJob(), newAsinJob()], KEEP_UNTIL_MS + 5);

  const [parsed, failed, missing] = [newBookId(), newBookId(), newBookId()].map(jobOf) as [JobId, JobId, JobId];
  const isbn = newIsbnJob();
  const waiting = Array.from({ length: size }, () => jobOf(newBookId()));
  const running = newBatchId();
  const links = [parsed, failed, missing, isbn, jobOf(cached), ...waiting.slice(0, size / 2)];
  const total = links.length + 1 + waiting.length - size / 2;
  const run = newRun();
  await submit(store, running, [...itemsOf(links), { ...invalidItem(links.length), input: 'a\u0001“wörd” 📚', duplicates: 3 }], {
    run,
    total,
    last: false,
  });
  await submit(store, running, itemsOf(waiting.slice(size / 2), links.length + 1), { run: newRun(), total, nowMs: NOW_MS + 1 });
  await settleParsed(store, parsed, { nowMs: NOW_MS + 10, attempts: 2 });
  await store.jobs.note(failed, run, { atMs: NOW_MS + 11, event: 'attempt-failed', detail: 'Attempt 1 of 5: “connection reset”.' });
  await store.jobs.settle(
    settlement(failed, { nowMs: NOW_MS + 20, outcome: 'failed', error: { code: 'crawl-failed', detail: 'Connection reset.' } }),
  );
  await store.jobs.settle(
    settlement(missing, { nowMs: NOW_MS + 30, outcome: 'not-found', error: { code: 'book-not-found', detail: 'Twice.' } }),
  );
  await store.jobs.settle(settlement(isbn, { nowMs: NOW_MS + 40, book: sampleBook(newBookId()) }));
  const stillWaiting = waiting[0] ?? parsed;
  const itsRun = (await store.jobs.get(stillWaiting))?.run ?? '';
  await store.jobs.note(stillWaiting, itsRun, { atMs: NOW_MS + 41, event: 'blocked', detail: 'The source is closed.' });

  const finished = newBatchId();
  await submit(store, finished, itemsOf([jobOf(cached), parsed]), { nowMs: NOW_MS + 50 });
  await store.batches.acknowledge(finished);
  const unannounced = newBatchId();
  await submit(store, unannounced, itemsOf([jobOf(cached)]), {
    nowMs: NOW_MS + 60,
    options: { priority: 'bulk', maxAgeMs: 5, webhook: { url: 'https://example.org/hook', secret: null } },
  });
  const cancelled = newBatchId();
  await submit(store, cancelled, itemsOf([jobOf(newBookId()), stillWaiting]), { nowMs: NOW_MS + 70, priority: 'interactive' });
  await store.batches.cancel(cancelled, NOW_MS + 80);
  const grown = await growOne(store, cached);
  const solo = jobOf(newBookId());
  await submit(store, null, itemsOf([solo]), { nowMs: NOW_MS + 90, priority: 'interactive' });

  await store.documents.put('source/state', '{"mode":"open","rule":"\\u0000"}', { nowMs: NOW_MS, expireAtMs: null });
  await store.documents.put('source/state', '{"mode":"blocked"}', { nowMs: NOW_MS, expireAtMs: null });
  await store.documents.put('idempotency/α', '{"status":202}', { nowMs: NOW_MS, expireAtMs: NOW_MS + HOUR_MS });
  const hour = Math.floor(NOW_MS / HOUR_MS);
  await store.tallies.add('source', hour, { requests: 5, bytes: 120_000, 'outcome:ok': 4 }, 90 * 24);
  await store.tallies.add('source', hour - 1, { requests: 7 }, 90 * 24);
  await store.tallies.add('parser', hour, { 'layer:json-ld': 2 }, 15 * 24);
  await store.pages.keep(failed, Buffer.from([0, 1, 2, 255, 254, 10, 13]), { nowMs: NOW_MS, expireAtMs: NOW_MS + HOUR_MS, maxPages: 200 });
  return { running, finished, cancelled, waiting, solo, grown };
}

/** Makes an open batch that looks for two books and has found one, with a collection that is read and one that was. Returns its jobs. */
async function growOne(store: Store, cached: BookId): Promise<JobId[]> {
  const batchId = newBatchId();
  const grown = [newJob(), newJob()] as const;
  const items = inPlaces([collectionItem('{"page":0,"title":"“ä”"}'), linkTo(grown[0]), collectionItem()]);
  const options = { ...OPTIONS, until: { field: 'title', contains: '“ä”', count: 2 } };
  const batch = { batchId, options, total: items.length, last: true, open: true };
  await store.batches.submit({ batch, nowMs: NOW_MS + 82, run: newRun(), priority: 'normal', maxAgeMs: null, items });
  await add(store, batchId, [linkTo(grown[1], 2), linkTo(jobOf(cached))], { nowMs: NOW_MS + 83, from: pageOf(1) });
  await add(store, batchId, [], { nowMs: NOW_MS + 84, from: pageOf(1, { index: 2, end: { state: 'expanded', reason: '50 “books”.' } }) });
  await add(store, batchId, [linkTo(jobOf(cached))], { nowMs: NOW_MS + 1_085 });
  await store.batches.report(batchId, [cached], NOW_MS + 86);
  return [...grown];
}

/** Names of a kind, each once, in order; they are asked for in pages of `limit`. */
export async function namesOf(store: Store, kind: (typeof TRANSFER_KINDS)[number], limit = 7): Promise<string[]> {
  const names: string[] = [];
  for (let cursor: string | null = null; ;) {
    const page: { names: string[]; cursor: string | null } = await store.transfer.kinds[kind].names(cursor, limit, Date.now());
    names.push(...page.names);
    cursor = page.cursor;
    if (cursor === null) return [...new Set(names)].sort();
  }
}

/** Everything in a store. Times at which a store itself drops batches and counters are left out: stores keep those by different rules. */
export async function contentsOf(store: Store): Promise<Record<string, unknown>> {
  const contents: Record<string, unknown> = {};
  for (const kind of TRANSFER_KINDS) {
    const names = await namesOf(store, kind);
    const records = await store.transfer.kinds[kind].read(names, Date.now());
    contents[kind] = names
      .flatMap((name) => records.get(name) ?? [])
      .map((record) => (kind === 'batches' || kind === 'tallies' ? Object.assign(record, { keepUntilMs: null }) : record));
  }
  const batchIds = (await namesOf(store, 'batches')) as BatchId[];
  contents['items'] = await Promise.all(batchIds.map((id) => store.batches.items(id, { fromIndex: 0, limit: 100_000, state: null })));
  contents['log'] = await Promise.all(batchIds.map((id) => store.batches.settledSince(id, 0, 100_000)));
  contents['open for additions'] = await store.batches.listOpenFor(NOW_MS + HOUR_MS, 1_000);
  contents['idle'] = (await store.batches.listIdle(NOW_MS + HOUR_MS, 1_000)).sort();
  for (const ended of [null, true, false]) {
    const { batches } = await store.batches.list({ before: null, limit: 100_000, ended });
    contents[`batches ended: ${ended}`] = batches.map(({ batchId }): BatchId => batchId);
  }
  contents['unannounced'] = await store.batches.listUnannounced(1_000);
  contents['failed'] = (await store.jobs.listFailed({ reason: null, cursor: null, limit: 1_000 })).jobs;
  contents['solo'] = await store.jobs.listSolo(1_000);
  const books = await store.books.list(null, 100_000);
  contents['listed'] = books.map(({ bookId }): BookId => bookId);
  contents['count'] = await store.books.count();
  return contents;
}
