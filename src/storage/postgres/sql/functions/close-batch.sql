-- Ends the promise of more items; the batch may end by it. Locks the batch alone.
-- Arguments: batch id, now.
-- Result: true (it is closed now), false (it was not open), NULL (no such batch).

CREATE OR REPLACE FUNCTION @.close_batch(p_batch text, p_now bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_open boolean;
BEGIN
  SELECT open INTO v_open FROM @.batch_record WHERE batch_id = p_batch FOR UPDATE;
  IF v_open THEN
    UPDATE @.batch_record SET open = false, progressed_at_ms = p_now,
      finished_at_ms = CASE WHEN sealed AND settled >= total THEN coalesce(finished_at_ms, p_now) ELSE finished_at_ms END
    WHERE batch_id = p_batch;
    PERFORM pg_notify('@channel', 'batch ' || p_batch);
  END IF;
  RETURN v_open;
END $$;
