-- Finds the entries that have all words. The work has a bound: of a word that very many books have, those with most ratings are looked at.
-- Key: the prefix.
-- Arguments: 1 what another word must begin with, 2 postings looked at most, 3 how many are enough where they are not all, then the words.
-- Result: one text, since Redis and its client take longer for many short ones. For each book it has the number, and then the etag of the
--   copy with the entry behind. A NUL stands between two of these. They are in no order.

local index, prefix, most, enough = P .. 'search', ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local FIRST_WORD, STEP = 4, 200

local begin, words = ' ' .. prefix, {}
for a = FIRST_WORD, #ARGV do words[#words + 1] = ' ' .. ARGV[a] .. ' ' end

-- Adds the matching books of a range of postings.
local out, matches, seen = {}, 0, {}
local function lookAt(range, offset, limit)
  local ids = {}
  for _, posting in ipairs(call('ZRANGEBYLEX', index, range[1], range[2], 'LIMIT', offset, limit)) do
    local bookId = string.sub(posting, string.find(posting, '\0', 1, true) + 3)
    if not seen[bookId] then
      seen[bookId] = true
      ids[#ids + 1] = bookId
    end
  end
  if #ids == 0 then return end
  for at, entry in ipairs(call('HMGET', P .. 'search-entries', unpack(ids))) do
    local has = entry and string.find(entry, begin, 17, true)
    for a = 1, #words do has = has and string.find(entry, words[a], 17, true) end
    if has then
      matches = matches + 1
      out[#out + 1] = ids[at]
      out[#out + 1] = entry
    end
  end
end

local function rangeOf(word) return {'[' .. word .. '\0', '(' .. word .. '\1'} end

local fewest, range = call('ZLEXCOUNT', index, '[' .. prefix, '(' .. prefix .. '\255'), nil
if fewest <= most then range = {'[' .. prefix, '(' .. prefix .. '\255'} end
for a = FIRST_WORD, #ARGV do
  local own = rangeOf(ARGV[a])
  local count = call('ZLEXCOUNT', index, own[1], own[2])
  if not range or count < fewest then fewest, range = count, own end
end
if range then
  lookAt(range, 0, most)
else
  -- Very many books have a word that begins like that. Those that have this very word come first, then those that are known best.
  lookAt(rangeOf(prefix), 0, enough)
  for offset = 0, 2 * most - 1, STEP do
    if matches >= enough then break end
    lookAt(rangeOf(''), offset, STEP)
  end
end
return table.concat(out, '\0')
