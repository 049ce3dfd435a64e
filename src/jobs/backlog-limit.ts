/** A full backlog is refused at the door: every waiting job takes memory of the store, and a list that waits for months helps nobody. */
import { QuireError } from '../errors.ts';

/** The count is asked for again after so long, in milliseconds, behind the answers: no request waits for it. */
const LOOK_EVERY_MS = 1_000;
const RETRY_AFTER_SECONDS = 60;

export interface BacklogLimitOptions {
  /** Jobs that wait in the queue. */
  waiting(): Promise<number>;
  /** 0: no limit. */
  maxWaitingJobs: number;
  now?: () => number;
}

/** Makes the check: it throws `rate-limited` while `maxWaitingJobs` or more jobs wait, as far as is known. The count is about a second old, so some more may get in. */
export function createBacklogLimit({ waiting, maxWaitingJobs, now = Date.now }: BacklogLimitOptions): () => void {
  let known = 0;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  const look = (): void => {
    // A clock that was set back must not keep an old count alive.
    if (Math.abs(now() - lookedAtMs) < LOOK_EVERY_MS) return;
    lookedAtMs = now();
    // Where the store is away, what is submitted fails by itself.
    waiting().then(
      (count) => (known = count),
      () => (known = 0),
    );
  };
  return () => {
    if (maxWaitingJobs === 0) return;
    look();
    if (known < maxWaitingJobs) return;
    throw new QuireError(
      'rate-limited',
      `${known} jobs wait already, and no more than ${maxWaitingJobs} are taken (MAX_WAITING_JOBS). Nothing of this request was kept; send it again later.`,
      { retryAfterSeconds: RETRY_AFTER_SECONDS },
    );
  };
}
