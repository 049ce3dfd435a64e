/**
 * The Lua of the Redis store: each script is one atomic step. All keys begin with the hash-tagged prefix given as
 * `KEYS[1]`, so that on a cluster they lie on one shard.
 *
 * Keys, after the prefix:
 * - `book-<id>`, `isbn-<isbn13>`: what is known of a book. `Q` + fetchedAt(13) + freshUntil(13) + richness(3) + etag(16) + `\n` + JSON,
 *   or `A` + bookId (an alias), or `M` + since(13) + until(13) (Goodreads has no such book).
 * - `aliases:<id>`: set of the names that lead to a book.
 * - `job:<jobId>`: hash of a job's record. s state, r run, p priority, c created, w waiters (`batchId.index`, space between), solo, t settled,
 *   a attempts, n waiters that are settled, ec and ed the error's code and detail, b bookId, l timeline (one JSON a line).
 * - `batch:<id>` hash (counts under their one-letter codes), `batch:<id>:items` list of JSON, `batch:<id>:states` one letter an item,
 *   `batch:<id>:log` list of `index.letter.atMs` in the order of settling.
 * - `books` (ids by number), `docs` and `docs-ending` (documents by key and by end), `open` (unfinished batches by progress),
 *   `batches-open` and `batches-ended` (ids of all batches, which sort by creation), `unannounced`, `solo`, `failed` (sorted sets), `finished` (list).
 */
import { CLOCK_TOLERANCE_MS } from '../../domain/time/clock.ts';
import { BATCH_SCRIPTS } from './batch-scripts.ts';
import { BOOK_SCRIPTS } from './book-scripts.ts';
import { DOCUMENT_SCRIPTS } from './document-scripts.ts';
import { SCRIPT_FUNCTIONS } from './script-functions.ts';

/** Positions in a copy's header, shared with the TypeScript side. */
export const HEADER_BYTES = 47;

/** ARGV: now, run, priority rank, maxAgeMs (-1: freshUntil decides), batchId, total, last, options JSON, ttl, index of the first item, items as JSON, a line each. Records nothing and returns false when the batch was cancelled. */
const submit = `
local now, run, rank, maxAge, id = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local bkey, items, letters, counts, out = P .. 'batch:' .. id, {}, {}, {q = 0, c = 0, n = 0, i = 0}, {}
if id ~= '' and call('HEXISTS', bkey, 'cancelled') == 1 then return false end

local function isFresh(since, untilAt)
  if maxAge < 0 then return now < untilAt end
  return maxAge > 0 and now - since <= maxAge and since - now <= ${CLOCK_TOLERANCE_MS}
end

-- Most submissions name nothing but new books, or next to nothing: one question for all of them spares two for each.
local jobIds, copies, records = {}, {}, {}
for line in string.gmatch(ARGV[11], '[^\\n]+') do
  local jobId = string.match(line, '^%["([^"]*)"')
  items[#items + 1] = line
  jobIds[#jobIds + 1] = jobId
  if jobId ~= '' then
    copies[#copies + 1] = P .. jobId
    records[#records + 1] = P .. 'job:' .. jobId
  end
end
local known = #copies > 0 and call('EXISTS', unpack(copies)) > 0
local recorded = #records > 0 and call('EXISTS', unpack(records)) > 0
local at = 0

for n, jobId in ipairs(jobIds) do
  local letter, answer = 'q', nil
  if jobId == '' then
    letter, answer = 'i', 'i'
  else
    at = at + 1
    local kind, h, name = '', '', ''
    if known then
      h, name = head(jobId)
      kind = string.sub(h, 1, 1)
    end
    if kind == 'Q' and isFresh(tonumber(string.sub(h, 2, 14)), tonumber(string.sub(h, 15, 27))) then
      letter, answer = 'c', 'c' .. string.sub(h, 2, 14) .. string.sub(name, 6)
      if name ~= jobId then items[n] = withBook(items[n], string.sub(name, 6)) end
    elseif kind == 'M' and now < tonumber(string.sub(h, 15, 27)) and isFresh(tonumber(string.sub(h, 2, 14)), tonumber(string.sub(h, 15, 27))) then
      letter, answer = 'n', 'm'
    else
      local jkey = records[at]
      local waiter = id ~= '' and (id .. '.' .. (ARGV[10] + n - 1)) or ''
      local job = recorded and call('HMGET', jkey, 's', 'r', 'p', 'w', 'c') or {}
      local created = ARGV[1]
      if job[1] == 'live' then
        created = job[5]
        answer = 'j'
        if rank < tonumber(job[3]) then
          call('HSET', jkey, 'p', ARGV[3])
          answer = 'j' .. job[2]
        end
        if waiter ~= '' then call('HSET', jkey, 'w', (job[4] and job[4] ~= '') and (job[4] .. ' ' .. waiter) or waiter) end
      else
        forgetRecord(jobId, job[1], job[2])
        answer = 'q'
        -- Numbers go as the strings they came as: Redis formats a number of Lua's by printf, which costs more than the command.
        call('HSET', jkey, 's', 'live', 'r', run, 'p', ARGV[3], 'c', ARGV[1], 'w', waiter)
      end
      if waiter == '' then
        call('HSET', jkey, 'solo', '1')
        call('ZADD', P .. 'solo', 'NX', created, jobId)
      end
    end
  end
  out[n] = answer
  letters[n] = letter
  counts[letter] = counts[letter] + 1
end

if id ~= '' then
  if call('EXISTS', bkey) == 0 then
    call('HSET', bkey, 'total', ARGV[6], 'created', now, 'progressed', now, 'options', ARGV[8], 'q', ARGV[6], 'p', 0, 'n', 0, 'f', 0, 'x', 0, 'c', 0, 'i', 0)
    call('ZADD', P .. 'open', now, id)
    call('ZADD', P .. 'batches-open', 0, id)
  end
  -- What is announced counts as queued until it is decided, so that the counts add up to the total between two steps.
  for letter, n in pairs(counts) do
    if letter ~= 'q' and n > 0 then
      call('HINCRBY', bkey, 'q', -n)
      call('HINCRBY', bkey, letter, n)
    end
  end
  if counts.c + counts.n + counts.i > 0 then progress(id, now) end
  if #items > 0 then
    call('RPUSH', bkey .. ':items', unpack(items))
    call('APPEND', bkey .. ':states', table.concat(letters))
  end
  if ARGV[7] == '1' then
    call('HSET', bkey, 'sealed', 1)
    if finish(id, now, ARGV[9]) then signal('batch ' .. id) end
  end
end
return out
`;

/**
 * One step towards the end of a job. ARGV: jobId, run ('' = any), now, state, letter, attempts, error code, detail, bookId, copy ('' = none), keepUntil,
 * missingUntil ('' = remembered already), ttl, maxFinished, maxFailed. Returns what became of the job (0 it was not live, 1 it ended, 2 it is live: others
 * wait still), what became of the copy, and the live run.
 */
const settle = `
local jobId, run, now, state = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local jkey = P .. 'job:' .. jobId
local job = call('HMGET', jkey, 's', 'r', 'w', 'n')
local live = job[1] == 'live' and (run == '' or job[2] == run)
local stored = ''
if ARGV[10] ~= '' then
  stored = put(ARGV[9], ARGV[10], ARGV[11])
  alias(jobId, ARGV[9], ARGV[11])
end
if not live then return {0, stored, ''} end
if state == 'not-found' and ARGV[12] ~= '' then
  local h, name = head(jobId)
  if string.sub(h, 1, 1) == 'Q' then
    call('SETRANGE', P .. name, 14, string.format('%013d', ARGV[12]))
    signal('book ' .. string.sub(name, 6))
  else
    call('SET', P .. jobId, 'M' .. string.format('%013d', now) .. string.format('%013d', ARGV[12]), 'PXAT', ARGV[12])
    local bookId = string.match(jobId, '^book%-(%d+)$')
    if bookId then signal('book ' .. bookId) end
  end
end
local waiters, rest = settleWaiters(job[3], ARGV[5], ARGV[3], ARGV[13], jobId == 'book-' .. ARGV[9] and '' or ARGV[9])
waiters = waiters + (job[4] or 0)
if rest ~= '' then
  call('HSET', jkey, 'w', rest, 'n', waiters)
  return {2, stored, job[2]}
end
settleRecord(jobId, job[2], state, now, ARGV[6], waiters, ARGV[7], ARGV[8], ARGV[9], tonumber(ARGV[14]), tonumber(ARGV[15]))
return {1, stored, job[2]}
`;

/** ARGV: jobId. The record, name and value in turn, with the number of waiters in place of their names, which may be megabytes. */
const readJob = `
local job = call('HGETALL', P .. 'job:' .. ARGV[1])
for at = 1, #job, 2 do
  if job[at] == 'w' then job[at + 1] = countWaiters(job[at + 1]) end
end
return job
`;

/** ARGV: batchId, now, ttl, maxFinished, maxFailed. Returns how many were cancelled, then jobId and run of each job that nobody wants any more. */
const cancelBatch = `
local id, now, ttl = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local bkey = P .. 'batch:' .. id
if call('EXISTS', bkey) == 0 then return false end
if call('HEXISTS', bkey, 'finished') == 1 then return {0} end
local sealed = call('HEXISTS', bkey, 'sealed') == 1
local states, items = call('GET', bkey .. ':states') or '', call('LRANGE', bkey .. ':items', 0, -1)
local out, n = {0}, 0
for at = 1, #items do
  if string.sub(states, at, at) == 'q' then
    n = n + 1
    local jobId = string.match(items[at], '^%["([^"]*)"')
    local jkey = P .. 'job:' .. jobId
    local job = call('HMGET', jkey, 's', 'r', 'w', 'solo', 'n')
    if job[1] == 'live' then
      local rest = withoutWaiter(job[3] or '', id .. '.' .. (at - 1))
      call('HSET', jkey, 'w', rest)
      if rest == '' and not job[4] then
        settleRecord(jobId, job[2], 'cancelled', now, 0, 1 + (job[5] or 0), 'cancelled', 'The batch was cancelled.', '', tonumber(ARGV[4]), tonumber(ARGV[5]))
        out[#out + 1] = jobId
        out[#out + 1] = job[2]
      end
    end
    call('RPUSH', bkey .. ':log', (at - 1) .. '.x.' .. ARGV[2])
  end
end
-- Announced items that never came (the process that submits died) are cancelled too.
n = tonumber(call('HGET', bkey, 'q'))
out[1] = n
if states ~= '' then call('SET', bkey .. ':states', (string.gsub(states, 'q', 'x'))) end
if n > 0 then
  call('HINCRBY', bkey, 'q', -n)
  call('HINCRBY', bkey, 'x', n)
end
call('HSET', bkey, 'cancelled', ARGV[2], 'sealed', 1)
progress(id, now)
finish(id, ARGV[2], ttl)
-- Nobody was told of a batch that was not sealed, so nobody is told of its end.
if not sealed then call('ZREM', P .. 'unannounced', id) end
signal('batch ' .. id)
return out
`;

/** ARGV: jobId, run, entry JSON, most entries. */
const note = `
local key = P .. 'job:' .. ARGV[1]
local job = call('HMGET', key, 's', 'r', 'l')
if job[1] ~= 'live' or job[2] ~= ARGV[2] then return 0 end
local lines = (job[3] and job[3] ~= '') and (job[3] .. '\\n' .. ARGV[3]) or ARGV[3]
local _, breaks = string.gsub(lines, '\\n', '')
while breaks >= tonumber(ARGV[4]) do
  lines = string.gsub(lines, '^[^\\n]*\\n', '', 1)
  breaks = breaks - 1
end
call('HSET', key, 'l', lines)
return 1
`;

/** ARGV: a line. Goes through the shard of the keys, so that it keeps its order among the signals of the scripts. */
const tell = `
signal(ARGV[1])
return 1
`;

/** ARGV: name of a BullMQ queue, most jobs. The latest delayed jobs; a score is the time × 4096 and a number that keeps the order of arrival. */
const correctDelays = `
local queue = P .. ARGV[1] .. ':'
local time = call('TIME')
local now = time[1] * 1000
local late = call('ZREVRANGE', queue .. 'delayed', 0, ARGV[2] - 1, 'WITHSCORES')
for at = 1, #late, 2 do
  local due = math.floor(tonumber(late[at + 1]) / 4096)
  local delay = tonumber(call('HGET', queue .. late[at], 'delay') or 0)
  if due > now + delay + ${CLOCK_TOLERANCE_MS} then call('ZADD', queue .. 'delayed', (now + delay) * 4096, late[at]) end
end
return 1
`;

const OWN_PARTS = {
  submit,
  settle,
  readJob,
  cancelBatch,
  note,
  tell,
  correctDelays,
  ...BATCH_SCRIPTS,
  ...BOOK_SCRIPTS,
  ...DOCUMENT_SCRIPTS,
};
export type ScriptName = keyof typeof OWN_PARTS;

/** A script as it runs in one database: Redis does not tell a script where it runs. */
export const inDatabase = (database: number, lua: string): string => `local DATABASE = ${database}\n${lua}`;

/** Every script by its command name. All take one key, the prefix. */
export const SCRIPTS = Object.fromEntries(Object.entries(OWN_PARTS).map(([name, lua]) => [name, SCRIPT_FUNCTIONS + lua])) as Record<
  ScriptName,
  string
>;
