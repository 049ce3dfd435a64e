-- What happens to a batch when its items settle.

-- Ends a batch that is sealed and has no queued item left. The promise of more items counts as a queued one, and so does a collection.
-- A batch ends here and nowhere else. Returns true when it ended.
local function finish(id, now, ttl)
  local key = P .. 'batch:' .. id
  local b = call('HMGET', key, 'sealed', 'q', 'finished', 'unknown')
  if b[1] ~= '1' or b[2] ~= '0' or b[3] then return end
  call('HSET', key, 'finished', now)
  call('ZREM', P .. 'open', id)
  call('ZREM', P .. 'batches-open', id)
  call('ZADD', P .. 'batches-ended', 0, id)
  if not b[4] then call('ZADD', P .. 'unannounced', now, id) end
  call('HDEL', key, 'expanding')
  call('DEL', key .. ':jobs')
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

-- Gives a queued item its last state, counts and logs it. Returns how many are queued still.
local function settleItem(id, index, letter, now)
  local key = P .. 'batch:' .. id
  call('SETRANGE', key .. ':states', index, letter)
  call('HINCRBY', key, letter, '1')
  call('RPUSH', key .. ':log', index .. '.' .. letter .. '.' .. now)
  return call('HINCRBY', key, 'q', '-1')
end

-- Ends the promise of more items, which counts as a queued one. Returns true when there was one.
local function endPromise(id)
  call('ZREM', P .. 'growing', id)
  if call('HDEL', P .. 'batch:' .. id, 'open') == 0 then return end
  call('HINCRBY', P .. 'batch:' .. id, 'q', '-1')
  return true
end

-- Takes a book that satisfies what the batch looks for: each once, and never more than it wants. Returns true when it was the last one.
local function takeFound(id, bookId, now)
  local key = P .. 'batch:' .. id
  local b = call('HMGET', key, 'wanted', 'stopped', 'found', 'cancelled')
  local found = b[3] or ''
  if not b[1] or b[2] or b[4] or withoutWord(found, bookId) ~= found then return end
  found = withWord(found, bookId)
  call('HSET', key, 'found', found)
  if countWords(found) < tonumber(b[1]) then return end
  call('HSET', key, 'stopped', now)
  return true
end
