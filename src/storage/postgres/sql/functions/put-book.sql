-- Stores a copy unless the stored one is newer ('older') or richer ('poorer'). Of a richer copy only the freshness and the end move on.
-- A copy from the future (a clock was wrong) may be replaced: otherwise it would stay until its time has come.
-- A copy that is stored brings its search entry; without one the book has none.
-- Arguments: the book's number, its JSON, etag, time of the fetch, end of the freshness, richness, end of the copy, other names of
--   the book, its search entry (NULL for none).
-- Result: 'stored', 'older' or 'poorer'. Each name in p_aliases leads to the book from then on, whatever the result is.

CREATE OR REPLACE FUNCTION @.keep_book(
  p_book bigint, p_body text, p_etag text, p_at bigint, p_until bigint, p_richness integer, p_keep bigint, p_aliases text[], p_entry text
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_key text := 'book-' || p_book;
  v_stored text := 'stored';
  v_alias text;
  v_future bigint := extract(epoch FROM clock_timestamp()) * 1000 + @clock_tolerance_ms;
BEGIN
  INSERT INTO @.known AS k (key, kind, book_id, at_ms, until_ms, keep_ms, richness, etag, body)
  VALUES (v_key, 'b', p_book, p_at, p_until, p_keep, p_richness, p_etag, p_body)
  ON CONFLICT (key) DO UPDATE SET kind = 'b', book_id = excluded.book_id, at_ms = excluded.at_ms, until_ms = excluded.until_ms,
    keep_ms = excluded.keep_ms, richness = excluded.richness, etag = excluded.etag, body = excluded.body
  WHERE k.kind <> 'b' OR k.keep_ms <= excluded.at_ms
    OR ((k.at_ms <= excluded.at_ms OR k.at_ms > v_future) AND k.richness <= excluded.richness);
  IF NOT FOUND THEN
    UPDATE @.known SET until_ms = greatest(until_ms, p_until), keep_ms = greatest(keep_ms, p_keep)
    WHERE key = v_key AND (at_ms <= p_at OR at_ms > v_future);
    v_stored := CASE WHEN FOUND THEN 'poorer' ELSE 'older' END;
  END IF;
  IF v_stored = 'stored' AND p_entry IS NOT NULL THEN
    INSERT INTO @.search AS s (book_id, entry) VALUES (p_book, p_entry)
    ON CONFLICT (book_id) DO UPDATE SET entry = excluded.entry WHERE s.entry <> excluded.entry;
  ELSIF v_stored = 'stored' THEN
    DELETE FROM @.search WHERE book_id = p_book;
  END IF;
  IF v_stored <> 'older' THEN PERFORM pg_notify('@channel', 'book ' || p_book); END IF;
  FOREACH v_alias IN ARRAY p_aliases LOOP
    CONTINUE WHEN v_alias = v_key;
    INSERT INTO @.known (key, kind, book_id, at_ms, until_ms, keep_ms) VALUES (v_alias, 'a', p_book, p_at, p_until, p_keep)
    ON CONFLICT (key) DO UPDATE SET kind = 'a', book_id = excluded.book_id, at_ms = excluded.at_ms, until_ms = excluded.until_ms,
      keep_ms = greatest(known.keep_ms, excluded.keep_ms), richness = 0, etag = NULL, body = NULL;
    IF v_alias LIKE 'book-%' THEN
      -- The other book was merged into this one: its aliases lead here from now on.
      UPDATE @.known SET book_id = p_book WHERE kind = 'a' AND book_id = substr(v_alias, 6)::bigint;
      PERFORM pg_notify('@channel', 'book ' || substr(v_alias, 6));
    END IF;
  END LOOP;
  RETURN v_stored;
END $$;

-- keep_book for processes of the version before search.

CREATE OR REPLACE FUNCTION @.put_book(
  p_book bigint, p_body text, p_etag text, p_at bigint, p_until bigint, p_richness integer, p_keep bigint, p_aliases text[]
) RETURNS text LANGUAGE sql AS $$ SELECT @.keep_book(p_book, p_body, p_etag, p_at, p_until, p_richness, p_keep, p_aliases, NULL) $$;
