-- Adds items to a sealed batch behind those it has, decides each, and keeps the next record of the collection that brings them.
-- Fails with QU001 when the batch takes no more items; then nothing is changed.
-- Locks: the batch against other changes of its list of items, the jobs by id, the batch, its items.
-- Arguments: batch id, now, the run of new jobs, priority rank, the greatest age that counts as fresh (as in submit_links),
--   the items as a JSON array (as in submit_links, without index),
--   and of the collection that brings them (all NULL when a caller does): its index, the version that was read, its next record,
--   the letter of its final state (NULL: it is still read), why it was not read whole.
-- Result: one row an item. n, status (as in submit_links, without s; d for an item whose job the batch has), raise, book and at (as
--   there), place (index of the item). One row with n -1 when the record has another version, or the collection has ended: then nothing
--   was changed.

CREATE OR REPLACE FUNCTION @.add_items(
  p_batch text, p_now bigint, p_run text, p_priority smallint, p_max_age bigint, p_items text,
  p_from integer, p_version integer, p_json text, p_end "char", p_reason text
) RETURNS TABLE (n integer, status "char", raise text, book bigint, at bigint, place integer) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_n integer[]; v_status "char"[]; v_raise text[]; v_book bigint[]; v_at bigint[]; v_place integer[];
  v_next integer; v_new integer; v_ended integer := (p_end IS NOT NULL)::integer; v_length integer;
  v_batch record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_batch, 1));
  SELECT * INTO v_batch FROM @.batch_record
  WHERE batch_id = p_batch AND sealed AND finished_at_ms IS NULL AND cancelled_at_ms IS NULL AND stopped_at_ms IS NULL AND (open OR p_from IS NOT NULL);
  IF NOT FOUND THEN RAISE EXCEPTION 'the batch takes no more items' USING ERRCODE = 'QU001'; END IF;
  IF p_from IS NOT NULL THEN
    PERFORM 1 FROM @.item
    WHERE batch_id = p_batch AND index = p_from AND state = 'q' AND job_id IS NULL AND collection_version = p_version;
    IF NOT FOUND THEN
      RETURN QUERY SELECT -1, NULL::"char", NULL::text, NULL::bigint, NULL::bigint, NULL::integer;
      RETURN;
    END IF;
  END IF;
  -- From here on nobody else changes which items the batch has.
  SELECT coalesce(max(index) + 1, 0) INTO v_next FROM @.item WHERE batch_id = p_batch;
  IF v_batch.listed < v_next THEN
    INSERT INTO @.batch_job (batch_id, job_id, index) SELECT batch_id, job_id, index FROM @.item
    WHERE batch_id = p_batch AND index >= v_batch.listed AND job_id IS NOT NULL ORDER BY index ON CONFLICT DO NOTHING;
  END IF;

  WITH given AS MATERIALIZED (
    SELECT g.*, h.index AS have FROM json_to_recordset(p_items::json) AS g(n integer, j text, k text)
    LEFT JOIN @.batch_job h ON h.batch_id = p_batch AND h.job_id = g.j
  ), decided AS MATERIALIZED (
    SELECT g.*, f.book_id AS found_book, f.at_ms AS found_at,
      CASE
        WHEN g.have IS NOT NULL THEN 'd'::"char"
        WHEN g.k IS NOT NULL THEN 'e'::"char"
        WHEN g.j IS NULL THEN 'i'::"char"
        WHEN f.kind = 'b' THEN 'c'::"char"
        WHEN f.kind = 'm' THEN 'n'::"char"
        ELSE 'q'::"char"
      END AS state
    FROM given g LEFT JOIN LATERAL @.fresh_of(g.j, p_now, p_max_age) f ON g.have IS NULL
  ), jobs AS MATERIALIZED (
    SELECT * FROM @.want_jobs(
      (SELECT coalesce(array_agg(d.j), '{}') FROM decided d WHERE d.state = 'q'), p_run, p_priority, false, p_now)
  ), answered AS (
    SELECT d.n, CASE WHEN d.state = 'q' AND jobs.run <> p_run THEN 'j'::"char" ELSE d.state END AS status,
      CASE WHEN jobs.raised AND jobs.run <> p_run THEN jobs.run END AS raise,
      CASE WHEN d.state = 'c' THEN d.found_book END AS book, CASE WHEN d.state = 'c' THEN d.found_at END AS at,
      CASE WHEN d.state = 'd' THEN d.have
        ELSE v_next - 1 + (count(*) FILTER (WHERE d.state <> 'd') OVER (ORDER BY d.n))::integer END AS place
    FROM decided d LEFT JOIN jobs ON jobs.job_id = d.j AND d.state = 'q'
  )
  SELECT array_agg(n), array_agg(status), array_agg(raise), array_agg(book), array_agg(at), array_agg(place),
    count(*) FILTER (WHERE status <> 'd')
  INTO v_n, v_status, v_raise, v_book, v_at, v_place, v_new FROM answered;

  -- Who ends the batch, or finds what it looks for, may have been faster.
  UPDATE @.batch_record b SET total = total + v_new, listed = v_next + v_new, settled = b.settled + c.settled + v_ended,
    cached = b.cached + c.cached, invalid = b.invalid + c.invalid, expanding = b.expanding + c.expanding - v_ended,
    not_found = not_found + c.missing + (p_end IS NOT DISTINCT FROM 'n')::integer,
    failed = failed + (p_end IS NOT DISTINCT FROM 'f')::integer,
    expanded = expanded + (p_end IS NOT DISTINCT FROM 'e')::integer,
    disallowed = disallowed + (p_end IS NOT DISTINCT FROM 'd')::integer,
    log_length = log_length + v_ended, progressed_at_ms = p_now,
    added_at_ms = CASE WHEN p_from IS NULL THEN p_now ELSE added_at_ms END,
    finished_at_ms = CASE WHEN v_ended = 1 AND NOT open AND b.settled + c.settled + 1 >= total + v_new THEN p_now END
  FROM (
    SELECT (count(*) FILTER (WHERE s IN ('c', 'n', 'i')))::integer AS settled, (count(*) FILTER (WHERE s = 'c'))::integer AS cached,
      (count(*) FILTER (WHERE s = 'n'))::integer AS missing, (count(*) FILTER (WHERE s = 'i'))::integer AS invalid,
      (count(*) FILTER (WHERE s = 'e'))::integer AS expanding
    FROM unnest(v_status) AS s
  ) c
  WHERE batch_id = p_batch AND finished_at_ms IS NULL AND cancelled_at_ms IS NULL AND stopped_at_ms IS NULL AND (open OR p_from IS NOT NULL)
  RETURNING log_length INTO v_length;
  IF NOT FOUND THEN RAISE EXCEPTION 'the batch takes no more items' USING ERRCODE = 'QU001'; END IF;

  WITH answers AS MATERIALIZED (
    SELECT g.*, a.* FROM unnest(v_n, v_status, v_book, v_place) AS a(at_n, status, book, place)
    JOIN json_to_recordset(p_items::json) AS g(n integer, t text, j text, b bigint, d integer, r text, k text) ON g.n = a.at_n
  ), items AS (
    INSERT INTO @.item (batch_id, index, state, duplicates, book_id, job_id, input, reason, collection, collection_version, via)
    SELECT p_batch, place, CASE WHEN status IN ('e', 'j') THEN 'q'::"char" ELSE status END, d,
      CASE WHEN status = 'c' THEN book ELSE b END, j, t, r, k, CASE WHEN k IS NOT NULL THEN 1 END, p_from
    FROM answers WHERE status <> 'd' ORDER BY place
  ), listed AS (
    INSERT INTO @.batch_job (batch_id, job_id, index) SELECT p_batch, j, place FROM answers WHERE status <> 'd' AND j IS NOT NULL
  )
  UPDATE @.item i SET duplicates = least(i.duplicates + a.d + 1, @most_duplicates) FROM answers a
  WHERE a.status = 'd' AND i.batch_id = p_batch AND i.index = a.place;
  UPDATE @.item SET collection = p_json, collection_version = p_version + 1, state = coalesce(p_end, state),
    reason = CASE WHEN p_end IS NULL THEN reason ELSE p_reason END, seq = CASE WHEN p_end IS NOT NULL THEN v_length END,
    settled_at_ms = CASE WHEN p_end IS NOT NULL THEN p_now END
  WHERE batch_id = p_batch AND index = p_from;
  PERFORM pg_notify('@channel', 'batch ' || p_batch);
  RETURN QUERY SELECT * FROM unnest(v_n, v_status, v_raise, v_book, v_at, v_place);
END $$;
