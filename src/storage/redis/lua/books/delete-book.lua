-- Removes what is known of a book: its copy, or that it is missing. An alias stays.
-- Key: the prefix.
-- Arguments: 1 book id.
-- Result: 1 when something was removed, 0 otherwise.

local key = P .. 'book-' .. ARGV[1]
if call('GETRANGE', key, 0, 0) == 'A' then return 0 end
call('ZREM', P .. 'books', ARGV[1])
forgetEntry(ARGV[1])
local gone = call('DEL', key)
if gone == 1 then signal('book ' .. ARGV[1]) end
return gone
