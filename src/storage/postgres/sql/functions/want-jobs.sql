-- Joins live jobs, and begins a new run of all others. The order of ids keeps two calls for the same jobs from waiting for each other.
-- Arguments: job ids, the run of new jobs, priority rank, whether the jobs are wanted by themselves, now.
-- Result: one row a job. Its run, and whether this call is more urgent than those before.

CREATE OR REPLACE FUNCTION @.want_jobs(p_jobs text[], p_run text, p_priority smallint, p_solo boolean, p_now bigint)
RETURNS TABLE (job_id text, run text, raised boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY INSERT INTO @.job AS o (job_id, run, priority, solo, created_at_ms)
  SELECT w.id, p_run, p_priority, p_solo, p_now FROM unnest(p_jobs) AS w(id) ORDER BY w.id COLLATE "C"
  ON CONFLICT (job_id) DO UPDATE SET
    raised = o.state = 'l' AND excluded.priority < o.priority,
    priority = CASE WHEN o.state = 'l' THEN least(o.priority, excluded.priority) ELSE excluded.priority END,
    solo = CASE WHEN o.state = 'l' THEN o.solo OR excluded.solo ELSE excluded.solo END,
    run = CASE WHEN o.state = 'l' THEN o.run ELSE excluded.run END,
    created_at_ms = CASE WHEN o.state = 'l' THEN o.created_at_ms ELSE excluded.created_at_ms END,
    timeline = CASE WHEN o.state = 'l' THEN o.timeline ELSE '[]' END,
    waiters = CASE WHEN o.state = 'l' THEN o.waiters ELSE 0 END,
    attempts = 0, settled_at_ms = NULL, settled_no = NULL, error_code = NULL, error_detail = NULL, book_id = NULL, state = 'l'
  RETURNING o.job_id, o.run, o.raised;
END $$;
