-- Adds items to a batch behind those it has, and keeps the next record of the collection that brings them.
-- Key: the prefix.
-- Arguments: 1 now in ms, 2 the run of new jobs, 3 priority rank, 4 the greatest age of a fresh copy (as for submit), 5 batch id, 6 how long
--   an ended batch is kept in ms, 7 index of the collection ('' when a caller brings the items), 8 the version of its record that the
--   caller read, 9 its next record, 10 the letter of its last state ('' while it is read), 11 the reason, 12 '1' when there is one, then
--   the items, one line of JSON each.
-- Result: one string an item: its index, a space, and what became of it: d for a duplicate of that item, else as for submit. Or 0: the
--   collection has moved on, 1: call again, for not all jobs of the batch are looked up yet, false: the batch takes no more items.

local now, id, ttl, from = ARGV[1], ARGV[5], ARGV[6], ARGV[7]
local bkey = P .. 'batch:' .. id
local b = call('HMGET', bkey, 'sealed', 'finished', 'cancelled', 'stopped', 'open')
if b[1] ~= '1' or b[2] or b[3] or b[4] or (from == '' and not b[5]) then return false end
local collection
if from ~= '' then
  local line = call('GETRANGE', bkey .. ':states', from, from) == 'q' and call('LINDEX', bkey .. ':items', from)
  collection = line and cjson.decode(line)
  if not collection or collection[7] ~= tonumber(ARGV[8]) then return 0 end
end

-- Which jobs the batch has. A batch that grows for the first time has them in its items alone.
local jobs, has = bkey .. ':jobs', call('LLEN', bkey .. ':items')
local covered = tonumber(call('HGET', jobs, '') or 0)
if covered < has then
  local places = {}
  for n, line in ipairs(call('LRANGE', bkey .. ':items', covered, covered + 999)) do
    local jobId = string.match(line, '^%["([^"]*)"')
    if jobId ~= '' then
      places[#places + 1] = jobId
      places[#places + 1] = covered + n - 1
    end
  end
  covered = math.min(has, covered + 1000)
  call('HSET', jobs, '', covered, unpack(places))
  call('PEXPIRE', jobs, ttl)
  if covered < has then return 1 end
end

-- Items of jobs that the batch has already are no new ones.
local out, lines, places, new = {}, {}, {}, {}
for place = 13, #ARGV do
  local line = ARGV[place]
  local jobId = string.match(line, '^%["([^"]*)"')
  local index = jobId ~= '' and call('HGET', jobs, jobId)
  if index then
    local have = call('LINDEX', bkey .. ':items', index)
    local start, times, rest = string.match(have, '^(%["[^"]*",[^,]*,)(%d+)(.*)$')
    local more = string.match(line, '^%["[^"]*",[^,]*,(%d+)')
    call('LSET', bkey .. ':items', index, start .. math.min(times + more + 1, MOST_DUPLICATES) .. rest)
    out[place - 12] = index .. ' d'
  else
    lines[#lines + 1] = line
    places[#lines] = place - 12
    if jobId ~= '' then
      new[#new + 1] = jobId
      new[#new + 1] = has + #lines - 1
    end
  end
end
local wish = {now = now, run = ARGV[2], rank = ARGV[3], maxAge = tonumber(ARGV[4])}
local answers, letters, counts, expanding = decideAll(lines, id, has, false, wish)
for n, answer in ipairs(answers) do out[places[n]] = (has + n - 1) .. ' ' .. answer end
call('HINCRBY', bkey, 'total', #lines)
call('HINCRBY', bkey, 'q', #lines)
keepItems(id, lines, letters, counts, expanding)
call('HSET', jobs, '', has + #lines, unpack(new))
call('PEXPIRE', jobs, ttl)

progress(id, now)
if collection then
  collection[7], collection[8] = collection[7] + 1, ARGV[9]
  if ARGV[12] == '1' then collection[5] = ARGV[11] end
  call('LSET', bkey .. ':items', from, cjson.encode(collection))
  if ARGV[10] ~= '' then
    call('HSET', bkey, 'expanding', withoutWord(call('HGET', bkey, 'expanding') or '', from))
    settleItem(id, from, ARGV[10], now)
    finish(id, now, ttl)
  end
else
  call('HSET', bkey, 'open', now)
  call('ZADD', P .. 'growing', now, id)
end
signal('batch ' .. id)
return out
