-- What every script begins with. The loader (scripts.ts) puts these files before each script, and before them these locals:
-- DATABASE, CLOCK_TOLERANCE_MS, MOST_WAITERS_A_STEP, MOST_HOPS and MOST_DUPLICATES.
--
-- Every script has one key: the hash-tagged prefix of all keys, which puts them on one shard of a cluster. After the prefix:
-- - `book-<id>`, `isbn-<isbn13>`, `asin-<asin>`: what is known of a book, one string. Its first letter tells what it is:
--   Q: a copy. fetchedAt (13 digits), freshUntil (13), richness (3), etag (16 characters), a line feed, then the JSON.
--   A: an alias. The id of the book it leads to.
--   M: missing, Goodreads has no such book. since (13 digits), until (13).
-- - `aliases:<id>`: set of the names that lead to a book.
-- - `job:<jobId>`: hash of a job's record. s state, r run, p priority, c created, w waiters (`batchId.index`, a space between), solo,
--   t settled, a attempts, n waiters that are settled, ec and ed the error's code and detail, b book id, l timeline (one JSON a line).
-- - `batch:<id>`: hash of a batch, with a count for each state under the state's letter.
--   A batch that grows: open (the last addition of a caller; such a batch counts one queued item more), expanding (indexes of the
--   collections, which are queued items too), wanted (how many books it looks for), found (their ids), stopped (when it found the last).
--   cancelled, as (the letter it is cancelled as), unknown (no caller knows it: its end is not announced).
-- - `batch:<id>:jobs`: hash of the index of each job, while the batch grows. The field of the empty name tells how many items it covers.
-- - `growing`: sorted set of open batches by the last addition of a caller.
-- - `batch:<id>:items`: list of one JSON an item. `batch:<id>:states`: string of one letter an item.
-- - `batch:<id>:log`: list of `index.letter.atMs` in the order of settling.
-- - `doc:<key>`: hash of a document. v version, j JSON. `docs`, `docs-ending`: sorted sets of the documents by key and by end.
-- - `books`: sorted set of book ids by number.
-- - `search-entries`: hash of the search entries by book id, each after the etag of its copy (16 characters). `search`: sorted set of
--   postings, see search.lua.
-- - `open`: sorted set of unfinished batches by their last progress. `unannounced`: sorted set of finished batches by their end.
-- - `batches-open`, `batches-ended`: sorted sets of all batch ids, which sort by creation.
-- - `solo`, `failed`: sorted sets of jobs. `finished`: list of the other settled jobs.
-- - `tally:<series>`: sorted set of hours. `tally:<series>:<hour>`: hash of counters.
-- - `page:<jobId>`: the page of a failed job. `pages`: sorted set of them by time.
-- - `signals`: the channel of the signals.

local P = KEYS[1]
local call = redis.call

-- Publishes a line. A channel belongs to all databases of a server, so the line ends with the database it is about.
local function signal(text) call('PUBLISH', P .. 'signals', text .. ' db' .. DATABASE) end
