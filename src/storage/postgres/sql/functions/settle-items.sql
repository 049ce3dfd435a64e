-- Settles items of many batches at once, counts them, and ends the batches that have no other item left.
-- Items of a batch that has found what it looks for are skipped. A batch that looks for books takes the book by its verdict.
-- The planner may not read whole tables: it would choose to for the few rows of a new database, and keep to it.
-- Arguments: batch id and index of each item, now, the letter of the final state, the number of the book that the items learn (NULL: none),
--   the batches that the book satisfies and those that it does not (NULL: nobody judges, and no batch takes the book).
-- Result: unjudged and conditions (batches without a verdict, with their options: then nothing was changed, else NULL),
--   stopped (batches that found the last book by this, or NULL).

CREATE OR REPLACE FUNCTION @.settle_waiting(
  p_batches text[], p_indexes integer[], p_now bigint, p_state "char", p_book bigint, p_matched text[], p_unmatched text[],
  OUT unjudged text[], OUT conditions text[], OUT stopped text[]
) LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  PERFORM 1 FROM @.batch_record WHERE batch_id = ANY (p_batches) ORDER BY batch_id FOR UPDATE;
  IF p_state = 'p' THEN
    SELECT array_agg(batch_id ORDER BY batch_id), array_agg(options ORDER BY batch_id) INTO unjudged, conditions FROM @.batch_record
    WHERE batch_id = ANY (p_batches) AND wanted IS NOT NULL AND stopped_at_ms IS NULL AND batch_id <> ALL (p_matched || p_unmatched);
    IF unjudged IS NOT NULL THEN RETURN; END IF;
  END IF;
  WITH moved AS (
    UPDATE @.batch_record b SET settled = b.settled + w.n, log_length = log_length + w.n, progressed_at_ms = p_now,
      parsed = parsed + CASE WHEN w.state = 'p' THEN w.n ELSE 0 END,
      not_found = not_found + CASE WHEN w.state = 'n' THEN w.n ELSE 0 END,
      failed = failed + CASE WHEN w.state = 'f' THEN w.n ELSE 0 END,
      cancelled = cancelled + CASE WHEN w.state = 'x' THEN w.n ELSE 0 END,
      skipped = skipped + CASE WHEN w.state = 's' THEN w.n ELSE 0 END,
      found = CASE WHEN w.takes THEN b.found || p_book::text ELSE b.found END,
      stopped_at_ms = CASE WHEN w.takes AND cardinality(b.found) + 1 >= wanted THEN p_now ELSE stopped_at_ms END,
      finished_at_ms = CASE WHEN sealed AND NOT open AND b.settled + w.n >= total THEN p_now END
    FROM (
      SELECT o.batch_id, array_agg(u.index ORDER BY u.index) AS indexes, count(*)::integer AS n,
        CASE WHEN o.stopped_at_ms IS NULL THEN p_state ELSE 's'::"char" END AS state,
        p_state = 'p' AND o.stopped_at_ms IS NULL AND o.wanted IS NOT NULL AND o.batch_id = ANY (p_matched) AND p_book::text <> ALL (o.found) AS takes
      FROM unnest(p_batches, p_indexes) AS u(batch_id, index) JOIN @.batch_record o ON o.batch_id = u.batch_id GROUP BY o.batch_id
    ) w
    WHERE b.batch_id = w.batch_id
    RETURNING b.batch_id, b.log_length - w.n AS logged, w.indexes, w.state, w.takes AND b.stopped_at_ms IS NOT NULL AS stops
  ), items AS (
    UPDATE @.item i SET state = moved.state, settled_at_ms = p_now, book_id = coalesce(p_book, book_id), seq = moved.logged + o.place
    FROM moved CROSS JOIN LATERAL unnest(moved.indexes) WITH ORDINALITY AS o(at, place)
    WHERE i.batch_id = moved.batch_id AND i.index = o.at
  )
  SELECT array_agg(batch_id ORDER BY batch_id) INTO stopped FROM moved WHERE stops;
  PERFORM pg_notify('@channel', 'batch ' || batch_id) FROM unnest(p_batches) AS batch_id;
END $$;

-- settle_waiting for processes of the version before growing batches.

CREATE OR REPLACE FUNCTION @.settle_items(
  p_batches text[], p_indexes integer[], p_now bigint, p_state "char", p_book bigint
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM @.settle_waiting(p_batches, p_indexes, p_now, p_state, p_book, NULL, NULL);
END $$;
