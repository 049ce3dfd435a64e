/**
 * Library: bullmq 6.7.0.
 * Reason: BullMQ's SQL looks through all finished jobs each time it applies a cap on them. With 1,000 jobs that takes three times as long
 *   as finishing the job itself. The graft applies a cap once for every tenth of it, at most every 100 jobs. So a tenth more may be kept.
 * Expiry: test/contract/grafts/bullmq-postgres.test.ts, "finishing a job reads all finished jobs when they have a cap".
 */
import { PostgresQueueBackend } from 'bullmq';

/** What BullMQ's options `removeOnComplete` and `removeOnFail` say. */
export type Keep = Parameters<PostgresQueueBackend['moveToCompleted']>[2] | undefined;

/** BullMQ's backend, which applies caps on finished jobs less often. */
export class TrimmingBackend extends PostgresQueueBackend {
  readonly #keep: { completed: Keep; failed: Keep };
  readonly #since = { completed: 0, failed: 0 };

  constructor(keep: { completed: Keep; failed: Keep }, ...args: ConstructorParameters<typeof PostgresQueueBackend>) {
    super(...args);
    this.#keep = keep;
  }

  override moveToCompleted: PostgresQueueBackend['moveToCompleted'] = (job, returnValue, keep, token, fetchNext) =>
    super.moveToCompleted(job, returnValue, this.#due('completed', keep), token, fetchNext);

  override moveToFailed: PostgresQueueBackend['moveToFailed'] = (job, reason, keep, token, fetchNext, fields) =>
    super.moveToFailed(job, reason, this.#due('failed', keep), token, fetchNext, fields);

  #due(state: 'completed' | 'failed', given: Keep): NonNullable<Keep> {
    const keep = given ?? this.#keep[state] ?? false;
    if (typeof keep === 'boolean') return keep;
    const count = typeof keep === 'number' ? keep : (keep.count ?? 1_000);
    this.#since[state] += 1;
    if (this.#since[state] < Math.min(100, count / 10)) return false;
    this.#since[state] = 0;
    return keep;
  }
}
