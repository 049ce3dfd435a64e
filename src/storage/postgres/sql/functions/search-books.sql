-- Finds the entries of books. The work has a bound: of very many, those with most ratings are looked at.
-- Arguments: p_query, what an entry must have; p_index, what the index is asked for, which is a part of it; p_whole, whether the index
--   gives all that have p_query; how many entries of the index and how many of the best rank are looked at.
-- Result: the number of a book and its entry, in no order; a book may come twice.

CREATE OR REPLACE FUNCTION @.search_books(
  p_query tsquery, p_index tsquery, p_whole boolean, p_most integer, p_best integer
) RETURNS TABLE (book_id bigint, entry text) LANGUAGE plpgsql STABLE
  SET enable_seqscan = off AS $$
DECLARE v_found integer;
BEGIN
  RETURN QUERY SELECT s.book_id, s.entry FROM @.search s WHERE s.words @@ p_index AND s.words @@ p_query LIMIT p_most;
  GET DIAGNOSTICS v_found = ROW_COUNT;
  IF p_whole AND v_found < p_most THEN RETURN; END IF;
  RETURN QUERY SELECT b.book_id, b.entry FROM (SELECT s.book_id, s.entry, s.words FROM @.search s ORDER BY s.rank, s.book_id LIMIT p_best) b
  WHERE b.words @@ p_query;
END $$;

-- Adds the entry of a stored copy that has none. The copy is locked, so that its entry cannot outlive it.
-- Arguments: the book's number, the etag of the copy, the entry.

CREATE OR REPLACE FUNCTION @.enter_book(p_book bigint, p_etag text, p_entry text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM @.known WHERE key = 'book-' || p_book AND kind = 'b' AND etag = p_etag FOR SHARE;
  IF FOUND THEN INSERT INTO @.search (book_id, entry) VALUES (p_book, p_entry) ON CONFLICT DO NOTHING; END IF;
END $$;
