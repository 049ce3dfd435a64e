-- One step towards the end of a batch: settles its items that are not settled, at most p_most of them, and ends the jobs that nobody else
-- waits for. The first step lets the batch take no more items. The last step ends it.
-- As 's' (skipped) it ends a batch that has found what it looks for, and changes nothing in any other. Items that were announced and did
-- not come stay expected then: the last submission ends a batch that is not sealed.
-- Locks: the batch against more items, its jobs by id, the batch, its items.
-- Arguments: batch id, now, the letter of the final state: x (cancelled), s (skipped) or o (expired), and how many items at most (NULL: all).
-- Result: known (there is such a batch), gone (items that were settled by this), jobs and runs (the jobs that ended),
--   more (items are left: the caller calls again).

CREATE OR REPLACE FUNCTION @.end_batch(
  p_batch text, p_now bigint, p_as "char", p_most integer,
  OUT known boolean, OUT gone integer, OUT jobs text[], OUT runs text[], OUT more boolean
) LANGUAGE plpgsql AS $$
DECLARE
  v_batch record; v_as "char" := p_as; v_indexes integer[]; v_waiting text[]; v_locked text[]; v_settled integer; v_first boolean;
BEGIN
  gone := 0; jobs := '{}'; runs := '{}'; more := false;
  PERFORM pg_advisory_xact_lock(hashtextextended(p_batch, 1));
  SELECT array_agg(at) INTO v_indexes FROM (
    SELECT index AS at FROM @.item WHERE batch_id = p_batch AND state = 'q' ORDER BY index LIMIT p_most
  ) step;
  SELECT array_agg(job_id ORDER BY job_id) INTO v_locked FROM (
    SELECT job_id FROM @.job WHERE job_id IN (SELECT job_id FROM @.item WHERE batch_id = p_batch AND index = ANY (v_indexes))
    ORDER BY job_id FOR UPDATE
  ) held;
  SELECT * INTO v_batch FROM @.batch_record WHERE batch_id = p_batch FOR UPDATE;
  known := FOUND;
  IF NOT known OR v_batch.finished_at_ms IS NOT NULL OR (p_as = 's' AND v_batch.stopped_at_ms IS NULL) THEN RETURN; END IF;
  v_first := v_batch.cancelled_at_ms IS NULL;
  -- A cancellation that was broken off goes on as it began.
  IF NOT v_first THEN v_as := CASE WHEN v_batch.expired > 0 THEN 'o' ELSE 'x' END; END IF;
  WITH ended AS (
    UPDATE @.item SET state = v_as, settled_at_ms = p_now, seq = v_batch.log_length + o.place
    FROM (SELECT index AS at, row_number() OVER (ORDER BY index) AS place FROM @.item
      WHERE batch_id = p_batch AND index = ANY (v_indexes) AND state = 'q') o
    WHERE batch_id = p_batch AND index = o.at RETURNING job_id
  ) SELECT count(*), coalesce(array_agg(job_id) FILTER (WHERE job_id IS NOT NULL), '{}') INTO gone, v_waiting FROM ended;
  v_settled := gone;
  more := p_most IS NOT NULL AND EXISTS (SELECT 1 FROM @.item WHERE batch_id = p_batch AND state = 'q');
  -- Items that were announced but never submitted end here too: their caller died half way.
  -- The end of such a batch is not announced: no caller knows the batch.
  IF v_as <> 's' AND NOT more THEN gone := v_batch.total - v_batch.settled; END IF;
  UPDATE @.batch_record SET announced = CASE WHEN v_as = 's' OR NOT v_first THEN announced ELSE NOT sealed END,
    cancelled = cancelled + CASE WHEN v_as = 'x' THEN gone ELSE 0 END,
    skipped = skipped + CASE WHEN v_as = 's' THEN gone ELSE 0 END,
    expired = expired + CASE WHEN v_as = 'o' THEN gone ELSE 0 END,
    settled = settled + gone, log_length = log_length + v_settled, open = false, sealed = sealed OR v_as <> 's',
    expanding = (SELECT count(*) FROM @.item WHERE batch_id = p_batch AND state = 'q' AND job_id IS NULL),
    cancelled_at_ms = CASE WHEN v_as <> 's' THEN coalesce(cancelled_at_ms, p_now) END, progressed_at_ms = p_now,
    finished_at_ms = CASE WHEN NOT more AND (v_as <> 's' OR (sealed AND settled + gone >= total)) THEN p_now END
  WHERE batch_id = p_batch;
  PERFORM pg_notify('@channel', 'batch ' || p_batch);
  WITH unwanted AS (
    UPDATE @.job o SET state = 'x', settled_at_ms = p_now, settled_no = nextval('@.settled_order'), attempts = 0,
      waiters = o.waiters + 1, raised = false, error_code = 'cancelled', error_detail = CASE v_as
        WHEN 's' THEN 'The batch found what it looks for.' WHEN 'o' THEN 'The time of the batch was over.' ELSE 'The batch was cancelled.' END
    WHERE job_id = ANY (v_waiting) AND state = 'l' AND NOT solo
      AND NOT EXISTS (SELECT 1 FROM @.item i WHERE i.job_id = o.job_id AND i.state = 'q')
    RETURNING job_id, run
  ) SELECT coalesce(array_agg(job_id), '{}'), coalesce(array_agg(run), '{}') INTO jobs, runs FROM unwanted;
END $$;

-- end_batch for processes of the version before growing batches.

CREATE OR REPLACE FUNCTION @.cancel_batch(
  p_batch text, p_now bigint, OUT known boolean, OUT gone integer, OUT jobs text[], OUT runs text[]
) LANGUAGE sql AS $$ SELECT known, gone, jobs, runs FROM @.end_batch(p_batch, p_now, 'x', NULL) $$;
