-- Makes queued items of an unfinished batch wait for a live job again, after the record of their job was lost.
-- Key: the prefix.
-- Arguments: 1 batch id, 2 now in ms, 3 the run of new jobs, 4 priority rank, then job id and index of each item in turn.
-- Result: the ids of the jobs that are new under this run.

local id, now, run, out = ARGV[1], ARGV[2], ARGV[3], {}
local bkey = P .. 'batch:' .. id
local b = call('HMGET', bkey, 'total', 'finished', 'cancelled')
if not b[1] or b[2] or b[3] then return out end
for a = 5, #ARGV, 2 do
  local jobId, index = ARGV[a], ARGV[a + 1]
  if call('GETRANGE', bkey .. ':states', index, index) == 'q' then
    local jkey, waiter = P .. 'job:' .. jobId, id .. '.' .. index
    local job = call('HMGET', jkey, 's', 'r', 'w')
    if job[1] == 'live' then
      local waiters = job[3] or ''
      if not string.find(' ' .. waiters .. ' ', ' ' .. waiter .. ' ', 1, true) then
        call('HSET', jkey, 'w', waiters == '' and waiter or (waiters .. ' ' .. waiter))
      end
    else
      forgetRecord(jobId, job[1], job[2])
      call('HSET', jkey, 's', 'live', 'r', run, 'p', ARGV[4], 'c', now, 'w', waiter)
      out[#out + 1] = jobId
    end
  end
end
return out
