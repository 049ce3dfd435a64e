-- The records of settled jobs, and how the oldest are forgotten.

-- Deletes the record of a settled run: `jobId.run`. A newer run of the job keeps its record.
local function forget(entry)
  local jobId, run = string.match(entry, '^(.*)%.(%w+)$')
  if not jobId then return end
  local key = P .. 'job:' .. jobId
  local r = call('HMGET', key, 'r', 's')
  if r[1] == run and r[2] ~= 'live' then call('DEL', key) end
end

-- Deletes the record of the run before, so that a new run finds none of its fields.
local function forgetRecord(jobId, state, run)
  if not state then return end
  call('DEL', P .. 'job:' .. jobId)
  if state == 'failed' then call('ZREM', P .. 'failed', jobId .. '.' .. run) end
end

-- Lists a settled run, and forgets the oldest beyond the caps, so that memory stays within a constant.
local function remember(jobId, run, state, now, maxFinished, maxFailed)
  local entry = jobId .. '.' .. run
  if state == 'failed' then
    -- The order is that of settling, whatever the clocks say.
    local last = call('ZREVRANGE', P .. 'failed', 0, 0, 'WITHSCORES')
    call('ZADD', P .. 'failed', math.max(now, (last[2] or 0) + 1), entry)
    while call('ZCARD', P .. 'failed') > maxFailed do forget(call('ZPOPMIN', P .. 'failed')[1]) end
  else
    call('LPUSH', P .. 'finished', entry)
    while call('LLEN', P .. 'finished') > maxFinished do forget(call('RPOP', P .. 'finished')) end
  end
end

-- Turns the record of a live job into that of a settled one.
local function settleRecord(jobId, run, state, now, attempts, waiters, code, detail, bookId, maxFinished, maxFailed)
  local key = P .. 'job:' .. jobId
  call('HDEL', key, 'w', 'solo')
  call('HSET', key, 's', state, 't', now, 'a', attempts, 'n', waiters)
  if code ~= '' then call('HSET', key, 'ec', code, 'ed', detail) end
  if bookId ~= '' then call('HSET', key, 'b', bookId) end
  call('ZREM', P .. 'solo', jobId)
  remember(jobId, run, state, now, maxFinished, maxFailed)
end
