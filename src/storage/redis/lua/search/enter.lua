-- Adds the entry of a stored copy that has none.
-- Key: the prefix.
-- Arguments: 1 book id, 2 etag of the copy, 3 the entry.
-- Result: 1 when it was added, 0 when the copy is another or gone, or has an entry.

local h = call('GETRANGE', P .. 'book-' .. ARGV[1], 0, 45)
local _, entered = entryOf(ARGV[1])
if string.sub(h, 1, 1) ~= 'Q' or string.sub(h, 31, 46) ~= ARGV[2] or entered == ARGV[2] then return 0 end
enter(ARGV[1], ARGV[2], ARGV[3])
return 1
