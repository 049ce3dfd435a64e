-- One step towards the end of a batch: settles its queued items, at most MOST_WAITERS_A_STEP of them, and ends the jobs that nobody else
-- waits for. The first step lets the batch take no more items. The last step ends it.
-- Key: the prefix.
-- Arguments: 1 batch id, 2 now in ms, 3 how long an ended batch is kept in ms, 4 settled jobs kept at most, 5 failed jobs kept at most,
--   6 the letter of the state that the items get: s ends a batch that has found what it looks for, and no other, 7 why its jobs end.
-- Result: '1' when more items are left, else '0'; how many items were settled; then job id and run of each ended job in turn. False when
--   there is no such batch.

local id, now, ttl, letter = ARGV[1], ARGV[2], ARGV[3], ARGV[6]
local bkey = P .. 'batch:' .. id
local b = call('HMGET', bkey, 'total', 'finished', 'stopped', 'sealed', 'cancelled', 'as')
if not b[1] then return false end
if b[2] or (letter == 's' and not b[3]) then return {'0', 0} end
-- A cancellation that was broken off goes on as it began.
if b[5] then letter = b[6] or letter end
endPromise(id)
if letter ~= 's' and not b[5] then
  call('HSET', bkey, 'cancelled', now, 'as', letter, 'sealed', 1)
  -- The end of a batch that was not sealed is not announced: no caller knows the batch.
  if b[4] ~= '1' then call('HSET', bkey, 'unknown', 1) end
end

local states, indexes = call('GET', bkey .. ':states') or '', {}
local at = string.find(states, 'q', 1, true)
while at and #indexes < MOST_WAITERS_A_STEP do
  indexes[#indexes + 1] = at - 1
  at = string.find(states, 'q', at + 1, true)
end
local expanding, out, n = call('HGET', bkey, 'expanding') or '', {at and '1' or '0', 0}, #indexes
for _, index in ipairs(indexes) do
  local jobId = string.match(call('LINDEX', bkey .. ':items', index), '^%["([^"]*)"')
  if jobId == '' then
    expanding = withoutWord(expanding, index)
  else
    local jkey = P .. 'job:' .. jobId
    local job = call('HMGET', jkey, 's', 'r', 'w', 'solo', 'n')
    if job[1] == 'live' then
      local rest = withoutWord(job[3] or '', id .. '.' .. index)
      call('HSET', jkey, 'w', rest)
      if rest == '' and not job[4] then
        settleRecord(jobId, job[2], 'cancelled', now, 0, 1 + (job[5] or 0), 'cancelled', ARGV[7], '', tonumber(ARGV[4]), tonumber(ARGV[5]))
        out[#out + 1] = jobId
        out[#out + 1] = job[2]
      end
    end
  end
  call('RPUSH', bkey .. ':log', index .. '.' .. letter .. '.' .. now)
end
if n > 0 then
  call('SET', bkey .. ':states', (string.gsub(states, 'q', letter, n)))
  call('HSET', bkey, 'expanding', expanding)
end
-- Announced items that never came (the process that submits them died) are cancelled too.
if not at and letter ~= 's' then n = tonumber(call('HGET', bkey, 'q')) end
if n > 0 then
  call('HINCRBY', bkey, 'q', -n)
  call('HINCRBY', bkey, letter, n)
end
out[2] = n
progress(id, now)
finish(id, now, ttl)
signal('batch ' .. id)
return out
