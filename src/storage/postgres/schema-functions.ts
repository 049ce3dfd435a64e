/**
 * The functions of the store: each is one atomic step and one round trip. `@.` stands for the schema, `@channel` for the name of
 * its signal channel.
 *
 * Locks are taken in one order everywhere, so that processes do not block each other for good: jobs by id, batches by id, items,
 * then what is known of books.
 */

import { CLOCK_TOLERANCE_MS } from '../../domain/time/clock.ts';
import { MOST_WAITERS_A_STEP } from '../settle-step.ts';

const BOOKS = `
-- Stores a copy unless the one there is newer or richer. Of a richer one only the freshness moves on. One from the future (a clock went
-- wrong) is newer than nothing: otherwise no copy could replace it until its time has come.
CREATE OR REPLACE FUNCTION @.put_book(p_book bigint, p_body text, p_etag text, p_at bigint, p_until bigint, p_richness integer, p_keep bigint, p_aliases text[])
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_key text := 'book-' || p_book;
  v_stored text := 'stored';
  v_alias text;
  v_future bigint := extract(epoch FROM clock_timestamp()) * 1000 + ${CLOCK_TOLERANCE_MS};
BEGIN
  INSERT INTO @.known AS k (key, kind, book_id, at_ms, until_ms, keep_ms, richness, etag, body)
  VALUES (v_key, 'b', p_book, p_at, p_until, p_keep, p_richness, p_etag, p_body)
  ON CONFLICT (key) DO UPDATE SET kind = 'b', book_id = excluded.book_id, at_ms = excluded.at_ms, until_ms = excluded.until_ms,
    keep_ms = excluded.keep_ms, richness = excluded.richness, etag = excluded.etag, body = excluded.body
  WHERE k.kind <> 'b' OR k.keep_ms <= excluded.at_ms OR ((k.at_ms <= excluded.at_ms OR k.at_ms > v_future) AND k.richness <= excluded.richness);
  IF NOT FOUND THEN
    UPDATE @.known SET until_ms = greatest(until_ms, p_until), keep_ms = greatest(keep_ms, p_keep) WHERE key = v_key AND (at_ms <= p_at OR at_ms > v_future);
    v_stored := CASE WHEN FOUND THEN 'poorer' ELSE 'older' END;
  END IF;
  IF v_stored <> 'older' THEN PERFORM pg_notify('@channel', 'book ' || p_book); END IF;
  FOREACH v_alias IN ARRAY p_aliases LOOP
    CONTINUE WHEN v_alias = v_key;
    INSERT INTO @.known (key, kind, book_id, at_ms, until_ms, keep_ms) VALUES (v_alias, 'a', p_book, p_at, p_until, p_keep)
    ON CONFLICT (key) DO UPDATE SET kind = 'a', book_id = excluded.book_id, at_ms = excluded.at_ms, until_ms = excluded.until_ms,
      keep_ms = greatest(known.keep_ms, excluded.keep_ms), richness = 0, etag = NULL, body = NULL;
    IF v_alias LIKE 'book-%' THEN
      -- The other book was merged into this one: whatever led to it leads here, in one step.
      UPDATE @.known SET book_id = p_book WHERE kind = 'a' AND book_id = substr(v_alias, 6)::bigint;
      PERFORM pg_notify('@channel', 'book ' || substr(v_alias, 6));
    END IF;
  END LOOP;
  RETURN v_stored;
END $$;

-- Remembers that Goodreads has no such book. A copy stays, and counts as fresh until then.
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
  ON CONFLICT (key) DO UPDATE SET kind = 'm', book_id = NULL, at_ms = p_now, until_ms = p_until, keep_ms = p_until, richness = 0, etag = NULL, body = NULL;
  IF p_key LIKE 'book-%' THEN PERFORM pg_notify('@channel', 'book ' || substr(p_key, 6)); END IF;
END $$;

-- Drops what is past its time, at most p_limit of it. An alias lives as long as what it leads to.
CREATE OR REPLACE FUNCTION @.purge_known(p_now bigint, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE v_gone integer;
BEGIN
  UPDATE @.known a SET keep_ms = b.keep_ms FROM @.known b
  WHERE a.kind = 'a' AND a.keep_ms <= p_now AND b.key = 'book-' || a.book_id AND b.keep_ms > p_now;
  DELETE FROM @.known WHERE key IN (SELECT key FROM @.known WHERE keep_ms <= p_now ORDER BY keep_ms LIMIT p_limit);
  GET DIAGNOSTICS v_gone = ROW_COUNT;
  RETURN v_gone;
END $$;
`;

const SUBMIT = `
-- Decides and records up to 1,000 items. Names in the answer: n (place in p_items), status, raise, book, at.
CREATE OR REPLACE FUNCTION @.submit(p_batch text, p_options text, p_total integer, p_last boolean, p_now bigint, p_run text, p_priority smallint, p_max_age bigint, p_items text)
RETURNS TABLE (n integer, status "char", raise text, book bigint, at bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_n integer[]; v_status "char"[]; v_raise text[]; v_book bigint[]; v_at bigint[];
  v_settled integer; v_cached integer; v_missing integer; v_invalid integer;
  v_batch record;
BEGIN
  IF p_batch IS NOT NULL THEN
    INSERT INTO @.batch (batch_id, total, created_at_ms, progressed_at_ms, options) VALUES (p_batch, p_total, p_now, p_now, p_options) ON CONFLICT DO NOTHING;
  END IF;
  WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(p_items::json) AS x(n integer, i integer, t text, j text, b bigint, d integer, r text)
  ), decided AS MATERIALIZED (
    SELECT g.*, f.book_id AS found_book, f.at_ms AS found_at,
      CASE
        WHEN g.j IS NULL THEN 'i'::"char"
        WHEN f.keep_ms IS NULL OR f.keep_ms <= p_now THEN 'q'::"char"
        WHEN NOT (CASE WHEN p_max_age IS NULL THEN p_now < f.until_ms ELSE p_max_age > 0 AND p_now - f.at_ms BETWEEN -${CLOCK_TOLERANCE_MS} AND p_max_age END) THEN 'q'::"char"
        WHEN f.kind = 'b' THEN 'c'::"char"
        WHEN f.kind = 'm' THEN 'n'::"char"
        ELSE 'q'::"char"
      END AS state
    FROM given g LEFT JOIN LATERAL (
      SELECT t.* FROM @.known k JOIN @.known t ON t.key = CASE WHEN k.kind = 'a' THEN 'book-' || k.book_id ELSE k.key END WHERE k.key = g.j
    ) f ON true
  ), jobs AS (
    -- The order of ids keeps two submissions of the same links from waiting for each other.
    INSERT INTO @.job AS o (job_id, run, priority, solo, created_at_ms)
    SELECT d.j, p_run, p_priority, p_batch IS NULL, p_now FROM decided d WHERE d.state = 'q' ORDER BY d.j
    ON CONFLICT (job_id) DO UPDATE SET
      raised = o.state = 'l' AND excluded.priority < o.priority,
      priority = CASE WHEN o.state = 'l' THEN least(o.priority, excluded.priority) ELSE excluded.priority END,
      solo = CASE WHEN o.state = 'l' THEN o.solo OR excluded.solo ELSE excluded.solo END,
      run = CASE WHEN o.state = 'l' THEN o.run ELSE excluded.run END,
      created_at_ms = CASE WHEN o.state = 'l' THEN o.created_at_ms ELSE excluded.created_at_ms END,
      timeline = CASE WHEN o.state = 'l' THEN o.timeline ELSE '[]' END,
      waiters = CASE WHEN o.state = 'l' THEN o.waiters ELSE 0 END,
      attempts = 0, settled_at_ms = NULL, settled_no = NULL, error_code = NULL, error_detail = NULL, book_id = NULL, state = 'l'
    RETURNING job_id, run, raised
  ), answered AS MATERIALIZED (
    SELECT d.*, CASE WHEN d.state = 'q' AND jobs.run <> p_run THEN 'j'::"char" ELSE d.state END AS status, CASE WHEN jobs.raised AND jobs.run <> p_run THEN jobs.run END AS raise
    FROM decided d LEFT JOIN jobs ON jobs.job_id = d.j AND d.state = 'q'
  ), items AS (
    INSERT INTO @.item (batch_id, index, state, duplicates, book_id, job_id, input, reason)
    SELECT p_batch, a.i, a.state, a.d, CASE WHEN a.state = 'c' THEN a.found_book ELSE a.b END, a.j, a.t, a.r FROM answered a WHERE p_batch IS NOT NULL ORDER BY a.i
    ON CONFLICT DO NOTHING RETURNING state
  ), counted AS (
    SELECT count(*) FILTER (WHERE state <> 'q') AS settled, count(*) FILTER (WHERE state = 'c') AS cached, count(*) FILTER (WHERE state = 'n') AS missing,
      count(*) FILTER (WHERE state = 'i') AS invalid
    FROM items
  )
  SELECT array_agg(a.n), array_agg(a.status), array_agg(a.raise), array_agg(CASE WHEN a.state = 'c' THEN a.found_book END), array_agg(CASE WHEN a.state = 'c' THEN a.found_at END),
    min(c.settled), min(c.cached), min(c.missing), min(c.invalid)
  INTO v_n, v_status, v_raise, v_book, v_at, v_settled, v_cached, v_missing, v_invalid
  FROM answered a CROSS JOIN counted c;
  IF p_batch IS NOT NULL THEN
    UPDATE @.batch SET settled = settled + coalesce(v_settled, 0), cached = cached + coalesce(v_cached, 0), not_found = not_found + coalesce(v_missing, 0),
      invalid = invalid + coalesce(v_invalid, 0), sealed = sealed OR p_last,
      progressed_at_ms = CASE WHEN v_settled > 0 THEN p_now ELSE progressed_at_ms END,
      finished_at_ms = CASE WHEN finished_at_ms IS NOT NULL THEN finished_at_ms WHEN (sealed OR p_last) AND settled + coalesce(v_settled, 0) >= total THEN p_now END
    WHERE batch_id = p_batch RETURNING cancelled_at_ms, finished_at_ms INTO v_batch;
    IF v_batch.cancelled_at_ms IS NOT NULL THEN
      RAISE EXCEPTION 'the batch was cancelled' USING ERRCODE = 'QU001';
    END IF;
    IF v_batch.finished_at_ms IS NOT NULL THEN PERFORM pg_notify('@channel', 'batch ' || p_batch); END IF;
  END IF;
  RETURN QUERY SELECT * FROM unnest(v_n, v_status, v_raise, v_book, v_at);
END $$;
`;

/** What becomes of a batch (alias b) when `n` of its items settle as p_state at p_now. */
const countSettled = (n: string): string => `settled = b.settled + ${n}, log_length = log_length + ${n}, progressed_at_ms = p_now,
    parsed = parsed + CASE WHEN p_state = 'p' THEN ${n} ELSE 0 END,
    not_found = not_found + CASE WHEN p_state = 'n' THEN ${n} ELSE 0 END,
    failed = failed + CASE WHEN p_state = 'f' THEN ${n} ELSE 0 END,
    cancelled = cancelled + CASE WHEN p_state = 'x' THEN ${n} ELSE 0 END,
    finished_at_ms = CASE WHEN sealed AND b.settled + ${n} >= total THEN p_now END`;

const SETTLE = `
-- Settles items of many batches at once. The planner may not read whole tables: it would choose to for the few rows of a new database, and keep to it.
CREATE OR REPLACE FUNCTION @.settle_items(p_batches text[], p_indexes integer[], p_now bigint, p_state "char", p_book bigint) RETURNS void LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  PERFORM 1 FROM @.batch WHERE batch_id = ANY (p_batches) ORDER BY batch_id FOR UPDATE;
  WITH moved AS (
    UPDATE @.batch b SET ${countSettled('w.n')}
    FROM (SELECT u.batch_id, array_agg(u.index ORDER BY u.index) AS indexes, count(*)::integer AS n FROM unnest(p_batches, p_indexes) AS u(batch_id, index) GROUP BY u.batch_id) w
    WHERE b.batch_id = w.batch_id RETURNING b.batch_id, b.log_length - w.n AS logged, w.indexes
  )
  UPDATE @.item i SET state = p_state, settled_at_ms = p_now, book_id = coalesce(p_book, book_id), seq = moved.logged + o.place
  FROM moved CROSS JOIN LATERAL unnest(moved.indexes) WITH ORDINALITY AS o(at, place)
  WHERE i.batch_id = moved.batch_id AND i.index = o.at;
  PERFORM pg_notify('@channel', 'batch ' || batch_id) FROM unnest(p_batches) AS batch_id;
END $$;

-- One step towards the end of a live job: settles some of the items that wait for it, and ends it (ended) when nobody else waits. Otherwise the job
-- stays live under live_run, for the next step. The step that brings a copy (p_body) stores it, whether or not the run is live.
CREATE OR REPLACE FUNCTION @.settle_some(p_job text, p_run text, p_now bigint, p_state "char", p_attempts integer, p_code text, p_detail text, p_book bigint, p_body text,
  p_etag text, p_at bigint, p_until bigint, p_richness integer, p_keep bigint, p_missing_until bigint,
  OUT ended boolean, OUT stored text, OUT live_run text) LANGUAGE plpgsql AS $$
DECLARE
  v_batches text[]; v_indexes integer[]; v_waiters integer; v_length integer;
BEGIN
  SELECT run INTO live_run FROM @.job WHERE job_id = p_job AND state = 'l' AND (p_run IS NULL OR run = p_run) FOR UPDATE;
  ended := FOUND;
  IF ended THEN
    -- One more than a step takes tells whether there are more.
    SELECT array_agg(batch_id), array_agg(index), count(*) INTO v_batches, v_indexes, v_waiters
    FROM (SELECT batch_id, index FROM @.item WHERE job_id = p_job AND state = 'q' ORDER BY batch_id LIMIT ${MOST_WAITERS_A_STEP + 1}) waiting;
    IF v_waiters = 1 THEN
      -- By far the most: plain statements are planned once and for all.
      UPDATE @.batch b SET ${countSettled('1')}
      WHERE batch_id = v_batches[1] RETURNING log_length INTO v_length;
      UPDATE @.item SET state = p_state, settled_at_ms = p_now, book_id = coalesce(p_book, book_id), seq = v_length WHERE batch_id = v_batches[1] AND index = v_indexes[1];
      PERFORM pg_notify('@channel', 'batch ' || v_batches[1]);
    ELSIF v_waiters > 1 THEN
      ended := v_waiters <= ${MOST_WAITERS_A_STEP};
      v_waiters := least(v_waiters, ${MOST_WAITERS_A_STEP});
      PERFORM @.settle_items(v_batches[:v_waiters], v_indexes[:v_waiters], p_now, p_state, p_book);
    END IF;
    -- The waiters of earlier steps are counted already.
    IF ended THEN
      UPDATE @.job SET state = p_state, settled_at_ms = p_now, settled_no = nextval('@.settled_order'), attempts = p_attempts, waiters = waiters + v_waiters,
        error_code = p_code, error_detail = p_detail, book_id = p_book, raised = false
      WHERE job_id = p_job;
    ELSE
      UPDATE @.job SET waiters = waiters + v_waiters WHERE job_id = p_job;
    END IF;
    IF p_state = 'n' AND p_missing_until IS NOT NULL THEN PERFORM @.mark_missing(p_job, p_now, p_missing_until); END IF;
  END IF;
  IF p_body IS NOT NULL THEN
    stored := @.put_book(p_book, p_body, p_etag, p_at, p_until, p_richness, p_keep, ARRAY[p_job]);
  END IF;
END $$;

-- Cancels what a batch still waits for. Jobs that nobody else wants end too: they come back in jobs and runs.
CREATE OR REPLACE FUNCTION @.cancel_batch(p_batch text, p_now bigint, OUT known boolean, OUT gone integer, OUT jobs text[], OUT runs text[]) LANGUAGE plpgsql AS $$
DECLARE
  v_batch record; v_waiting text[]; v_locked text[];
BEGIN
  gone := 0; jobs := '{}'; runs := '{}';
  SELECT array_agg(job_id ORDER BY job_id) INTO v_locked FROM (
    SELECT job_id FROM @.job WHERE job_id IN (SELECT job_id FROM @.item WHERE batch_id = p_batch AND state = 'q') ORDER BY job_id FOR UPDATE
  ) held;
  SELECT * INTO v_batch FROM @.batch WHERE batch_id = p_batch FOR UPDATE;
  known := FOUND;
  IF NOT known OR v_batch.finished_at_ms IS NOT NULL THEN RETURN; END IF;
  WITH cancelled AS (
    UPDATE @.item SET state = 'x', settled_at_ms = p_now, seq = v_batch.log_length + o.place
    FROM (SELECT index AS at, row_number() OVER (ORDER BY index) AS place FROM @.item WHERE batch_id = p_batch AND state = 'q') o
    WHERE batch_id = p_batch AND index = o.at RETURNING job_id
  ) SELECT count(*), coalesce(array_agg(job_id), '{}') INTO gone, v_waiting FROM cancelled;
  -- Items that were announced but never submitted end here too: their caller died half way. Nobody was told of such a batch, so nobody is told of its end.
  UPDATE @.batch SET announced = NOT sealed, cancelled = cancelled + (total - settled), settled = total, log_length = log_length + gone, sealed = true,
    cancelled_at_ms = p_now, progressed_at_ms = p_now, finished_at_ms = p_now
  WHERE batch_id = p_batch;
  gone := v_batch.total - v_batch.settled;
  PERFORM pg_notify('@channel', 'batch ' || p_batch);
  WITH unwanted AS (
    UPDATE @.job o SET state = 'x', settled_at_ms = p_now, settled_no = nextval('@.settled_order'), attempts = 0, waiters = o.waiters + 1, raised = false,
      error_code = 'cancelled', error_detail = 'The batch was cancelled.'
    WHERE job_id = ANY (v_waiting) AND state = 'l' AND NOT solo AND NOT EXISTS (SELECT 1 FROM @.item i WHERE i.job_id = o.job_id AND i.state = 'q')
    RETURNING job_id, run
  ) SELECT coalesce(array_agg(job_id), '{}'), coalesce(array_agg(run), '{}') INTO jobs, runs FROM unwanted;
END $$;

-- Forgets the oldest settled jobs beyond the caps.
CREATE OR REPLACE FUNCTION @.trim_jobs(p_finished bigint, p_failed bigint) RETURNS void LANGUAGE sql AS $$
  DELETE FROM @.job WHERE state IN ('p', 'n', 'x') AND settled_no <= (
    SELECT settled_no FROM @.job WHERE state IN ('p', 'n', 'x') ORDER BY settled_no DESC OFFSET p_finished LIMIT 1);
  DELETE FROM @.job WHERE state = 'f' AND settled_no <= (SELECT settled_no FROM @.job WHERE state = 'f' ORDER BY settled_no DESC OFFSET p_failed LIMIT 1);
$$;
`;

export const FUNCTIONS = BOOKS + SUBMIT + SETTLE;
