-- Leaves at most so many documents of a kind: those that end first go.
-- Key: the prefix.
-- Arguments: 1 what the keys begin with, 2 documents that stay,
--   3 documents that end before this time are spared, since they go by themselves.
-- Result: how many were removed, at most 10,000 at once.

local over = math.min(10000, call('ZLEXCOUNT', P .. 'docs', '[' .. ARGV[1], '(' .. ARGV[1] .. '\244\143\191\191') - ARGV[2])
local kept, gone = 0, 0
while gone < over do
  local names = call('ZRANGEBYSCORE', P .. 'docs-ending', '(' .. ARGV[3], '+inf', 'LIMIT', kept, 1000)
  if #names == 0 then break end
  for _, name in ipairs(names) do
    if gone < over and string.sub(name, 1, #ARGV[1]) == ARGV[1] then
      call('ZREM', P .. 'docs', name)
      call('ZREM', P .. 'docs-ending', name)
      call('DEL', P .. 'doc:' .. name)
      gone = gone + 1
    else
      kept = kept + 1
    end
  end
end
return gone
