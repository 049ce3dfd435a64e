/** Calls BullMQ for an HTTP request: within a deadline, and with an error that the caller may see. */
import { STORE_DEADLINE_MS, withDeadline } from '../domain/deadline.ts';
import { QuireError } from '../errors.ts';

/** How long the queue may be away while a worker starts, in milliseconds. The driver retries in that time. */
export const START_TIMEOUT_MS = 10_000;

/** Awaits `work`. Rejects with `store-unavailable` when it fails or takes longer than `timeoutMs`: BullMQ fails when its store does. */
export async function askQueue<T>(work: Promise<T>, timeoutMs: number = STORE_DEADLINE_MS): Promise<T> {
  const late = (): QuireError => new QuireError('store-unavailable', 'The queue does not answer in time.', { retryAfterSeconds: 2 });
  try {
    return await withDeadline(work, timeoutMs, late);
  } catch (error) {
    if (error instanceof QuireError) throw error;
    throw new QuireError('store-unavailable', `The queue does not answer: ${(error as Error).message}`, {
      cause: error,
      retryAfterSeconds: 2,
    });
  }
}
