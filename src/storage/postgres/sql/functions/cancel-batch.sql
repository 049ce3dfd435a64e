-- Settles every queued item of a batch as cancelled, and ends the jobs that nobody else waits for.
-- Arguments: batch id, now.
-- Result: known (there is such a batch), gone (items that were cancelled), jobs and runs (the jobs that ended).

CREATE OR REPLACE FUNCTION @.cancel_batch(
  p_batch text, p_now bigint, OUT known boolean, OUT gone integer, OUT jobs text[], OUT runs text[]
) LANGUAGE plpgsql AS $$
DECLARE
  v_batch record; v_waiting text[]; v_locked text[];
BEGIN
  gone := 0; jobs := '{}'; runs := '{}';
  SELECT array_agg(job_id ORDER BY job_id) INTO v_locked FROM (
    SELECT job_id FROM @.job WHERE job_id IN (SELECT job_id FROM @.item WHERE batch_id = p_batch AND state = 'q') ORDER BY job_id FOR UPDATE
  ) held;
  SELECT * INTO v_batch FROM @.batch WHERE batch_id = p_batch FOR UPDATE;
  known := FOUND;
  IF NOT known OR v_batch.finished_at_ms IS NOT NULL THEN RETURN; END IF;
  WITH cancelled AS (
    UPDATE @.item SET state = 'x', settled_at_ms = p_now, seq = v_batch.log_length + o.place
    FROM (SELECT index AS at, row_number() OVER (ORDER BY index) AS place FROM @.item WHERE batch_id = p_batch AND state = 'q') o
    WHERE batch_id = p_batch AND index = o.at RETURNING job_id
  ) SELECT count(*), coalesce(array_agg(job_id), '{}') INTO gone, v_waiting FROM cancelled;
  -- Items that were announced but never submitted end here too: their caller died half way.
  -- The end of such a batch is not announced: no caller knows the batch.
  UPDATE @.batch SET announced = NOT sealed, cancelled = cancelled + (total - settled), settled = total, log_length = log_length + gone,
    sealed = true, cancelled_at_ms = p_now, progressed_at_ms = p_now, finished_at_ms = p_now
  WHERE batch_id = p_batch;
  gone := v_batch.total - v_batch.settled;
  PERFORM pg_notify('@channel', 'batch ' || p_batch);
  WITH unwanted AS (
    UPDATE @.job o SET state = 'x', settled_at_ms = p_now, settled_no = nextval('@.settled_order'), attempts = 0,
      waiters = o.waiters + 1, raised = false, error_code = 'cancelled', error_detail = 'The batch was cancelled.'
    WHERE job_id = ANY (v_waiting) AND state = 'l' AND NOT solo
      AND NOT EXISTS (SELECT 1 FROM @.item i WHERE i.job_id = o.job_id AND i.state = 'q')
    RETURNING job_id, run
  ) SELECT coalesce(array_agg(job_id), '{}'), coalesce(array_agg(run), '{}') INTO jobs, runs FROM unwanted;
END $$;
