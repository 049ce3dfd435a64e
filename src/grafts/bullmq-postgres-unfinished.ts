/**
 * Library: bullmq 6.7.0.
 * Reason: BullMQ gives the state of one job a call. The reconciler and `quire migrate` ask for hundreds of jobs at a time. The graft reads
 *   BullMQ's own table with one statement. It writes nothing.
 * Expiry: test/contract/grafts/bullmq-postgres.test.ts, "BullMQ gives the state of one job a call". A change of the table fails "a job of
 *   every state is read as BullMQ reads it" in the same file.
 */

/** Which of these jobs are in the queue and not finished, in order. Parameters: the queue, and the ids. `@.` is BullMQ's schema. */
export const UNFINISHED = `
  SELECT EXISTS (SELECT 1 FROM @.job j WHERE j.queue = $1 AND j.id = u.id AND j.state NOT IN ('completed', 'failed')) AS live
  FROM unnest($2::text[]) WITH ORDINALITY AS u (id, place) ORDER BY place`;
