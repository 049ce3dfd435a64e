-- Records one submission (up to 1,000 items) and decides each item, in order.
-- Key: the prefix.
-- Arguments: 1 now in ms, 2 the run of new jobs, 3 priority rank (0 is the most urgent), 4 the greatest age of a copy that counts as
--   fresh (-1: the copy's own time decides; 0: none does), 5 batch id ('' without a batch), 6 total of the batch, 7 '1' for the last
--   submission of the batch, 8 the batch's options as JSON, 9 how long an ended batch is kept in ms, 10 index of the first item,
--   11 how many books the batch looks for ('' for none), 12 '1' for a batch that takes more items later, then the items, one line of
--   JSON each.
-- Result: one string an item, or false when the batch was cancelled; then nothing is recorded. q: a new job, j: joined a live job,
--   j<run>: joined and is more urgent than that run was, c<fetchedAt, 13 digits><bookId>: a fresh copy, m: the book is remembered as
--   missing, i: the link is invalid, e: a collection, s: the batch has found what it looks for.

local now, id = ARGV[1], ARGV[5]
local bkey, lines = P .. 'batch:' .. id, {}
local b = id ~= '' and call('HMGET', bkey, 'total', 'cancelled', 'stopped') or {}
if b[2] then return false end
for place = 13, #ARGV do lines[#lines + 1] = ARGV[place] end
local wish = {now = now, run = ARGV[2], rank = ARGV[3], maxAge = tonumber(ARGV[4])}
local out, letters, counts, expanding = decideAll(lines, id, tonumber(ARGV[10]), b[3], wish)

if id ~= '' then
  if not b[1] then
    -- An announced item counts as queued until it is decided, so that the counts always add up to the total.
    call('HSET', bkey, 'total', ARGV[6], 'created', now, 'progressed', now, 'options', ARGV[8],
      'q', ARGV[6], 'p', 0, 'n', 0, 'f', 0, 'x', 0, 'c', 0, 'i', 0)
    if ARGV[11] ~= '' then call('HSET', bkey, 'wanted', ARGV[11]) end
    if ARGV[12] == '1' then
      call('HSET', bkey, 'open', now)
      call('HINCRBY', bkey, 'q', '1')
      call('ZADD', P .. 'growing', now, id)
    end
    call('ZADD', P .. 'open', now, id)
    call('ZADD', P .. 'batches-open', 0, id)
  end
  keepItems(id, lines, letters, counts, expanding)
  if counts.q < #lines then progress(id, now) end
  if ARGV[7] == '1' then
    call('HSET', bkey, 'sealed', 1)
    if finish(id, now, ARGV[9]) then signal('batch ' .. id) end
  end
end
return out
