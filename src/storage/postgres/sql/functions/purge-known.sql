-- Drops books, aliases and "missing" marks that are past their time. An alias lives as long as the book that it leads to.
-- Arguments: now, rows dropped at most.
-- Result: how many rows were dropped.

CREATE OR REPLACE FUNCTION @.purge_known(p_now bigint, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE v_gone integer;
BEGIN
  UPDATE @.known a SET keep_ms = b.keep_ms FROM @.known b
  WHERE a.kind = 'a' AND a.keep_ms <= p_now AND b.key = 'book-' || a.book_id AND b.keep_ms > p_now;
  DELETE FROM @.known WHERE key IN (SELECT key FROM @.known WHERE keep_ms <= p_now ORDER BY keep_ms LIMIT p_limit);
  GET DIAGNOSTICS v_gone = ROW_COUNT;
  RETURN v_gone;
END $$;
