-- Finds the entries that have all words. The work has a bound: of a word that very many books have, those with most ratings are looked at.
-- Key: the prefix.
-- Arguments: 1 what another word must begin with, 2 postings looked at most, then the words.
-- Result: the number of a book and its entry in turn, in no order.

local index, prefix, most = P .. 'search', ARGV[1], tonumber(ARGV[2])

-- The numbers of the books of a range of postings.
local function booksOf(range, limit, into)
  for _, posting in ipairs(call('ZRANGEBYLEX', index, range[1], range[2], 'LIMIT', 0, limit)) do
    into[string.sub(posting, string.find(posting, '\0', 1, true) + 3)] = true
  end
end

local function rangeOf(word) return {'[' .. word .. '\0', '(' .. word .. '\1'} end

local books, fewest, range = {}, call('ZLEXCOUNT', index, '[' .. prefix, '(' .. prefix .. '\255'), nil
if fewest <= most then range = {'[' .. prefix, '(' .. prefix .. '\255'} end
for a = 3, #ARGV do
  local own = rangeOf(ARGV[a])
  local count = call('ZLEXCOUNT', index, own[1], own[2])
  if not range or count < fewest then fewest, range = count, own end
end
if range then
  booksOf(range, most, books)
else
  -- Very many books have a word that begins like that. Those that have this very word come first, and those that are known best.
  booksOf(rangeOf(prefix), most, books)
  booksOf(rangeOf(''), 2 * most, books)
end

local out = {}
for bookId in pairs(books) do
  local entry = entryOf(bookId)
  local has = entry and string.find(entry, ' ' .. prefix, 1, true)
  for a = 3, #ARGV do has = has and string.find(entry, ' ' .. ARGV[a] .. ' ', 1, true) end
  if has then
    out[#out + 1] = bookId
    out[#out + 1] = entry
  end
end
return out
