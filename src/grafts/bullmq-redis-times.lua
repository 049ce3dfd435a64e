-- Moves delayed jobs that lie too far in the future to the time at which they are due.
-- A score of BullMQ's `delayed` set is the time in ms × 4096, plus a number that keeps the order of arrival.
-- Key: the prefix of all keys.
-- Arguments: 1 what the keys of the queue begin with, 2 how many jobs to look at: those with the latest time, 3 how far clocks may differ in ms.
-- Result: 1.

local queue, most, tolerance = ARGV[1], ARGV[2], ARGV[3]
local time = redis.call('TIME')
local now = time[1] * 1000
local late = redis.call('ZREVRANGE', queue .. 'delayed', 0, most - 1, 'WITHSCORES')
for at = 1, #late, 2 do
  local due = math.floor(tonumber(late[at + 1]) / 4096)
  local delay = tonumber(redis.call('HGET', queue .. late[at], 'delay') or 0)
  if due > now + delay + tolerance then redis.call('ZADD', queue .. 'delayed', (now + delay) * 4096, late[at]) end
end
return 1
