-- Ends the promise that a batch takes more items; the batch may end by it.
-- Key: the prefix.
-- Arguments: 1 batch id, 2 now in ms, 3 how long an ended batch is kept in ms.
-- Result: 1, 0 when the batch was not open, or false when there is no such batch.

local id, now = ARGV[1], ARGV[2]
local b = call('HMGET', P .. 'batch:' .. id, 'total', 'finished', 'open')
-- An earlier version ends a batch without taking it from the list of the open ones.
if not b[1] or b[2] or not b[3] then
  call('ZREM', P .. 'growing', id)
  return b[1] and 0
end
endPromise(id)
progress(id, now)
finish(id, now, ARGV[3])
signal('batch ' .. id)
return 1
