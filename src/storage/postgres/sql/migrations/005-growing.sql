-- Batches that grow, and what they look for. This file never changes: databases that ran it do not run it again.
--
-- Each new column has a constant default and no index, so no table is rewritten or read through, however many rows it has.
-- Rows that are there read as batches that do not grow and look for nothing.
--
-- A process of the version before has prepared `SELECT * FROM batch`. PostgreSQL refuses such a statement for ever once its table has more
-- columns ("cached plan must not change result type"). So the table gets another name, and a view with the old columns takes the old one.
ALTER TABLE @.batch RENAME TO batch_record;
ALTER TABLE @.batch_record
  ADD COLUMN open          boolean NOT NULL DEFAULT false,
  ADD COLUMN added_at_ms   bigint  NOT NULL DEFAULT 0,    -- when a caller last added items
  ADD COLUMN listed        integer NOT NULL DEFAULT 0,    -- items before this index are in batch_job
  ADD COLUMN expanding     integer NOT NULL DEFAULT 0,    -- collections that are still read; they are among those that are not settled
  ADD COLUMN expanded      integer NOT NULL DEFAULT 0,
  ADD COLUMN disallowed    integer NOT NULL DEFAULT 0,
  ADD COLUMN skipped       integer NOT NULL DEFAULT 0,
  ADD COLUMN expired       integer NOT NULL DEFAULT 0,
  ADD COLUMN wanted        integer,                       -- how many books it looks for; NULL: it looks for none
  ADD COLUMN found         text[]  NOT NULL DEFAULT '{}', -- their numbers, in the order in which they were found
  ADD COLUMN stopped_at_ms bigint;                        -- when the last of them was found

-- For processes of the version before. PostgreSQL writes through it.
CREATE VIEW @.batch AS SELECT batch_id, total, settled, parsed, not_found, failed, cancelled, cached, invalid, log_length, sealed, announced,
  created_at_ms, progressed_at_ms, finished_at_ms, cancelled_at_ms, options FROM @.batch_record;

-- A collection that is still read is an item in state q without a job.
ALTER TABLE @.item
  ADD COLUMN collection         text,
  ADD COLUMN collection_version integer,
  ADD COLUMN via                integer; -- index of the collection that brought it

-- Which item of a growing batch has a job, whatever its state is. Batches that take no more items have no rows here.
CREATE TABLE @.batch_job (
  batch_id text COLLATE "C" NOT NULL,
  job_id   text COLLATE "C" NOT NULL,
  index    integer NOT NULL,
  PRIMARY KEY (batch_id, job_id)
);

-- They go with their batch, whoever removes it: a process of the version before knows nothing of them.
CREATE FUNCTION @.forget_batch_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM @.batch_job WHERE batch_id = OLD.batch_id;
  RETURN NULL;
END $$;
CREATE TRIGGER batch_gone AFTER DELETE ON @.batch_record FOR EACH ROW EXECUTE FUNCTION @.forget_batch_jobs();
