-- Appends an entry to the timeline of a live run.
-- Key: the prefix.
-- Arguments: 1 job id, 2 run, 3 the entry as one line of JSON, 4 entries kept at most; the oldest go.
-- Result: 1, or 0 when the run is not live.

local key = P .. 'job:' .. ARGV[1]
local job = call('HMGET', key, 's', 'r', 'l')
if job[1] ~= 'live' or job[2] ~= ARGV[2] then return 0 end
local lines = (job[3] and job[3] ~= '') and (job[3] .. '\n' .. ARGV[3]) or ARGV[3]
local _, breaks = string.gsub(lines, '\n', '')
while breaks >= tonumber(ARGV[4]) do
  lines = string.gsub(lines, '^[^\n]*\n', '', 1)
  breaks = breaks - 1
end
call('HSET', key, 'l', lines)
return 1
