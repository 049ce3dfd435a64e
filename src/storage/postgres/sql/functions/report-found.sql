-- Counts books, each once, that satisfy what a batch looks for. A batch that has found enough, or has ended, takes no more.
-- Locks the batch alone.
-- Arguments: batch id, numbers of the books, now.
-- Result: whether the batch has found enough.

CREATE OR REPLACE FUNCTION @.report_found(p_batch text, p_books text[], p_now bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_batch record; v_found text[]; v_book text;
BEGIN
  SELECT * INTO v_batch FROM @.batch_record WHERE batch_id = p_batch FOR UPDATE;
  IF NOT FOUND THEN RETURN false; END IF;
  IF v_batch.wanted IS NULL OR v_batch.finished_at_ms IS NOT NULL OR v_batch.cancelled_at_ms IS NOT NULL OR cardinality(p_books) = 0 THEN
    RETURN v_batch.stopped_at_ms IS NOT NULL;
  END IF;
  v_found := v_batch.found;
  IF v_batch.stopped_at_ms IS NULL THEN
    FOREACH v_book IN ARRAY p_books LOOP
      EXIT WHEN cardinality(v_found) >= v_batch.wanted;
      IF v_book <> ALL (v_found) THEN v_found := v_found || v_book; END IF;
    END LOOP;
    UPDATE @.batch_record SET found = v_found, stopped_at_ms = CASE WHEN cardinality(v_found) >= wanted THEN p_now END WHERE batch_id = p_batch;
  END IF;
  PERFORM pg_notify('@channel', 'batch ' || p_batch);
  RETURN cardinality(v_found) >= v_batch.wanted;
END $$;
