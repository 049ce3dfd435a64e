-- Looks at some books: finds copies without an entry, and forgets entries whose copy is gone. First come the books in order, then the
-- entries in the order of their hash.
-- Key: the prefix.
-- Arguments: 1 the phase: 'b' (books) or 'e' (entries), 2 where the phase goes on, 3 how many to look at.
-- Result: the phase and the place to go on with ('' at the end), then the numbers of books that have no entry.

local out = {'', ''}

-- The etag of the stored copy of a book, or nil.
local function copyOf(bookId)
  local h = call('GETRANGE', P .. 'book-' .. bookId, 0, 45)
  if string.sub(h, 1, 1) == 'Q' then return string.sub(h, 31, 46) end
end

if ARGV[1] == 'b' then
  local ids = call('ZRANGEBYSCORE', P .. 'books', '(' .. ARGV[2], '+inf', 'LIMIT', 0, ARGV[3])
  for _, bookId in ipairs(ids) do
    local etag = copyOf(bookId)
    local _, entered = entryOf(bookId)
    if etag and etag ~= entered then out[#out + 1] = bookId end
  end
  if #ids < tonumber(ARGV[3]) then out[1], out[2] = 'e', '0' else out[1], out[2] = 'b', ids[#ids] end
else
  local page = call('HSCAN', P .. 'search-entries', ARGV[2], 'COUNT', ARGV[3])
  for at = 1, #page[2], 2 do
    if not copyOf(page[2][at]) then
      forgetEntry(page[2][at])
      call('ZREM', P .. 'books', page[2][at])
    end
  end
  if page[1] ~= '0' then out[1], out[2] = 'e', page[1] end
end
return out
