/**
 * Library: bullmq 6.7.0.
 * Reason: BullMQ leaves a job that an ended process worked on active until its lock ends. Nobody else can hold a job of the embedded
 *   store, so the graft returns such jobs at once. It writes to BullMQ's own table, as BullMQ's check for stalled jobs does.
 * Expiry: test/contract/grafts/bullmq-postgres.test.ts, "a job of an ended worker stays active while its lock lasts".
 */

/**
 * Returns the active jobs of a queue to the front of it; they keep their attempts. It counts as a stall, so that a job that ends its
 * process each time does not go round for ever. The text of the failure is BullMQ's. Parameters: the queue, and the stalls that a job may
 * have. In this text `@.` is BullMQ's schema.
 */
export const RECOVER = `
  WITH back AS (
    UPDATE @.job SET state = 'waiting', seq = -nextval('@.job_seq'), lock_token = NULL, locked_until_ms = NULL, stalled_marked = false,
      stalled_count = stalled_count + 1,
      deferred_failure = CASE WHEN stalled_count + 1 > $2::integer THEN 'job stalled more than allowable limit' ELSE deferred_failure END
    WHERE queue = $1 AND state = 'active' RETURNING id
  ), told AS (SELECT @.publish_event($1, 'waiting', jsonb_build_object('jobId', id, 'prev', 'active')) FROM back)
  SELECT count(told.*)::integer AS n, pg_notify('bullmq_jobs', $1) FROM told`;
