-- The tables of the store. This file never changes: databases that ran it do not run it again.
--
-- `@.` stands for the schema. Times are milliseconds since the epoch. Priorities are 0 (interactive) to 2 (bulk).
-- States are the one-letter codes of `ITEM_STATES`, and `l` for a live job.
--
-- Keys sort by byte (`COLLATE "C"`), which is what cursors expect and what is fastest. Updates of the busy rows (batches, jobs) touch no
-- indexed column, so that they stay within their page.

-- What is known under a job id. kind b: a copy of book book_id. a: an alias that leads to book_id. m: Goodreads has no such book.
CREATE TABLE @.known (
  key       text COLLATE "C" PRIMARY KEY,
  kind      "char" NOT NULL,
  book_id   bigint,
  at_ms     bigint NOT NULL, -- fetched, or known to be missing since
  until_ms  bigint NOT NULL, -- fresh, or remembered as missing, until
  keep_ms   bigint NOT NULL,
  richness  integer NOT NULL DEFAULT 0,
  etag      text,
  body      text
) WITH (toast_tuple_target = 8160);
-- A read of a book is one index and one page: bodies stay in the row, uncompressed, as long as they fit in it.
ALTER TABLE @.known ALTER COLUMN body SET STORAGE MAIN;
CREATE INDEX known_book ON @.known (book_id) WHERE kind = 'b';
CREATE INDEX known_alias ON @.known (book_id) WHERE kind = 'a';
CREATE INDEX known_keep ON @.known (keep_ms);

CREATE SEQUENCE @.settled_order;
CREATE TABLE @.job (
  job_id        text COLLATE "C" PRIMARY KEY,
  run           text NOT NULL,
  state         "char" NOT NULL DEFAULT 'l',
  priority      smallint NOT NULL,
  solo          boolean NOT NULL,           -- wanted by itself, not only by batches
  raised        boolean NOT NULL DEFAULT false, -- the latest submission was more urgent than those before
  created_at_ms bigint NOT NULL,
  settled_at_ms bigint,
  settled_no    bigint,                     -- order of settling
  attempts      integer NOT NULL DEFAULT 0,
  waiters       integer NOT NULL DEFAULT 0, -- items that waited and are settled
  error_code    text,
  error_detail  text,
  book_id       bigint,
  timeline      jsonb NOT NULL DEFAULT '[]'
) WITH (fillfactor = 80);
CREATE INDEX job_solo ON @.job (created_at_ms) WHERE state = 'l' AND solo;
CREATE INDEX job_failed ON @.job (settled_no) WHERE state = 'f';
CREATE INDEX job_finished ON @.job (settled_no) WHERE state IN ('p', 'n', 'x');

CREATE TABLE @.batch (
  batch_id         text COLLATE "C" PRIMARY KEY,
  total            integer NOT NULL,
  settled          integer NOT NULL DEFAULT 0, -- items that are settled; the others count as queued
  parsed           integer NOT NULL DEFAULT 0,
  not_found        integer NOT NULL DEFAULT 0,
  failed           integer NOT NULL DEFAULT 0,
  cancelled        integer NOT NULL DEFAULT 0,
  cached           integer NOT NULL DEFAULT 0,
  invalid          integer NOT NULL DEFAULT 0,
  log_length       integer NOT NULL DEFAULT 0,
  sealed           boolean NOT NULL DEFAULT false,
  announced        boolean NOT NULL DEFAULT false,
  created_at_ms    bigint NOT NULL,
  progressed_at_ms bigint NOT NULL,
  finished_at_ms   bigint,
  cancelled_at_ms  bigint,
  options          text NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX batch_open ON @.batch (batch_id) WHERE finished_at_ms IS NULL;
CREATE INDEX batch_unannounced ON @.batch (finished_at_ms) WHERE finished_at_ms IS NOT NULL AND NOT announced;
CREATE INDEX batch_finished ON @.batch (finished_at_ms) WHERE finished_at_ms IS NOT NULL;

CREATE TABLE @.item (
  batch_id      text COLLATE "C" NOT NULL,
  index         integer NOT NULL,
  state         "char" NOT NULL,
  duplicates    smallint NOT NULL,
  seq           integer, -- place in the settled log
  settled_at_ms bigint,
  book_id       bigint,
  job_id        text COLLATE "C",
  input         text NOT NULL,
  reason        text,
  PRIMARY KEY (batch_id, index)
);
CREATE INDEX item_waiting ON @.item (job_id, batch_id) WHERE state = 'q';
CREATE INDEX item_log ON @.item (batch_id, seq) WHERE seq IS NOT NULL;

CREATE TABLE @.document (
  key          text COLLATE "C" PRIMARY KEY,
  version      bigint NOT NULL,
  expire_at_ms bigint,
  json         text NOT NULL
);
CREATE INDEX document_expire ON @.document (expire_at_ms) WHERE expire_at_ms IS NOT NULL;

CREATE TABLE @.tally (
  series text COLLATE "C" NOT NULL,
  hour   integer NOT NULL,
  name   text COLLATE "C" NOT NULL,
  n      double precision NOT NULL,
  PRIMARY KEY (series, hour, name)
);

CREATE TABLE @.page (
  job_id       text COLLATE "C" PRIMARY KEY,
  kept_at_ms   bigint NOT NULL,
  expire_at_ms bigint NOT NULL,
  bytes        bytea NOT NULL
);
ALTER TABLE @.page ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE INDEX page_kept ON @.page (kept_at_ms);
