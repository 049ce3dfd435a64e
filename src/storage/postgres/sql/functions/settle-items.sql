-- Settles items of many batches at once, counts them, and ends the batches that have no other item left.
-- The planner may not read whole tables: it would choose to for the few rows of a new database, and keep to it.
-- Arguments: batch id and index of each item, now, the letter of the final state, the number of the book that the items learn (NULL: none).

CREATE OR REPLACE FUNCTION @.settle_items(
  p_batches text[], p_indexes integer[], p_now bigint, p_state "char", p_book bigint
) RETURNS void LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  PERFORM 1 FROM @.batch WHERE batch_id = ANY (p_batches) ORDER BY batch_id FOR UPDATE;
  WITH moved AS (
    UPDATE @.batch b SET settled = b.settled + w.n, log_length = log_length + w.n, progressed_at_ms = p_now,
      parsed = parsed + CASE WHEN p_state = 'p' THEN w.n ELSE 0 END,
      not_found = not_found + CASE WHEN p_state = 'n' THEN w.n ELSE 0 END,
      failed = failed + CASE WHEN p_state = 'f' THEN w.n ELSE 0 END,
      cancelled = cancelled + CASE WHEN p_state = 'x' THEN w.n ELSE 0 END,
      finished_at_ms = CASE WHEN sealed AND b.settled + w.n >= total THEN p_now END
    FROM (
      SELECT u.batch_id, array_agg(u.index ORDER BY u.index) AS indexes, count(*)::integer AS n
      FROM unnest(p_batches, p_indexes) AS u(batch_id, index) GROUP BY u.batch_id
    ) w
    WHERE b.batch_id = w.batch_id RETURNING b.batch_id, b.log_length - w.n AS logged, w.indexes
  )
  UPDATE @.item i SET state = p_state, settled_at_ms = p_now, book_id = coalesce(p_book, book_id), seq = moved.logged + o.place
  FROM moved CROSS JOIN LATERAL unnest(moved.indexes) WITH ORDINALITY AS o(at, place)
  WHERE i.batch_id = moved.batch_id AND i.index = o.at;
  PERFORM pg_notify('@channel', 'batch ' || batch_id) FROM unnest(p_batches) AS batch_id;
END $$;
