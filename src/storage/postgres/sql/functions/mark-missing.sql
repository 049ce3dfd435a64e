-- Remembers that Goodreads has no such book. A stored copy stays, and counts as fresh until p_until.
-- Arguments: the job's name, now, until when to remember it.

CREATE OR REPLACE FUNCTION @.mark_missing(p_key text, p_now bigint, p_until bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_known record;
  v_key text := p_key;
BEGIN
  SELECT kind, book_id INTO v_known FROM @.known WHERE key = p_key;
  IF FOUND AND v_known.kind = 'a' THEN v_key := 'book-' || v_known.book_id; END IF;
  UPDATE @.known SET until_ms = p_until WHERE key = v_key AND kind = 'b' AND keep_ms > p_now RETURNING book_id INTO v_known;
  IF FOUND THEN
    PERFORM pg_notify('@channel', 'book ' || v_known.book_id);
    RETURN;
  END IF;
  INSERT INTO @.known (key, kind, at_ms, until_ms, keep_ms) VALUES (p_key, 'm', p_now, p_until, p_until)
  ON CONFLICT (key) DO UPDATE SET kind = 'm', book_id = NULL, at_ms = p_now, until_ms = p_until, keep_ms = p_until,
    richness = 0, etag = NULL, body = NULL;
  IF p_key LIKE 'book-%' THEN PERFORM pg_notify('@channel', 'book ' || substr(p_key, 6)); END IF;
END $$;
