-- The items that wait for a job: `batchId.index` each, with a space between them.

-- Calls a function with batch id and index of the first waiters, at most MOST_WAITERS_A_STEP of them.
-- Returns how many that were, and the waiters that are left ('' for none).
local function eachWaiter(waiters, act)
  local n = 0
  for id, index, after in string.gmatch(waiters or '', '(%w+)%.(%d+)()') do
    n = n + 1
    act(id, index)
    if n == MOST_WAITERS_A_STEP then return n, string.sub(waiters, after + 1) end
  end
  return n, ''
end

-- Batches among the first waiters that look for books and have no verdict in `judged`: the id and the options of each in turn.
local function unjudged(waiters, judged)
  local out = {}
  eachWaiter(waiters, function(id, index)
    if judged[id] then return end
    local b = call('HMGET', P .. 'batch:' .. id, 'wanted', 'stopped', 'options')
    if b[1] and not b[2] and call('GETRANGE', P .. 'batch:' .. id .. ':states', index, index) == 'q' then
      out[#out + 1] = id
      out[#out + 1] = b[3]
    end
  end)
  return out
end

-- Settles the first of the items that wait for a job. A bookId that is not '' is the book that the job gave: batches that look for books
-- take it by their verdict, and `learns` makes it the book of the items.
-- Returns how many items it looked at, the waiters that are left ('' for none), and the batches that found the last book by this.
local function settleWaiters(waiters, code, now, ttl, bookId, learns, judged)
  local stopped = {}
  local n, rest = eachWaiter(waiters, function(id, index)
    local key = P .. 'batch:' .. id
    if call('GETRANGE', key .. ':states', index, index) ~= 'q' then return end
    local letter = code
    local b = call('HMGET', key, 'wanted', 'stopped')
    if b[2] then
      letter = 's'
    elseif b[1] and bookId ~= '' and judged[id] == 'yes' and takeFound(id, bookId, now) then
      stopped[#stopped + 1] = id
    end
    if learns then call('LSET', key .. ':items', index, withBook(call('LINDEX', key .. ':items', index), bookId)) end
    local left = settleItem(id, index, letter, now)
    progress(id, now)
    if left <= 0 then finish(id, now, ttl) end
    signal('batch ' .. id)
  end)
  return n, rest, stopped
end
