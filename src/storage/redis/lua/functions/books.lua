-- What is known under a name: copies, aliases, and books that are missing.

-- The first 46 bytes of what is known under a name, and the name under which it lies. An alias leads to its book directly.
-- An alias that an earlier version left may lead to another alias.
local function head(name)
  for _ = 0, MOST_HOPS do
    local h = call('GETRANGE', P .. name, 0, 45)
    if string.sub(h, 1, 1) ~= 'A' then return h, name end
    name = 'book-' .. string.sub(h, 2)
  end
  return '', name
end

-- Whether a time lies ahead of the clock of the server by more than clocks may differ.
local function isFromFuture(atMs)
  local time = call('TIME')
  return tonumber(atMs) > time[1] * 1000 + CLOCK_TOLERANCE_MS
end

-- Moves the end of a key on, never back.
local function endNoSooner(key, at)
  if tonumber(at) > call('PEXPIRETIME', key) then call('PEXPIREAT', key, at) end
end

-- Whether a name is an alias of a book.
local function leads(name, bookId) return call('GETRANGE', P .. name, 0, 45) == 'A' .. bookId end

-- Makes a name lead to a book, and lists the name with the book. Listed names are kept as long as the book, and follow when it is merged.
local function point(name, bookId, keepUntil)
  call('SET', P .. name, 'A' .. bookId, 'PXAT', keepUntil)
  call('SADD', P .. 'aliases:' .. bookId, name)
  endNoSooner(P .. 'aliases:' .. bookId, keepUntil)
end

-- Keeps the names that lead to a book as long as the book.
local function keepAliases(bookId, keepUntil)
  local list = P .. 'aliases:' .. bookId
  for at, name in ipairs(call('SMEMBERS', list)) do
    if at == 1 then endNoSooner(list, keepUntil) end
    if leads(name, bookId) then endNoSooner(P .. name, keepUntil) else call('SREM', list, name) end
  end
end

-- Stores a copy unless the stored one is newer ('older') or richer ('poorer'). Of a richer copy only the freshness and the end move on.
-- A copy from the future (a clock was wrong) may be replaced: otherwise it would stay until its time has come.
-- A copy that is stored brings its search entry ('' for none).
local function put(bookId, value, keepUntil, entry)
  local key = P .. 'book-' .. bookId
  local old = call('GETRANGE', key, 0, 45)
  local stored = 'stored'
  if string.sub(old, 1, 1) == 'Q' then
    if string.sub(old, 2, 14) > string.sub(value, 2, 14) and not isFromFuture(string.sub(old, 2, 14)) then return 'older' end
    if string.sub(old, 28, 30) > string.sub(value, 28, 30) then stored = 'poorer' end
  end
  if stored == 'poorer' then
    if string.sub(value, 15, 27) > string.sub(old, 15, 27) then call('SETRANGE', key, 14, string.sub(value, 15, 27)) end
    endNoSooner(key, keepUntil)
  else
    call('SET', key, value, 'PXAT', keepUntil)
    call('ZADD', P .. 'books', bookId, bookId)
    enter(bookId, string.sub(value, 31, 46), entry)
  end
  keepAliases(bookId, keepUntil)
  signal('book ' .. bookId)
  return stored
end

-- Makes a name lead to a book that has a copy. The name of another book says that it was merged into this one: its aliases lead here then.
local function alias(name, bookId, keepUntil)
  if name == 'book-' .. bookId then return end
  keepUntil = math.max(keepUntil, call('PEXPIRETIME', P .. 'book-' .. bookId))
  point(name, bookId, keepUntil)
  local old = string.match(name, '^book%-(%d+)$')
  if not old then return end
  call('ZREM', P .. 'books', old)
  forgetEntry(old)
  for _, other in ipairs(call('SMEMBERS', P .. 'aliases:' .. old)) do
    if leads(other, old) then point(other, bookId, keepUntil) end
  end
  call('DEL', P .. 'aliases:' .. old)
  signal('book ' .. old)
end
