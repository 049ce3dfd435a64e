/** Made-up books, links and batches for the contract: every id is new, so that tests of one store do not meet. */
import type { BatchId, BatchOptions, BatchRecord } from '../../src/domain/batch.ts';
import type { BookId, JobId } from '../../src/domain/identity.ts';
import type { JobFailure, JobOutcome } from '../../src/domain/job.ts';
import type { Settled, Settlement, StoredBook, Submission, SubmitOutcome, SubmittedItem } from '../../src/storage/store.ts';
import type { Records } from '../specification/records.ts';

let counter = 0;
const next = (): number => ++counter;

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/** Near the wall clock, since a store may let records expire by it. */
export const NOW_MS = Math.floor(Date.now() / 1000) * 1000;

export const newBookId = (): BookId => String(700_000 + next()) as BookId;
export const newRun = (): string => `run${next()}`;
export const newBatchId = (): BatchId => `batch${String(next()).padStart(12, '0')}` as BatchId;
export const jobOf = (bookId: BookId): JobId => `book-${bookId}` as JobId;
export const newAsinJob = (): JobId => `asin-B0${String(next()).padStart(8, '0')}` as JobId;
export const newIsbnJob = (): JobId => `isbn-9780${String(next()).padStart(9, '0')}` as JobId;

export const OPTIONS: BatchOptions = { priority: 'normal', maxAgeMs: null, webhook: null };

/** A copy of a book; `label` changes body and etag. */
export function sampleBook(bookId: BookId, { label = 'a', ...rest }: Partial<StoredBook> & { label?: string } = {}): StoredBook {
  return {
    bookId,
    body: Buffer.from(JSON.stringify({ id: bookId, label, title: 'Война и мир — “quoted” 📚' })),
    etag: `etag_${label}`.padEnd(16, '-').slice(0, 16),
    fetchedAtMs: NOW_MS,
    freshUntilMs: NOW_MS + HOUR_MS,
    richness: 10,
    ...rest,
  };
}

export const KEEP_UNTIL_MS = NOW_MS + 24 * HOUR_MS;

/** A valid link for each job. */
export const itemsOf = (jobIds: readonly JobId[], firstIndex = 0): SubmittedItem[] =>
  jobIds.map((jobId, at) => ({
    index: firstIndex + at,
    input: `https://www.goodreads.com/book/show/${jobId.slice(5)}`,
    jobId,
    bookId: jobId.startsWith('book-') ? (jobId.slice(5) as BookId) : null,
    duplicates: 0,
    reason: null,
  }));

export const invalidItem = (index: number): SubmittedItem => ({
  index,
  input: 'nonsense',
  jobId: null,
  bookId: null,
  duplicates: 0,
  reason: 'That is not an absolute web address.',
});

export type SubmitMore = Partial<Omit<Submission, 'items' | 'batch'>> & { last?: boolean; total?: number; options?: BatchOptions };

/** Submits links as (a part of) a batch; `null` submits them without one. */
export async function submit(
  store: Records,
  batchId: BatchId | null,
  items: SubmittedItem[],
  { last = true, total = items.length, options = OPTIONS, ...more }: SubmitMore = {},
): Promise<SubmitOutcome[]> {
  return store.batches.submit({
    batch: batchId === null ? null : { batchId, options, total, last },
    nowMs: NOW_MS,
    run: newRun(),
    priority: 'normal',
    maxAgeMs: null,
    items,
    ...more,
  });
}

interface EndMore {
  run?: string | null;
  nowMs?: number;
  attempts?: number;
  outcome?: JobOutcome;
  book?: StoredBook;
  error?: JobFailure;
  notFoundUntilMs?: number;
}

/** Ends a job: as `parsed`, with `book` or a fresh copy under the id that the job names, or as given. */
export function settlement(jobId: JobId, { outcome = 'parsed', book, error, notFoundUntilMs, ...more }: EndMore = {}): Settlement {
  const end = { jobId, run: null, nowMs: NOW_MS, attempts: 1, ...more };
  if (outcome === 'parsed') return { ...end, outcome, book: book ?? sampleBook(jobId.slice(5) as BookId), keepUntilMs: KEEP_UNTIL_MS };
  if (outcome !== 'not-found') return { ...end, outcome, error: error ?? { code: 'crawl-failed', detail: 'Reset.' } };
  return {
    ...end,
    outcome,
    error: error ?? { code: 'book-not-found', detail: 'Goodreads has no such book.' },
    notFoundUntilMs: notFoundUntilMs ?? NOW_MS + HOUR_MS,
  };
}

/** The answer of a settlement that no batch which looks for books has to do with. */
export const answered = (settled: boolean, stored: Settled['stored']): Settled => ({ settled, stored, toJudge: [], stopped: [] });

/** Settles as parsed, with a fresh copy under the id that the job names. */
export const settleParsed = (store: Records, jobId: JobId, more: EndMore = {}) => store.jobs.settle(settlement(jobId, more));

/** The batch, which must exist and whose counts must add up. */
export async function batchOf(store: Records, batchId: BatchId): Promise<BatchRecord> {
  const batch = await store.batches.get(batchId);
  if (batch === null) throw new Error(`the batch ${batchId} is gone`);
  const sum = Object.values(batch.counts).reduce((a, b) => a + b, 0);
  if (sum !== batch.total)
    throw new Error(`the counts of ${batchId} add up to ${sum}, not ${batch.total}: ${JSON.stringify(batch.counts)}`);
  return batch;
}

/** The states of a batch's items in order. */
export async function statesOf(store: Records, batchId: BatchId): Promise<string[]> {
  const page = await store.batches.items(batchId, { fromIndex: 0, limit: 1_000, state: null });
  if (page === null) throw new Error(`the batch ${batchId} is gone`);
  return page.items.map((item) => item.state);
}
