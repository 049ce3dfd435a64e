-- Counts books that satisfy what a batch looks for, and needed no job.
-- Key: the prefix.
-- Arguments: 1 batch id, 2 now in ms, then the ids of the books.
-- Result: 1 when the batch has found enough, else 0.

local id = ARGV[1]
local key = P .. 'batch:' .. id
local b = call('HMGET', key, 'total', 'finished', 'wanted')
if b[1] and not b[2] and b[3] then
  for a = 3, #ARGV do takeFound(id, ARGV[a], ARGV[2]) end
  if #ARGV > 2 then signal('batch ' .. id) end
end
return call('HEXISTS', key, 'stopped')
