/**
 * Library: bullmq 6.7.0.
 * Reason: BullMQ takes the time from the process that asks. A process whose clock is ahead delays jobs, and holds locks, for as long as
 *   that. BullMQ also looks for stalled jobs only some seconds after the last look: a look in the future would stop it. The graft puts
 *   these times right in BullMQ's own tables, by the clock of the server.
 * Expiry: test/contract/grafts/bullmq-postgres.test.ts, "a delayed job is due by the clock of the process that adds it".
 */
import { CLOCK_TOLERANCE_MS } from '../domain/time/clock.ts';

/** Puts right what lies too far in the future. Parameters: the queue, and how long its locks last. In this text `@.` is BullMQ's schema. */
export const CORRECT_TIMES = `
  WITH clock AS MATERIALIZED (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now),
  looks AS (
    DELETE FROM @.meta USING clock WHERE queue = $1 AND field = 'stalled-check' AND value::bigint > clock.now + ${CLOCK_TOLERANCE_MS}
  ), locks AS (
    UPDATE @.job SET locked_until_ms = clock.now + $2::bigint FROM clock
    WHERE queue = $1 AND state = 'active' AND locked_until_ms > clock.now + $2::bigint + ${CLOCK_TOLERANCE_MS}
  )
  UPDATE @.job SET process_at_ms = clock.now + delay_ms FROM clock
  WHERE queue = $1 AND state = 'delayed' AND process_at_ms > clock.now + delay_ms + ${CLOCK_TOLERANCE_MS}`;
