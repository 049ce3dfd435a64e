-- Records one submission (up to 1,000 items) and decides each item, in order.
-- Key: the prefix.
-- Arguments: 1 now in ms, 2 the run of new jobs, 3 priority rank (0 is the most urgent), 4 the greatest age of a copy that counts as
--   fresh (-1: the copy's own time decides; 0: none does), 5 batch id ('' without a batch), 6 total of the batch, 7 '1' for the last
--   submission of the batch, 8 the batch's options as JSON, 9 how long an ended batch is kept in ms, 10 index of the first item, then
--   the items, one line of JSON each.
-- Result: one string an item, or false when the batch was cancelled; then nothing is recorded. q: a new job, j: joined a live job,
--   j<run>: joined and is more urgent than that run was, c<fetchedAt, 13 digits><bookId>: a fresh copy, m: the book is remembered as
--   missing, i: the link is invalid.

local now, run, rank, maxAge, id = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local bkey, items, letters, counts, out = P .. 'batch:' .. id, {}, {}, {q = 0, c = 0, n = 0, i = 0}, {}
if id ~= '' and call('HEXISTS', bkey, 'cancelled') == 1 then return false end

local function isFresh(since, untilAt)
  if maxAge < 0 then return now < untilAt end
  return maxAge > 0 and now - since <= maxAge and since - now <= CLOCK_TOLERANCE_MS
end

-- Most submissions name only books that are new. One question about all of them spares two questions about each.
local jobIds, copies, records = {}, {}, {}
for place = 11, #ARGV do
  local line = ARGV[place]
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
    elseif kind == 'M' and now < tonumber(string.sub(h, 15, 27))
      and isFresh(tonumber(string.sub(h, 2, 14)), tonumber(string.sub(h, 15, 27))) then
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
        -- Numbers stay strings: Redis formats a Lua number by printf, which costs more than the command.
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
    call('HSET', bkey, 'total', ARGV[6], 'created', now, 'progressed', now, 'options', ARGV[8],
      'q', ARGV[6], 'p', 0, 'n', 0, 'f', 0, 'x', 0, 'c', 0, 'i', 0)
    call('ZADD', P .. 'open', now, id)
    call('ZADD', P .. 'batches-open', 0, id)
  end
  -- An announced item counts as queued until it is decided, so that the counts always add up to the total.
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
