/** The Lua functions that the scripts of the Redis store share: see scripts.ts for the keys. Each script is sent with all of them before it. */

import { CLOCK_TOLERANCE_MS } from '../../domain/time/clock.ts';
import { MOST_WAITERS_A_STEP } from '../settle-step.ts';

/** Aliases followed at most to reach a book. Each merge left one more, before aliases were re-pointed. */
export const MOST_HOPS = 8;

export const SCRIPT_FUNCTIONS = `
local P = KEYS[1]
local call = redis.call

-- What is known under a name, and the name it lies under. An alias leads to its book directly; one that an earlier version left takes more hops.
local function head(name)
  for _ = 0, ${MOST_HOPS} do
    local h = call('GETRANGE', P .. name, 0, 45)
    if string.sub(h, 1, 1) ~= 'A' then return h, name end
    name = 'book-' .. string.sub(h, 2)
  end
  return '', name
end

-- A channel belongs to all databases of a server: each line ends with the database it is about. Versions that know of none read the words before.
local function signal(text) call('PUBLISH', P .. 'signals', text .. ' db' .. DATABASE) end

-- A sealed batch without queued items ends: once, here and nowhere else.
local function finish(id, now, ttl)
  local key = P .. 'batch:' .. id
  local b = call('HMGET', key, 'sealed', 'q', 'finished')
  if b[1] ~= '1' or b[2] ~= '0' or b[3] then return end
  call('HSET', key, 'finished', now)
  call('ZREM', P .. 'open', id)
  call('ZREM', P .. 'batches-open', id)
  call('ZADD', P .. 'batches-ended', 0, id)
  call('ZADD', P .. 'unannounced', now, id)
  for _, suffix in ipairs({'', ':items', ':states', ':log'}) do call('PEXPIRE', key .. suffix, ttl) end
  return true
end

local function progress(id, now)
  local key = P .. 'batch:' .. id
  -- A time from the future was left by a clock gone wrong.
  if math.abs(now - tonumber(call('HGET', key, 'progressed') or 0)) >= 1000 then
    call('HSET', key, 'progressed', now)
    call('ZADD', P .. 'open', now, id)
    -- A batch of an earlier version is in no list yet.
    call('ZADD', P .. 'batches-open', 0, id)
  end
end

-- An item's line with another book in it.
local function withBook(line, bookId) return (string.gsub(line, '^(%["[^"]*",)[^,]*', '%1"' .. bookId .. '"', 1)) end

-- Settles those who wait for a job, at most ${MOST_WAITERS_A_STEP} of them; returns how many items, and those who wait still ('': nobody does).
-- With a bookId, the items learn that it is their book.
local function settleWaiters(waiters, code, now, ttl, bookId)
  local n = 0
  for id, index, after in string.gmatch(waiters or '', '(%w+)%.(%d+)()') do
    n = n + 1
    local key = P .. 'batch:' .. id
    if call('GETRANGE', key .. ':states', index, index) == 'q' then
      call('SETRANGE', key .. ':states', index, code)
      if bookId ~= '' then call('LSET', key .. ':items', index, withBook(call('LINDEX', key .. ':items', index), bookId)) end
      local left = call('HINCRBY', key, 'q', '-1')
      call('HINCRBY', key, code, '1')
      call('RPUSH', key .. ':log', index .. '.' .. code .. '.' .. now)
      progress(id, now)
      if left <= 0 then finish(id, now, ttl) end
      signal('batch ' .. id)
    end
    if n == ${MOST_WAITERS_A_STEP} then return n, string.sub(waiters, after + 1) end
  end
  return n, ''
end

-- A crowd of waiters is looked through by plain finds: patterns cost ten times as much.
local function countWaiters(waiters)
  if waiters == '' then return 0 end
  local n, at = 1, string.find(waiters, ' ', 1, true)
  while at do
    n, at = n + 1, string.find(waiters, ' ', at + 1, true)
  end
  return n
end

local function withoutWaiter(waiters, one)
  local from, to = string.find(' ' .. waiters .. ' ', ' ' .. one .. ' ', 1, true)
  if not from then return waiters end
  -- Of the spaces around it one goes too.
  if from == 1 then return string.sub(waiters, to) end
  return string.sub(waiters, 1, from - 2) .. string.sub(waiters, to - 1)
end

-- Forgets the oldest settled records beyond the caps, so that memory stays within a constant.
local function forget(entry)
  local jobId, run = string.match(entry, '^(.*)%.(%w+)$')
  if not jobId then return end
  local key = P .. 'job:' .. jobId
  local r = call('HMGET', key, 'r', 's')
  if r[1] == run and r[2] ~= 'live' then call('DEL', key) end
end

-- Makes room for a new run of a job.
local function forgetRecord(jobId, state, run)
  if not state then return end
  call('DEL', P .. 'job:' .. jobId)
  if state == 'failed' then call('ZREM', P .. 'failed', jobId .. '.' .. run) end
end

local function remember(jobId, run, state, now, maxFinished, maxFailed)
  local entry = jobId .. '.' .. run
  if state == 'failed' then
    -- Later than all others, whatever the clocks say: the order is that of settling.
    local last = call('ZREVRANGE', P .. 'failed', 0, 0, 'WITHSCORES')
    call('ZADD', P .. 'failed', math.max(now, (last[2] or 0) + 1), entry)
    while call('ZCARD', P .. 'failed') > maxFailed do forget(call('ZPOPMIN', P .. 'failed')[1]) end
  else
    call('LPUSH', P .. 'finished', entry)
    while call('LLEN', P .. 'finished') > maxFinished do forget(call('RPOP', P .. 'finished')) end
  end
end

local function settleRecord(jobId, run, state, now, attempts, waiters, code, detail, bookId, maxFinished, maxFailed)
  local key = P .. 'job:' .. jobId
  call('HDEL', key, 'w', 'solo')
  call('HSET', key, 's', state, 't', now, 'a', attempts, 'n', waiters)
  if code ~= '' then call('HSET', key, 'ec', code, 'ed', detail) end
  if bookId ~= '' then call('HSET', key, 'b', bookId) end
  call('ZREM', P .. 'solo', jobId)
  remember(jobId, run, state, now, maxFinished, maxFailed)
end

local function isFromFuture(atMs)
  local time = call('TIME')
  return tonumber(atMs) > time[1] * 1000 + ${CLOCK_TOLERANCE_MS}
end

local function endNoSooner(key, at)
  if tonumber(at) > call('PEXPIRETIME', key) then call('PEXPIREAT', key, at) end
end

local function leads(name, bookId) return call('GETRANGE', P .. name, 0, 45) == 'A' .. bookId end

-- Makes a name lead to a book, and lists it there: what leads to a book is kept as long as the book is, and moves along when the book is merged.
local function point(name, bookId, keepUntil)
  call('SET', P .. name, 'A' .. bookId, 'PXAT', keepUntil)
  call('SADD', P .. 'aliases:' .. bookId, name)
  endNoSooner(P .. 'aliases:' .. bookId, keepUntil)
end

local function keepAliases(bookId, keepUntil)
  local list = P .. 'aliases:' .. bookId
  for at, name in ipairs(call('SMEMBERS', list)) do
    if at == 1 then endNoSooner(list, keepUntil) end
    if leads(name, bookId) then endNoSooner(P .. name, keepUntil) else call('SREM', list, name) end
  end
end

-- Stores a copy unless the one there is newer or richer; of a richer one only the freshness and the end move on. One from the future (a clock went wrong)
-- is newer than nothing: otherwise no copy could replace it until its time has come.
local function put(bookId, value, keepUntil)
  local key = P .. 'book-' .. bookId
  local old = call('GETRANGE', key, 0, 45)
  local stored = 'stored'
  if string.sub(old, 1, 1) == 'Q' then
    if string.sub(old, 2, 14) > string.sub(value, 2, 14) and not isFromFuture(string.sub(old, 2, 14)) then return 'older' end
    if string.sub(old, 28, 30) > string.sub(value, 28, 30) then stored = 'poorer' end
  end
  if stored == 'poorer' then
    if string.sub(value, 15, 27) > string.sub(old, 15, 27) then call('SETRANGE', key, 14, string.sub(value, 15, 27)) end
    endNoSooner(key, keepUntil)
  else
    call('SET', key, value, 'PXAT', keepUntil)
    call('ZADD', P .. 'books', bookId, bookId)
  end
  keepAliases(bookId, keepUntil)
  signal('book ' .. bookId)
  return stored
end

-- Makes a name lead to a book of which there is a copy. The name of another book says that it was merged into this one: what led there leads here.
local function alias(name, bookId, keepUntil)
  if name == 'book-' .. bookId then return end
  keepUntil = math.max(keepUntil, call('PEXPIRETIME', P .. 'book-' .. bookId))
  point(name, bookId, keepUntil)
  local old = string.match(name, '^book%-(%d+)$')
  if not old then return end
  call('ZREM', P .. 'books', old)
  for _, other in ipairs(call('SMEMBERS', P .. 'aliases:' .. old)) do
    if leads(other, old) then point(other, bookId, keepUntil) end
  end
  call('DEL', P .. 'aliases:' .. old)
  signal('book ' .. old)
end
`;
