-- The items that wait for a job: `batchId.index` each, with a space between them.

-- Settles the items that wait for a job, at most MOST_WAITERS_A_STEP of them. A bookId that is not '' becomes the book of these items.
-- Returns how many items it looked at, and the waiters that are left ('' for none).
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
    if n == MOST_WAITERS_A_STEP then return n, string.sub(waiters, after + 1) end
  end
  return n, ''
end

-- How many wait. Plain finds look through a crowd ten times as fast as a pattern does.
local function countWaiters(waiters)
  if waiters == '' then return 0 end
  local n, at = 1, string.find(waiters, ' ', 1, true)
  while at do
    n, at = n + 1, string.find(waiters, ' ', at + 1, true)
  end
  return n
end

-- The waiters without one of them.
local function withoutWaiter(waiters, one)
  local from, to = string.find(' ' .. waiters .. ' ', ' ' .. one .. ' ', 1, true)
  if not from then return waiters end
  -- One of the two spaces around the waiter goes too.
  if from == 1 then return string.sub(waiters, to) end
  return string.sub(waiters, 1, from - 2) .. string.sub(waiters, to - 1)
end
