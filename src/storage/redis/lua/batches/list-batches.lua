-- Lists batches, newest first, and puts their lists right on the way.
-- An earlier version ends batches without moving them from one list to the other, and Redis lets ended batches expire.
-- Key: the prefix.
-- Arguments: 1 'open', 'ended' or 'all', 2 the batch id to go on after ('' from the newest), 3 batch ids returned at most.
-- Result: the batch id to go on after ('' at the end), then the batch ids.

local LOOKED_AT_MORE = 200 -- entries of the lists that one step looks at beyond those it returns
local which, from, most = ARGV[1], ARGV[2] == '' and '+' or '(' .. ARGV[2], tonumber(ARGV[3])
local look, seen = most + LOOKED_AT_MORE, {}
for _, name in ipairs({'open', 'ended'}) do
  if which == 'all' or which == name then
    local ids = call('ZREVRANGEBYLEX', P .. 'batches-' .. name, from, '-', 'LIMIT', 0, look + 1)
    for _, id in ipairs(ids) do seen[#seen + 1] = {id, name} end
  end
end
table.sort(seen, function(a, b) return a[1] > b[1] end)
local out, at = {''}, 0
while at < look and at < #seen and #out <= most do
  at = at + 1
  local id, name = seen[at][1], seen[at][2]
  local b = call('HMGET', P .. 'batch:' .. id, 'total', 'finished')
  local is = b[1] and (b[2] and 'ended' or 'open')
  if is ~= name then
    call('ZREM', P .. 'batches-' .. name, id)
    if is then call('ZADD', P .. 'batches-' .. is, 0, id) end
  end
  if is and (which == 'all' or which == is) and out[#out] ~= id then out[#out + 1] = id end
end
if at < #seen then out[1] = seen[at][1] end
return out
