-- Settles every queued item of a batch as cancelled, and ends the jobs that nobody else waits for.
-- Key: the prefix.
-- Arguments: 1 batch id, 2 now in ms, 3 how long an ended batch is kept in ms, 4 settled jobs kept at most, 5 failed jobs kept at most.
-- Result: how many items were cancelled, then job id and run of each ended job in turn; false when there is no such batch.

local id, now, ttl = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local bkey = P .. 'batch:' .. id
if call('EXISTS', bkey) == 0 then return false end
if call('HEXISTS', bkey, 'finished') == 1 then return {0} end
local sealed = call('HEXISTS', bkey, 'sealed') == 1
local states, items = call('GET', bkey .. ':states') or '', call('LRANGE', bkey .. ':items', 0, -1)
local out, n = {0}, 0
for at = 1, #items do
  if string.sub(states, at, at) == 'q' then
    n = n + 1
    local jobId = string.match(items[at], '^%["([^"]*)"')
    local jkey = P .. 'job:' .. jobId
    local job = call('HMGET', jkey, 's', 'r', 'w', 'solo', 'n')
    if job[1] == 'live' then
      local rest = withoutWaiter(job[3] or '', id .. '.' .. (at - 1))
      call('HSET', jkey, 'w', rest)
      if rest == '' and not job[4] then
        settleRecord(jobId, job[2], 'cancelled', now, 0, 1 + (job[5] or 0), 'cancelled',
          'The batch was cancelled.', '', tonumber(ARGV[4]), tonumber(ARGV[5]))
        out[#out + 1] = jobId
        out[#out + 1] = job[2]
      end
    end
    call('RPUSH', bkey .. ':log', (at - 1) .. '.x.' .. ARGV[2])
  end
end
-- Announced items that never came (the process that submits them died) are cancelled too.
n = tonumber(call('HGET', bkey, 'q'))
out[1] = n
if states ~= '' then call('SET', bkey .. ':states', (string.gsub(states, 'q', 'x'))) end
if n > 0 then
  call('HINCRBY', bkey, 'q', -n)
  call('HINCRBY', bkey, 'x', n)
end
call('HSET', bkey, 'cancelled', ARGV[2], 'sealed', 1)
progress(id, now)
finish(id, ARGV[2], ttl)
-- The end of a batch that was not sealed is not announced: no caller knows the batch.
if not sealed then call('ZREM', P .. 'unannounced', id) end
signal('batch ' .. id)
return out
