-- One step towards the end of a live job: stores its copy, and settles the items that wait for it, at most @waiters_a_step of them.
-- While more items wait the job stays live, for the next step. The step that brings a copy stores it, whether or not the run is live.
-- Arguments: job id, run (NULL settles whichever is live), now, the letter of the final state, attempts, error code, error detail,
--   then the copy (number, JSON, etag, time of the fetch, end of the freshness, richness, end of the copy; all but the number are NULL
--   in later steps), until when a missing book is remembered (NULL in later steps),
--   the search entry of the copy (NULL for none),
--   and the batches that the book satisfies and those that it does not (NULL: nobody judges, and no batch takes the book).
-- Result: ended (the job was live and is settled now), stored ('stored', 'older', 'poorer' or NULL), live_run (the run that was
--   live, or NULL), unjudged and conditions (batches without a verdict, with their options: then nothing was changed, else NULL),
--   stopped (batches that found the last book by this, or NULL).

CREATE OR REPLACE FUNCTION @.settle_step(
  p_job text, p_run text, p_now bigint, p_state "char", p_attempts integer, p_code text, p_detail text,
  p_book bigint, p_body text, p_etag text, p_at bigint, p_until bigint, p_richness integer, p_keep bigint, p_missing_until bigint,
  p_entry text, p_matched text[], p_unmatched text[],
  OUT ended boolean, OUT stored text, OUT live_run text, OUT unjudged text[], OUT conditions text[], OUT stopped text[]
) LANGUAGE plpgsql AS $$
DECLARE
  v_batches text[]; v_indexes integer[]; v_waiters integer; v_length integer; v_taken integer;
BEGIN
  SELECT run INTO live_run FROM @.job WHERE job_id = p_job AND state = 'l' AND (p_run IS NULL OR run = p_run) FOR UPDATE;
  ended := FOUND;
  IF ended THEN
    -- One item more than a step takes tells whether there are more.
    SELECT array_agg(batch_id), array_agg(index), count(*) INTO v_batches, v_indexes, v_waiters
    FROM (SELECT batch_id, index FROM @.item WHERE job_id = p_job AND state = 'q' ORDER BY batch_id LIMIT @waiters_a_step + 1) waiting;
    v_taken := least(v_waiters, @waiters_a_step);
    IF v_waiters = 1 THEN
      -- Nearly every job: one item, of a batch that looks for nothing. Plain statements are planned once.
      UPDATE @.batch_record b SET settled = b.settled + 1, log_length = log_length + 1, progressed_at_ms = p_now,
        parsed = parsed + CASE WHEN p_state = 'p' THEN 1 ELSE 0 END,
        not_found = not_found + CASE WHEN p_state = 'n' THEN 1 ELSE 0 END,
        failed = failed + CASE WHEN p_state = 'f' THEN 1 ELSE 0 END,
        cancelled = cancelled + CASE WHEN p_state = 'x' THEN 1 ELSE 0 END,
        finished_at_ms = CASE WHEN sealed AND NOT open AND b.settled + 1 >= total THEN p_now END
      WHERE batch_id = v_batches[1] AND wanted IS NULL RETURNING log_length INTO v_length;
    END IF;
    IF v_length IS NOT NULL THEN
      UPDATE @.item SET state = p_state, settled_at_ms = p_now, book_id = coalesce(p_book, book_id), seq = v_length
      WHERE batch_id = v_batches[1] AND index = v_indexes[1];
      PERFORM pg_notify('@channel', 'batch ' || v_batches[1]);
    ELSIF v_waiters > 0 THEN
      SELECT w.unjudged, w.conditions, w.stopped INTO unjudged, conditions, stopped
      FROM @.settle_waiting(v_batches[:v_taken], v_indexes[:v_taken], p_now, p_state, p_book, p_matched, p_unmatched) w;
      ended := unjudged IS NULL AND v_waiters = v_taken;
      IF unjudged IS NOT NULL THEN RETURN; END IF;
    END IF;
    -- The waiters of earlier steps are counted already.
    IF ended THEN
      UPDATE @.job SET state = p_state, settled_at_ms = p_now, settled_no = nextval('@.settled_order'), attempts = p_attempts,
        waiters = waiters + v_taken, error_code = p_code, error_detail = p_detail, book_id = p_book, raised = false
      WHERE job_id = p_job;
    ELSE
      UPDATE @.job SET waiters = waiters + v_taken WHERE job_id = p_job;
    END IF;
    IF p_state = 'n' AND p_missing_until IS NOT NULL THEN PERFORM @.mark_missing(p_job, p_now, p_missing_until); END IF;
  END IF;
  IF p_body IS NOT NULL THEN
    stored := @.keep_book(p_book, p_body, p_etag, p_at, p_until, p_richness, p_keep, ARRAY[p_job], p_entry);
  END IF;
END $$;

-- settle_step for processes of the version before search and growing batches: they do not judge.

CREATE OR REPLACE FUNCTION @.settle_some(
  p_job text, p_run text, p_now bigint, p_state "char", p_attempts integer, p_code text, p_detail text,
  p_book bigint, p_body text, p_etag text, p_at bigint, p_until bigint, p_richness integer, p_keep bigint, p_missing_until bigint,
  OUT ended boolean, OUT stored text, OUT live_run text
) LANGUAGE sql AS $$
  SELECT ended, stored, live_run FROM @.settle_step(p_job, p_run, p_now, p_state, p_attempts, p_code, p_detail, p_book, p_body, p_etag,
    p_at, p_until, p_richness, p_keep, p_missing_until, NULL, NULL, NULL)
$$;
