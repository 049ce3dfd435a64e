-- Finds the entries that have all words. The work has a bound: of a word that very many books have, those with most ratings are looked at.
-- Key: the prefix.
-- Arguments: 1 what another word must begin with, 2 postings looked at most, then the words.
-- Result: the number of a book and its entry in turn, in no order.

local index, prefix, most = P .. 'search', ARGV[1], tonumber(ARGV[2])

-- The books to look at, of a range of postings.
local ids, seen = {}, {}
local function lookAt(range, limit)
  for _, posting in ipairs(call('ZRANGEBYLEX', index, range[1], range[2], 'LIMIT', 0, limit)) do
    local bookId = string.sub(posting, string.find(posting, '\0', 1, true) + 3)
    if not seen[bookId] then
      seen[bookId] = true
      ids[#ids + 1] = bookId
    end
  end
end

local function rangeOf(word) return {'[' .. word .. '\0', '(' .. word .. '\1'} end

local fewest, range = call('ZLEXCOUNT', index, '[' .. prefix, '(' .. prefix .. '\255'), nil
if fewest <= most then range = {'[' .. prefix, '(' .. prefix .. '\255'} end
for a = 3, #ARGV do
  local own = rangeOf(ARGV[a])
  local count = call('ZLEXCOUNT', index, own[1], own[2])
  if not range or count < fewest then fewest, range = count, own end
end
-- Very many books may have a word that begins like that. Those that have this very word come first, then those that are known best.
lookAt(range or rangeOf(prefix), most)
if not range and #ids < most then lookAt(rangeOf(''), 2 * most) end

local out = {}
local entries = #ids > 0 and call('HMGET', P .. 'search-entries', unpack(ids)) or {}
for at, entry in ipairs(entries) do
  local has = entry and string.find(entry, ' ' .. prefix, 17, true)
  for a = 3, #ARGV do has = has and string.find(entry, ' ' .. ARGV[a] .. ' ', 17, true) end
  if has then
    out[#out + 1] = ids[at]
    out[#out + 1] = string.sub(entry, 17)
  end
end
return out
