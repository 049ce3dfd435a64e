-- Records one submission (up to 1,000 items) and decides each item.
-- Fails with QU001 when the batch was cancelled; then nothing is recorded.
-- Arguments: batch id, options, total and whether this is the last submission (all NULL without a batch), now, the run of new jobs,
--   priority rank (0 is the most urgent),
--   the greatest age of a copy that counts as fresh (NULL: the copy's own time decides; 0: none does),
--   the items as a JSON array: n place in the array, i index, t input, j job id, b book number, d duplicates, r reason.
-- Result: one row an item. n, status (q queued, j joined, c cached, n missing, i invalid),
--   raise (joined: the run, when it became more urgent), book and at (cached: the book's number, and when it was fetched).

CREATE OR REPLACE FUNCTION @.submit(
  p_batch text, p_options text, p_total integer, p_last boolean, p_now bigint, p_run text,
  p_priority smallint, p_max_age bigint, p_items text
) RETURNS TABLE (n integer, status "char", raise text, book bigint, at bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_n integer[]; v_status "char"[]; v_raise text[]; v_book bigint[]; v_at bigint[];
  v_settled integer; v_cached integer; v_missing integer; v_invalid integer;
  v_batch record;
BEGIN
  IF p_batch IS NOT NULL THEN
    INSERT INTO @.batch (batch_id, total, created_at_ms, progressed_at_ms, options)
    VALUES (p_batch, p_total, p_now, p_now, p_options) ON CONFLICT DO NOTHING;
  END IF;
  WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(p_items::json) AS x(n integer, i integer, t text, j text, b bigint, d integer, r text)
  ), decided AS MATERIALIZED (
    SELECT g.*, f.book_id AS found_book, f.at_ms AS found_at,
      CASE
        WHEN g.j IS NULL THEN 'i'::"char"
        WHEN f.keep_ms IS NULL OR f.keep_ms <= p_now THEN 'q'::"char"
        WHEN NOT (
          CASE WHEN p_max_age IS NULL THEN p_now < f.until_ms
          ELSE p_max_age > 0 AND p_now - f.at_ms BETWEEN -@clock_tolerance_ms AND p_max_age END
        ) THEN 'q'::"char"
        WHEN f.kind = 'b' THEN 'c'::"char"
        WHEN f.kind = 'm' THEN 'n'::"char"
        ELSE 'q'::"char"
      END AS state
    FROM given g LEFT JOIN LATERAL (
      SELECT t.* FROM @.known k JOIN @.known t ON t.key = CASE WHEN k.kind = 'a' THEN 'book-' || k.book_id ELSE k.key END WHERE k.key = g.j
    ) f ON true
  ), jobs AS (
    -- The order of ids keeps two submissions of the same links from waiting for each other.
    INSERT INTO @.job AS o (job_id, run, priority, solo, created_at_ms)
    SELECT d.j, p_run, p_priority, p_batch IS NULL, p_now FROM decided d WHERE d.state = 'q' ORDER BY d.j
    ON CONFLICT (job_id) DO UPDATE SET
      raised = o.state = 'l' AND excluded.priority < o.priority,
      priority = CASE WHEN o.state = 'l' THEN least(o.priority, excluded.priority) ELSE excluded.priority END,
      solo = CASE WHEN o.state = 'l' THEN o.solo OR excluded.solo ELSE excluded.solo END,
      run = CASE WHEN o.state = 'l' THEN o.run ELSE excluded.run END,
      created_at_ms = CASE WHEN o.state = 'l' THEN o.created_at_ms ELSE excluded.created_at_ms END,
      timeline = CASE WHEN o.state = 'l' THEN o.timeline ELSE '[]' END,
      waiters = CASE WHEN o.state = 'l' THEN o.waiters ELSE 0 END,
      attempts = 0, settled_at_ms = NULL, settled_no = NULL, error_code = NULL, error_detail = NULL, book_id = NULL, state = 'l'
    RETURNING job_id, run, raised
  ), answered AS MATERIALIZED (
    SELECT d.*, CASE WHEN d.state = 'q' AND jobs.run <> p_run THEN 'j'::"char" ELSE d.state END AS status,
      CASE WHEN jobs.raised AND jobs.run <> p_run THEN jobs.run END AS raise
    FROM decided d LEFT JOIN jobs ON jobs.job_id = d.j AND d.state = 'q'
  ), items AS (
    INSERT INTO @.item (batch_id, index, state, duplicates, book_id, job_id, input, reason)
    SELECT p_batch, a.i, a.state, a.d, CASE WHEN a.state = 'c' THEN a.found_book ELSE a.b END, a.j, a.t, a.r
    FROM answered a WHERE p_batch IS NOT NULL ORDER BY a.i
    ON CONFLICT DO NOTHING RETURNING state
  ), counted AS (
    SELECT count(*) FILTER (WHERE state <> 'q') AS settled, count(*) FILTER (WHERE state = 'c') AS cached,
      count(*) FILTER (WHERE state = 'n') AS missing, count(*) FILTER (WHERE state = 'i') AS invalid
    FROM items
  )
  SELECT array_agg(a.n), array_agg(a.status), array_agg(a.raise),
    array_agg(CASE WHEN a.state = 'c' THEN a.found_book END), array_agg(CASE WHEN a.state = 'c' THEN a.found_at END),
    min(c.settled), min(c.cached), min(c.missing), min(c.invalid)
  INTO v_n, v_status, v_raise, v_book, v_at, v_settled, v_cached, v_missing, v_invalid
  FROM answered a CROSS JOIN counted c;
  IF p_batch IS NOT NULL THEN
    UPDATE @.batch SET settled = settled + coalesce(v_settled, 0), cached = cached + coalesce(v_cached, 0),
      not_found = not_found + coalesce(v_missing, 0), invalid = invalid + coalesce(v_invalid, 0), sealed = sealed OR p_last,
      progressed_at_ms = CASE WHEN v_settled > 0 THEN p_now ELSE progressed_at_ms END,
      finished_at_ms = CASE WHEN finished_at_ms IS NOT NULL THEN finished_at_ms
        WHEN (sealed OR p_last) AND settled + coalesce(v_settled, 0) >= total THEN p_now END
    WHERE batch_id = p_batch RETURNING cancelled_at_ms, finished_at_ms INTO v_batch;
    IF v_batch.cancelled_at_ms IS NOT NULL THEN
      RAISE EXCEPTION 'the batch was cancelled' USING ERRCODE = 'QU001';
    END IF;
    IF v_batch.finished_at_ms IS NOT NULL THEN PERFORM pg_notify('@channel', 'batch ' || p_batch); END IF;
  END IF;
  RETURN QUERY SELECT * FROM unnest(v_n, v_status, v_raise, v_book, v_at);
END $$;
