-- Records one submission (up to 1,000 items) and decides each item.
-- Fails with QU001 when the batch was cancelled; then nothing is recorded.
-- A batch that has found what it looks for needs no job. It may find it while this runs: then this fails as a conflict, and runs again.
-- Locks: the batch against other changes of its list of items, the jobs by id, the batch.
-- Arguments: batch id, options, total and whether this is the last submission (all NULL without a batch), now, the run of new jobs,
--   priority rank (0 is the most urgent),
--   the greatest age of a copy that counts as fresh (NULL: the copy's own time decides; 0: none does),
--   the items as a JSON array: n place in the array, i index, t input, j job id, b book number, d duplicates, r reason, k the record of a
--   collection,
--   whether the batch takes items from callers later, how many books it looks for (NULL: none). The first submission counts.
-- Result: one row an item. n, status (q queued, j joined, c cached, n missing, i invalid, e expanding, s skipped),
--   raise (joined: the run, when it became more urgent), book and at (cached: the book's number, and when it was fetched).

CREATE OR REPLACE FUNCTION @.submit_links(
  p_batch text, p_options text, p_total integer, p_last boolean, p_now bigint, p_run text,
  p_priority smallint, p_max_age bigint, p_items text, p_open boolean, p_wanted integer
) RETURNS TABLE (n integer, status "char", raise text, book bigint, at bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_n integer[]; v_status "char"[]; v_raise text[]; v_book bigint[]; v_at bigint[];
  v_settled integer; v_cached integer; v_missing integer; v_invalid integer;
  v_skipped integer; v_expanding integer; v_stopped boolean := false;
  v_batch record;
BEGIN
  IF p_batch IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_batch, 1));
    INSERT INTO @.batch_record (batch_id, total, created_at_ms, progressed_at_ms, added_at_ms, options, open, wanted)
    VALUES (p_batch, p_total, p_now, p_now, p_now, p_options, p_open, p_wanted) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN SELECT stopped_at_ms IS NOT NULL INTO v_stopped FROM @.batch_record WHERE batch_id = p_batch; END IF;
  END IF;
  WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(p_items::json) AS x(n integer, i integer, t text, j text, b bigint, d integer, r text, k text)
  ), decided AS MATERIALIZED (
    SELECT g.*, f.book_id AS found_book, f.at_ms AS found_at,
      CASE
        WHEN g.k IS NOT NULL THEN CASE WHEN v_stopped THEN 's'::"char" ELSE 'e'::"char" END
        WHEN g.j IS NULL THEN 'i'::"char"
        WHEN f.kind = 'b' THEN 'c'::"char"
        WHEN f.kind = 'm' THEN 'n'::"char"
        WHEN v_stopped THEN 's'::"char"
        ELSE 'q'::"char"
      END AS state
    FROM given g LEFT JOIN LATERAL @.fresh_of(g.j, p_now, p_max_age) f ON true
  ), jobs AS MATERIALIZED (
    SELECT * FROM @.want_jobs(
      (SELECT coalesce(array_agg(d.j), '{}') FROM decided d WHERE d.state = 'q'), p_run, p_priority, p_batch IS NULL, p_now)
  ), answered AS MATERIALIZED (
    SELECT d.*, CASE WHEN d.state = 'q' AND jobs.run <> p_run THEN 'j'::"char" ELSE d.state END AS status,
      CASE WHEN jobs.raised AND jobs.run <> p_run THEN jobs.run END AS raise
    FROM decided d LEFT JOIN jobs ON jobs.job_id = d.j AND d.state = 'q'
  ), items AS (
    INSERT INTO @.item (batch_id, index, state, duplicates, book_id, job_id, input, reason, collection, collection_version)
    SELECT p_batch, a.i, CASE WHEN a.state = 'e' THEN 'q'::"char" ELSE a.state END, a.d,
      CASE WHEN a.state = 'c' THEN a.found_book ELSE a.b END, a.j, a.t, a.r, a.k, CASE WHEN a.k IS NOT NULL THEN 1 END
    FROM answered a WHERE p_batch IS NOT NULL ORDER BY a.i
    ON CONFLICT DO NOTHING RETURNING state, job_id
  ), counted AS (
    SELECT count(*) FILTER (WHERE state <> 'q') AS settled, count(*) FILTER (WHERE state = 'c') AS cached,
      count(*) FILTER (WHERE state = 'n') AS missing, count(*) FILTER (WHERE state = 'i') AS invalid,
      count(*) FILTER (WHERE state = 's') AS skipped, count(*) FILTER (WHERE state = 'q' AND job_id IS NULL) AS expanding
    FROM items
  )
  SELECT array_agg(a.n), array_agg(a.status), array_agg(a.raise),
    array_agg(CASE WHEN a.state = 'c' THEN a.found_book END), array_agg(CASE WHEN a.state = 'c' THEN a.found_at END),
    min(c.settled), min(c.cached), min(c.missing), min(c.invalid), min(c.skipped), min(c.expanding)
  INTO v_n, v_status, v_raise, v_book, v_at, v_settled, v_cached, v_missing, v_invalid, v_skipped, v_expanding
  FROM answered a CROSS JOIN counted c;
  IF p_batch IS NOT NULL THEN
    UPDATE @.batch_record SET settled = settled + coalesce(v_settled, 0), cached = cached + coalesce(v_cached, 0),
      not_found = not_found + coalesce(v_missing, 0), invalid = invalid + coalesce(v_invalid, 0),
      skipped = skipped + coalesce(v_skipped, 0), expanding = expanding + coalesce(v_expanding, 0), sealed = sealed OR p_last,
      progressed_at_ms = CASE WHEN v_settled > 0 THEN p_now ELSE progressed_at_ms END,
      finished_at_ms = CASE WHEN finished_at_ms IS NOT NULL THEN finished_at_ms
        WHEN (sealed OR p_last) AND NOT open AND settled + coalesce(v_settled, 0) >= total THEN p_now END
    WHERE batch_id = p_batch RETURNING cancelled_at_ms, finished_at_ms, stopped_at_ms INTO v_batch;
    IF v_batch.cancelled_at_ms IS NOT NULL THEN
      RAISE EXCEPTION 'the batch was cancelled' USING ERRCODE = 'QU001';
    END IF;
    IF NOT v_stopped AND v_batch.stopped_at_ms IS NOT NULL THEN
      RAISE EXCEPTION 'the batch found what it looks for meanwhile' USING ERRCODE = '40001';
    END IF;
    IF v_batch.finished_at_ms IS NOT NULL THEN PERFORM pg_notify('@channel', 'batch ' || p_batch); END IF;
  END IF;
  RETURN QUERY SELECT * FROM unnest(v_n, v_status, v_raise, v_book, v_at);
END $$;

-- submit_links for processes of the version before growing batches.

CREATE OR REPLACE FUNCTION @.submit(
  p_batch text, p_options text, p_total integer, p_last boolean, p_now bigint, p_run text,
  p_priority smallint, p_max_age bigint, p_items text
) RETURNS TABLE (n integer, status "char", raise text, book bigint, at bigint) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT * FROM @.submit_links(p_batch, p_options, p_total, p_last, p_now, p_run, p_priority, p_max_age, p_items, false, NULL);
END $$;
