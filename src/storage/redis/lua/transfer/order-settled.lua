-- Brings the list of settled jobs into the order in which they ended, after a migration wrote jobs into the store.
-- Key: the prefix.
-- Arguments: 1 the sorted set of the jobs that the migration wrote, by the time they ended.
-- Result: 1, or 0 when the migration wrote none.

local moved, list = P .. ARGV[1], P .. 'finished'
if call('EXISTS', moved) == 0 then return 0 end
for _, entry in ipairs(call('LRANGE', list, 0, -1)) do
  local jobId, run = string.match(entry, '^(.*)%.(%w+)$')
  local job = call('HMGET', P .. 'job:' .. jobId, 'r', 's', 't')
  if job[1] == run and job[2] ~= 'live' and job[2] ~= 'failed' then call('ZADD', moved, job[3], entry) end
end
call('DEL', list)
for _, entry in ipairs(call('ZREVRANGE', moved, 0, -1)) do call('RPUSH', list, entry) end
call('DEL', moved)
return 1
