-- Forgets the oldest settled jobs beyond the caps. Failed jobs are counted apart from all others. A job that a submission is requeueing is
-- passed over: to wait for its lock could end in a deadlock. The next call looks at it again.
-- Arguments: how many settled jobs and how many failed jobs stay.

CREATE OR REPLACE FUNCTION @.trim_jobs(p_finished bigint, p_failed bigint) RETURNS void LANGUAGE sql AS $$
  DELETE FROM @.job WHERE job_id = ANY (ARRAY(
    SELECT job_id FROM @.job WHERE state IN ('p', 'n', 'x') AND settled_no <= (
      SELECT settled_no FROM @.job WHERE state IN ('p', 'n', 'x') ORDER BY settled_no DESC OFFSET p_finished LIMIT 1)
    FOR UPDATE SKIP LOCKED));
  DELETE FROM @.job WHERE job_id = ANY (ARRAY(
    SELECT job_id FROM @.job WHERE state = 'f' AND settled_no <= (
      SELECT settled_no FROM @.job WHERE state = 'f' ORDER BY settled_no DESC OFFSET p_failed LIMIT 1)
    FOR UPDATE SKIP LOCKED));
$$;
