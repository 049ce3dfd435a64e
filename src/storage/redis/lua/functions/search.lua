-- The search entries of books, and the postings that lead from a word to the books that have it.
-- An entry is a text, as domain/search/entry.ts describes it. Its first two letters are the rank: 00 for the books with most ratings.
-- A posting is a member of the sorted set `search`: the word, a NUL, the rank and the number of the book. So the postings of a word lie
-- together, those of the books with most ratings first. The empty word has a posting for each book.

-- An entry without its first line, which has the number of ratings.
local function afterRatings(entry) return string.sub(entry, string.find(entry, '\n', 1, true) or 1) end

-- The words of an entry, each once, with the empty word.
local function wordsOf(entry)
  local words = {[''] = true}
  for word in string.gmatch(afterRatings(entry), '%S+') do words[word] = true end
  return words
end

-- The postings of words of an entry, but not of those in `except`; `score` goes before each where one is given.
local function postings(bookId, entry, words, except, score)
  local tail, list = '\0' .. string.sub(entry, 1, 2) .. bookId, {}
  for word in pairs(words) do
    if not except[word] then
      list[#list + 1] = score
      list[#list + 1] = word .. tail
    end
  end
  return list
end

-- The entry of a book, or nil, and the etag of the copy that it is about.
local function entryOf(bookId)
  local have = call('HGET', P .. 'search-entries', bookId)
  if have then return string.sub(have, 17), string.sub(have, 1, 16) end
end

-- Removes the entry of a book.
local function forgetEntry(bookId)
  local old = entryOf(bookId)
  if not old then return end
  call('ZREM', P .. 'search', unpack(postings(bookId, old, wordsOf(old), {})))
  call('HDEL', P .. 'search-entries', bookId)
end

-- Keeps the entry of a book for the copy with this etag. Most copies of a known book have the same words as before.
local function enter(bookId, etag, entry)
  if entry == '' then return forgetEntry(bookId) end
  local old = entryOf(bookId)
  call('HSET', P .. 'search-entries', bookId, etag .. entry)
  local text = afterRatings(entry)
  local sameRank = old and string.sub(old, 1, 2) == string.sub(entry, 1, 2)
  if sameRank and afterRatings(old) == text then return end
  local words, before = wordsOf(entry), old and wordsOf(old) or {}
  if old then
    local gone = postings(bookId, old, before, sameRank and words or {})
    if #gone > 0 then call('ZREM', P .. 'search', unpack(gone)) end
  end
  local add = postings(bookId, entry, words, sameRank and before or {}, '0')
  if #add > 0 then call('ZADD', P .. 'search', unpack(add)) end
end
