/**
 * Library: bullmq 6.7.0.
 * Reason: BullMQ gives the state of one job a call, and runs a script for it that searches the lists of the queue. The reconciler and
 *   `quire migrate` ask for hundreds of jobs at a time. The graft reads two fields of BullMQ's own key. It writes nothing.
 * Expiry: test/contract/grafts/bullmq-redis.test.ts, "BullMQ gives the state of one job a call". A change of the keys fails "a job of
 *   every state is read as BullMQ reads it" in the same file.
 */
import type { Redis } from 'ioredis';

/** Which of these jobs are in the queue and not finished, in order. `prefix` is what all keys begin with. */
export async function areUnfinished(redis: Pick<Redis, 'hmget'>, prefix: string, queueName: string, ids: string[]): Promise<boolean[]> {
  // A job is a hash. `finishedOn` is set when the job completed or failed.
  const facts = await Promise.all(ids.map((id) => redis.hmget(`${prefix}${queueName}:${id}`, 'timestamp', 'finishedOn')));
  return facts.map(([timestamp, finishedOn]) => Boolean(timestamp) && !finishedOn);
}
