-- Adds to the counters of one hour, and drops hours that are too old.
-- Key: the prefix.
-- Arguments: 1 series, 2 hour since the epoch, 3 seconds that an hour is kept, then name and count of each counter in turn.
-- Result: 1.

local index = P .. 'tally:' .. ARGV[1]
local key = index .. ':' .. ARGV[2]
for a = 4, #ARGV, 2 do call('HINCRBY', key, ARGV[a], ARGV[a + 1]) end
call('EXPIRE', key, ARGV[3])
call('ZADD', index, ARGV[2], ARGV[2])
for _, hour in ipairs(call('ZRANGEBYSCORE', index, '-inf', '(' .. (ARGV[2] - ARGV[3] / 3600))) do
  call('DEL', index .. ':' .. hour)
  call('ZREM', index, hour)
end
return 1
