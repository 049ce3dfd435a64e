/** Submits one book without a batch: for a refresh behind a stale read, `submit=true`, `POST /books/{id}/refresh` or a retry. */
import type { Priority } from '../domain/batch.ts';
import type { BookReference, JobId } from '../domain/identity.ts';
import { newRun } from '../domain/run-id.ts';
import type { Store } from '../storage/store.ts';
import type { EnterQueue } from './backlog-limit.ts';
import type { JobQueue } from './job-queue.ts';

export interface SubmitBookOptions {
  store: Pick<Store, 'batches'>;
  queue: Pick<JobQueue, 'enqueue' | 'raisePriority'>;
  enter: EnterQueue;
  now: () => number;
}

export interface BookSubmission {
  priority: Priority;
  /** A copy that is younger, in milliseconds, is good enough; `null`: `BOOK_TTL` decides. */
  maxAgeMs: number | null;
}

export interface SubmittedBook {
  jobId: JobId;
  /** `joined`: a live job existed. `cached`: the copy is young enough. `missing`: Quire remembers that there is no such book. */
  status: 'queued' | 'joined' | 'cached' | 'not-found';
}

/** Submits one book. Rejects with `rate-limited` while the queue is full. */
export type SubmitBook = (reference: BookReference, submission: BookSubmission) => Promise<SubmittedBook>;

export function createSubmitBook(options: SubmitBookOptions): SubmitBook {
  return async function submitBook(reference, submission) {
    const leave = await options.enter(1);
    let queued = 1;
    try {
      const submitted = await record(options, reference, submission);
      queued = submitted.status === 'queued' ? 1 : 0;
      return submitted;
    } finally {
      leave(queued);
    }
  };
}

async function record(
  { store, queue, now }: SubmitBookOptions,
  reference: BookReference,
  submission: BookSubmission,
): Promise<SubmittedBook> {
  const { jobId } = reference;
  const nowMs = now();
  const run = newRun(nowMs);
  const bookId = reference.kind === 'book' ? reference.bookId : null;
  const item = { index: 0, input: reference.url, jobId, bookId, duplicates: 0, reason: null };
  const [outcome] = await store.batches.submit({ batch: null, nowMs, run, items: [item], ...submission });
  switch (outcome?.status) {
    case 'queued':
      await queue.enqueue([{ jobId, run }], submission.priority);
      return { jobId, status: 'queued' };
    case 'joined':
      if (outcome.raisedRun) await queue.raisePriority({ jobId, run: outcome.raisedRun }, submission.priority);
      return { jobId, status: 'joined' };
    case 'cached':
    case 'not-found':
      return { jobId, status: outcome.status };
    default:
      throw new Error(`a valid reference was refused: ${jobId}`);
  }
}
