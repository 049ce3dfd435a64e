-- What happens to a batch when its items settle.

-- Ends a batch that is sealed and has no queued item left. A batch ends here and nowhere else. Returns true when it ended.
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

-- Notes that an item of the batch was settled, at most once a second.
local function progress(id, now)
  local key = P .. 'batch:' .. id
  -- A time from the future was left by a clock that was wrong.
  if math.abs(now - tonumber(call('HGET', key, 'progressed') or 0)) >= 1000 then
    call('HSET', key, 'progressed', now)
    call('ZADD', P .. 'open', now, id)
    -- A batch that an earlier version made is in no list yet.
    call('ZADD', P .. 'batches-open', 0, id)
  end
end

-- The line of an item, with another book in it.
local function withBook(line, bookId) return (string.gsub(line, '^(%["[^"]*",)[^,]*', '%1"' .. bookId .. '"', 1)) end
