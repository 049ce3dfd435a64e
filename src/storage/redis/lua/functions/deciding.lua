-- What becomes of links: for a submission, and for an addition to a batch.

-- Decides each line, in order. The items of a batch (id '' for none) begin at index `first`; one that is `full` needs no job. `wish` has now,
-- run and rank as strings, and maxAge as a number. Lines whose book is known by another number get that number.
-- Returns the answers, the letters of the states, how often each came, and the indexes of the collections.
local function decideAll(lines, id, first, full, wish)
  local out, letters, counts, expanding = {}, {}, {q = 0, c = 0, n = 0, i = 0, s = 0}, {}
  local now, maxAge = tonumber(wish.now), wish.maxAge

  local function isFresh(since, untilAt)
    if maxAge < 0 then return now < untilAt end
    return maxAge > 0 and now - since <= maxAge and since - now <= CLOCK_TOLERANCE_MS
  end

  -- Most submissions name only books that are new. One question about all of them spares two questions about each.
  local jobIds, copies, records = {}, {}, {}
  for n, line in ipairs(lines) do
    local jobId = string.match(line, '^%["([^"]*)"')
    jobIds[n] = jobId
    if jobId ~= '' then
      copies[#copies + 1] = P .. jobId
      records[#records + 1] = P .. 'job:' .. jobId
    end
  end
  local known = #copies > 0 and call('EXISTS', unpack(copies)) > 0
  local recorded = #records > 0 and call('EXISTS', unpack(records)) > 0
  local at = 0

  local function joinOrQueue(jobId, jkey, waiter)
    local job = recorded and call('HMGET', jkey, 's', 'r', 'p', 'w', 'c') or {}
    local answer, created = 'j', wish.now
    if job[1] == 'live' then
      created = job[5]
      if tonumber(wish.rank) < tonumber(job[3]) then
        call('HSET', jkey, 'p', wish.rank)
        answer = 'j' .. job[2]
      end
      if waiter ~= '' then call('HSET', jkey, 'w', withWord(job[4], waiter)) end
    else
      forgetRecord(jobId, job[1], job[2])
      answer = 'q'
      -- Numbers stay strings: Redis formats a Lua number by printf, which costs more than the command.
      call('HSET', jkey, 's', 'live', 'r', wish.run, 'p', wish.rank, 'c', wish.now, 'w', waiter)
    end
    if waiter == '' then
      call('HSET', jkey, 'solo', '1')
      call('ZADD', P .. 'solo', 'NX', created, jobId)
    end
    return answer
  end

  for n, jobId in ipairs(jobIds) do
    local letter, answer = 'q', 's'
    if jobId == '' then
      -- An invalid link, or a collection: the line of that has the version of its record.
      if not cjson.decode(lines[n])[7] then
        letter, answer = 'i', 'i'
      elseif not full then
        answer = 'e'
        expanding[#expanding + 1] = first + n - 1
      end
    else
      at = at + 1
      local kind, h, name = '', '', ''
      if known then
        h, name = head(jobId)
        kind = string.sub(h, 1, 1)
      end
      if kind == 'Q' and isFresh(tonumber(string.sub(h, 2, 14)), tonumber(string.sub(h, 15, 27))) then
        letter, answer = 'c', 'c' .. string.sub(h, 2, 14) .. string.sub(name, 6)
        if name ~= jobId then lines[n] = withBook(lines[n], string.sub(name, 6)) end
      elseif kind == 'M' and now < tonumber(string.sub(h, 15, 27))
        and isFresh(tonumber(string.sub(h, 2, 14)), tonumber(string.sub(h, 15, 27))) then
        letter, answer = 'n', 'm'
      elseif not full then
        answer = joinOrQueue(jobId, records[at], id ~= '' and (id .. '.' .. (first + n - 1)) or '')
      end
    end
    if answer == 's' then letter = 's' end
    out[n] = answer
    letters[n] = letter
    counts[letter] = counts[letter] + 1
  end
  return out, letters, counts, expanding
end

-- Keeps decided items behind those that the batch has. They were counted as queued before.
local function keepItems(id, lines, letters, counts, expanding)
  local key = P .. 'batch:' .. id
  for letter, n in pairs(counts) do
    if letter ~= 'q' and n > 0 then
      call('HINCRBY', key, 'q', -n)
      call('HINCRBY', key, letter, n)
    end
  end
  if #expanding > 0 then call('HSET', key, 'expanding', withWord(call('HGET', key, 'expanding'), table.concat(expanding, ' '))) end
  if #lines > 0 then
    call('RPUSH', key .. ':items', unpack(lines))
    call('APPEND', key .. ':states', table.concat(letters))
  end
end
