/** Batches that grow and look for books, on the rules of the store: a store, what the queue has, and the use cases. */
import { vi } from 'vitest';
import { createCloseBatch } from '../../../src/app/batches/close-batch.ts';
import { createEndBatch } from '../../../src/app/batches/end-batch.ts';
import { createEndDue } from '../../../src/app/batches/end-due.ts';
import { settleParsed } from '../../../src/app/batches/hunt.ts';
import { createAddLinks } from '../../../src/app/batches/add-links.ts';
import type { AddAnswer, SubmitAnswer, SubmitRequest } from '../../../src/app/batches/batch-view.ts';
import { createSubmitLinks } from '../../../src/app/submit-links.ts';
import type { BatchId } from '../../../src/domain/batch.ts';
import type { BookId, JobId } from '../../../src/domain/identity.ts';
import type { JobRun } from '../../../src/domain/run-id.ts';
import type { UntilCondition } from '../../../src/domain/until.ts';
import type { StoredBook } from '../../../src/storage/store.ts';
import { jobOf, KEEP_UNTIL_MS, NOW_MS, sampleBook } from '../../contract/samples.ts';
import { createSpecification } from '../../specification/store.ts';
import { noCollections, silentLog } from '../../support/quiet.ts';
import { TEST_SETTINGS } from '../../support/stores.ts';

export const ODD: UntilCondition = { field: 'title', equals: 'odd', count: 2 };

/** A book whose title says whether its number is odd. */
export const bookOf = (id: number): StoredBook =>
  sampleBook(String(id) as BookId, { body: Buffer.from(JSON.stringify({ id: String(id), title: id % 2 === 1 ? 'Odd' : 'even' })) });
export const linksOf = (...ids: number[]): string[] => ids.map(String);

/** A store, what the queue has, and the use cases. */
export function openBatches() {
  const store = createSpecification(TEST_SETTINGS, () => NOW_MS);
  const queued = new Map<JobId, string>();
  const cancelled: JobId[] = [];
  let nowMs = NOW_MS;
  const queue = {
    enqueue: vi.fn<(jobs: readonly JobRun[]) => Promise<void>>(async (jobs) => jobs.forEach(({ jobId, run }) => queued.set(jobId, run))),
    raisePriority: () => Promise.resolve(),
    cancel: async (jobs: readonly JobRun[]) => {
      for (const { jobId, run } of jobs) {
        if (queued.get(jobId) === run) queued.delete(jobId);
        cancelled.push(jobId);
      }
    },
  };
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (_fields: object, message: string) => void warnings.push(message) };
  const options = { store, queue, collections: noCollections, enter: () => Promise.resolve(() => undefined), log, now: () => nowMs };
  const submitLinks = createSubmitLinks(options);
  const addLinks = createAddLinks(options);
  const closeBatch = createCloseBatch(options);
  const hunt = { store, endBatch: createEndBatch({ store, queue, collections: noCollections, now: () => nowMs }), log };
  return {
    store,
    queue,
    queued,
    cancelled,
    warnings,
    endDue: createEndDue({ store, queue, collections: noCollections, log, now: () => nowMs }),
    sleep: (ms: number) => void (nowMs += ms),
    submit: (links: string[], more: Partial<SubmitRequest> = {}): Promise<SubmitAnswer> =>
      submitLinks({ links, priority: 'normal', maxAgeMs: null, webhook: null, ...more }),
    add: (batchId: BatchId, links: string[]): Promise<AddAnswer | null> => addLinks(batchId, links),
    close: closeBatch,
    keep: (...ids: number[]) => Promise.all(ids.map((id) => store.books.put(bookOf(id), [jobOf(String(id) as BookId)], KEEP_UNTIL_MS))),
    parse: (id: number) =>
      settleParsed(hunt, {
        jobId: jobOf(String(id) as BookId),
        run: queued.get(jobOf(String(id) as BookId)) ?? 'none',
        nowMs,
        attempts: 1,
        outcome: 'parsed',
        book: bookOf(id),
        keepUntilMs: KEEP_UNTIL_MS,
      }),
    batch: async (batchId: BatchId) => (await store.batches.get(batchId))!,
  };
}
