/** A full backlog is refused at the door: every waiting job takes memory of the store, and a list that waits for months helps nobody. */
import { QuireError } from '../errors.ts';
import type { BacklogReader } from './backlog.ts';

const RETRY_AFTER_SECONDS = 60;

export interface BacklogLimitOptions extends Pick<BacklogReader, 'gauge'> {
  /** 0: no limit. */
  maxWaitingJobs: number;
}

/** Makes the check: it throws `rate-limited` while `maxWaitingJobs` or more jobs wait, as far as is known. The count is about a second old, so some more may get in. */
export function createBacklogLimit({ gauge, maxWaitingJobs }: BacklogLimitOptions): () => void {
  let known = 0;
  return () => {
    if (maxWaitingJobs === 0) return;
    // Behind the answers: no request waits for the count. Where the store is away, what is submitted fails by itself.
    gauge().then(
      (count) => (known = count),
      () => (known = 0),
    );
    if (known < maxWaitingJobs) return;
    throw new QuireError(
      'rate-limited',
      `${known} jobs wait already, and no more than ${maxWaitingJobs} are taken (MAX_WAITING_JOBS). Nothing of this request was kept; send it again later.`,
      { retryAfterSeconds: RETRY_AFTER_SECONDS },
    );
  };
}
