-- Settles every item of a batch that is not settled, and ends the jobs that nobody else waits for.
-- As 's' (skipped) it ends a batch that has found what it looks for, and changes nothing in any other. Items that were announced and did
-- not come stay expected then: the last submission ends a batch that is not sealed.
-- Locks: the batch against more items, its jobs by id, the batch, its items.
-- Arguments: batch id, now, the letter of the final state: x (cancelled), s (skipped) or o (expired).
-- Result: known (there is such a batch), gone (items that were settled by this), jobs and runs (the jobs that ended).

CREATE OR REPLACE FUNCTION @.end_batch(
  p_batch text, p_now bigint, p_as "char", OUT known boolean, OUT gone integer, OUT jobs text[], OUT runs text[]
) LANGUAGE plpgsql AS $$
DECLARE
  v_batch record; v_waiting text[]; v_locked text[]; v_settled integer;
BEGIN
  gone := 0; jobs := '{}'; runs := '{}';
  PERFORM pg_advisory_xact_lock(hashtextextended(p_batch, 1));
  SELECT array_agg(job_id ORDER BY job_id) INTO v_locked FROM (
    SELECT job_id FROM @.job WHERE job_id IN (SELECT job_id FROM @.item WHERE batch_id = p_batch AND state = 'q') ORDER BY job_id FOR UPDATE
  ) held;
  SELECT * INTO v_batch FROM @.batch WHERE batch_id = p_batch FOR UPDATE;
  known := FOUND;
  IF NOT known OR v_batch.finished_at_ms IS NOT NULL OR (p_as = 's' AND v_batch.stopped_at_ms IS NULL) THEN RETURN; END IF;
  WITH ended AS (
    UPDATE @.item SET state = p_as, settled_at_ms = p_now, seq = v_batch.log_length + o.place
    FROM (SELECT index AS at, row_number() OVER (ORDER BY index) AS place FROM @.item WHERE batch_id = p_batch AND state = 'q') o
    WHERE batch_id = p_batch AND index = o.at RETURNING job_id
  ) SELECT count(*), coalesce(array_agg(job_id) FILTER (WHERE job_id IS NOT NULL), '{}') INTO gone, v_waiting FROM ended;
  v_settled := gone;
  -- Items that were announced but never submitted end here too: their caller died half way.
  -- The end of such a batch is not announced: no caller knows the batch.
  IF p_as <> 's' THEN gone := v_batch.total - v_batch.settled; END IF;
  UPDATE @.batch SET announced = CASE WHEN p_as = 's' THEN announced ELSE NOT sealed END,
    cancelled = cancelled + CASE WHEN p_as = 'x' THEN gone ELSE 0 END,
    skipped = skipped + CASE WHEN p_as = 's' THEN gone ELSE 0 END,
    expired = expired + CASE WHEN p_as = 'o' THEN gone ELSE 0 END,
    settled = settled + gone, expanding = 0, log_length = log_length + v_settled, open = false, sealed = sealed OR p_as <> 's',
    cancelled_at_ms = CASE WHEN p_as <> 's' THEN p_now END, progressed_at_ms = p_now,
    finished_at_ms = CASE WHEN p_as <> 's' OR (sealed AND settled + gone >= total) THEN p_now END
  WHERE batch_id = p_batch;
  PERFORM pg_notify('@channel', 'batch ' || p_batch);
  WITH unwanted AS (
    UPDATE @.job o SET state = 'x', settled_at_ms = p_now, settled_no = nextval('@.settled_order'), attempts = 0,
      waiters = o.waiters + 1, raised = false, error_code = 'cancelled', error_detail = CASE p_as
        WHEN 's' THEN 'The batch found what it looks for.' WHEN 'o' THEN 'The time of the batch was over.' ELSE 'The batch was cancelled.' END
    WHERE job_id = ANY (v_waiting) AND state = 'l' AND NOT solo
      AND NOT EXISTS (SELECT 1 FROM @.item i WHERE i.job_id = o.job_id AND i.state = 'q')
    RETURNING job_id, run
  ) SELECT coalesce(array_agg(job_id), '{}'), coalesce(array_agg(run), '{}') INTO jobs, runs FROM unwanted;
END $$;

-- end_batch for processes of the version before growing batches.

CREATE OR REPLACE FUNCTION @.cancel_batch(
  p_batch text, p_now bigint, OUT known boolean, OUT gone integer, OUT jobs text[], OUT runs text[]
) LANGUAGE sql AS $$ SELECT known, gone, jobs, runs FROM @.end_batch(p_batch, p_now, 'x') $$;
