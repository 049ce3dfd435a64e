-- Appends lines to a list where their page belongs, so that a page may come twice.
-- Key: the prefix.
-- Arguments: 1 the list, 2 how many lines come before the page, then the lines.
-- Result: 1, or an error when a page before this one is missing.

local key, before = P .. ARGV[1], tonumber(ARGV[2])
local length = call('LLEN', key)
if length < before then return redis.error_reply('a page of ' .. ARGV[1] .. ' is missing') end
for a = 3 + length - before, #ARGV do call('RPUSH', key, ARGV[a]) end
return 1
