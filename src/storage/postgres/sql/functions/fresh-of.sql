-- What is known under the name of a job, if it is fresh: a copy of a book (kind b), or that there is none (m).
-- Arguments: the job's name, now, the greatest age that counts as fresh (NULL: its own time decides; 0: none does).
-- Result: at most one row. The number of the book, and when the copy was fetched.

CREATE OR REPLACE FUNCTION @.fresh_of(p_key text, p_now bigint, p_max_age bigint)
RETURNS TABLE (kind "char", book_id bigint, at_ms bigint) LANGUAGE sql STABLE AS $$
  SELECT t.kind, t.book_id, t.at_ms
  FROM @.known k JOIN @.known t ON t.key = CASE WHEN k.kind = 'a' THEN 'book-' || k.book_id ELSE k.key END
  WHERE k.key = p_key AND t.keep_ms > p_now
    AND CASE WHEN p_max_age IS NULL THEN p_now < t.until_ms
      ELSE p_max_age > 0 AND p_now - t.at_ms BETWEEN -@clock_tolerance_ms AND p_max_age END
$$;
