/** The Lua functions that the scripts of the Redis store share: see scripts.ts for the keys. Each script is sent with all of them before it. */

import { CLOCK_TOLERANCE_MS } from '../../clock-tolerance.ts';
import { MOST_WAITERS_A_STEP } from '../settle-step.ts';

export const SCRIPT_FUNCTIONS = `
local P = KEYS[1]
local call = redis.call

local function head(name)
  local h = call('GETRANGE', P .. name, 0, 45)
  if string.sub(h, 1, 1) == 'A' then
    name = 'book-' .. string.sub(h, 2)
    h = call('GETRANGE', P .. name, 0, 45)
    if string.sub(h, 1, 1) == 'A' then h = '' end
  end
  return h, name
end

-- A sealed batch without queued items ends: once, here and nowhere else.
local function finish(id, now, ttl)
  local key = P .. 'batch:' .. id
  local b = call('HMGET', key, 'sealed', 'q', 'finished')
  if b[1] ~= '1' or b[2] ~= '0' or b[3] then return end
  call('HSET', key, 'finished', now)
  call('ZREM', P .. 'open', id)
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
  end
end

local function signal(text) call('PUBLISH', P .. 'signals', text) end

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

-- Stores a copy unless the one there is newer or richer; of a richer one only the freshness moves on. One from the future (a clock went wrong) is
-- newer than nothing: otherwise no copy could replace it until its time has come.
local function put(bookId, value, keepUntil)
  local key = P .. 'book-' .. bookId
  local old = call('GETRANGE', key, 0, 45)
  if string.sub(old, 1, 1) == 'Q' then
    if string.sub(old, 2, 14) > string.sub(value, 2, 14) and not isFromFuture(string.sub(old, 2, 14)) then return 'older' end
    if string.sub(old, 28, 30) > string.sub(value, 28, 30) then
      if string.sub(value, 15, 27) > string.sub(old, 15, 27) then call('SETRANGE', key, 14, string.sub(value, 15, 27)) end
      signal('book ' .. bookId)
      return 'poorer'
    end
  end
  call('SET', key, value, 'PXAT', keepUntil)
  call('ZADD', P .. 'books', bookId, bookId)
  signal('book ' .. bookId)
  return 'stored'
end

local function alias(name, bookId, keepUntil)
  if name ~= 'book-' .. bookId then
    call('SET', P .. name, 'A' .. bookId, 'PXAT', keepUntil)
    local old = string.match(name, '^book%-(%d+)$')
    if old then
      call('ZREM', P .. 'books', old)
      signal('book ' .. old)
    end
  end
end
`;
