/** The Lua of the small stores: documents, tallies, kept pages, and of indexes whose entries expire. See scripts.ts for the keys. */

/** ARGV: key, JSON, version wanted (-1 = any), now, expireAt (0 = never). Returns the new version or false. */
const putDocument = `
local key = P .. 'doc:' .. ARGV[1]
local version = tonumber(call('HGET', key, 'v') or 0)
if tonumber(ARGV[3]) >= 0 and version ~= tonumber(ARGV[3]) then return false end
call('HSET', key, 'v', version + 1, 'j', ARGV[2])
call('ZADD', P .. 'docs', 0, ARGV[1])
if ARGV[5] == '0' then
  call('PERSIST', key)
  call('ZREM', P .. 'docs-ending', ARGV[1])
else
  -- Counted from the caller's own time: whether its clock is right does not matter then.
  call('PEXPIRE', key, math.max(0, ARGV[5] - ARGV[4]))
  call('ZADD', P .. 'docs-ending', ARGV[5], ARGV[1])
end
-- Redis drops an expired document by itself; each write takes a few of their names out of the list of keys. One that is still there by the server's
-- clock stays listed until it is not: taken off now, its name would never be.
for _, name in ipairs(call('ZRANGEBYSCORE', P .. 'docs-ending', '-inf', ARGV[4], 'LIMIT', 0, 10)) do
  if call('EXISTS', P .. 'doc:' .. name) == 0 then
    call('ZREM', P .. 'docs-ending', name)
    call('ZREM', P .. 'docs', name)
  end
end
return version + 1
`;

/** ARGV: key. */
const deleteDocument = `
call('ZREM', P .. 'docs', ARGV[1])
call('ZREM', P .. 'docs-ending', ARGV[1])
return call('DEL', P .. 'doc:' .. ARGV[1])
`;

/** ARGV: what keys begin with, how many stay, the end until which they are spared. Returns how many went. */
const trimDocuments = `
local over = math.min(10000, call('ZLEXCOUNT', P .. 'docs', '[' .. ARGV[1], '(' .. ARGV[1] .. '\\244\\143\\191\\191') - ARGV[2])
local kept, gone = 0, 0
while gone < over do
  local names = call('ZRANGEBYSCORE', P .. 'docs-ending', '(' .. ARGV[3], '+inf', 'LIMIT', kept, 1000)
  if #names == 0 then break end
  for _, name in ipairs(names) do
    if gone < over and string.sub(name, 1, #ARGV[1]) == ARGV[1] then
      call('ZREM', P .. 'docs', name)
      call('ZREM', P .. 'docs-ending', name)
      call('DEL', P .. 'doc:' .. name)
      gone = gone + 1
    else
      kept = kept + 1
    end
  end
end
return gone
`;

/** ARGV: an index, what its members' keys begin with, members. Takes those off the index whose key has expired, in one step with looking. */
const forgetExpired = `
for a = 3, #ARGV do
  local kind = call('TYPE', P .. ARGV[2] .. ARGV[a]).ok
  local gone = kind == 'none' or (kind == 'string' and call('GETRANGE', P .. ARGV[2] .. ARGV[a], 0, 0) ~= 'Q')
  if gone then
    call('ZREM', P .. ARGV[1], ARGV[a])
    if ARGV[1] == 'docs' then call('ZREM', P .. 'docs-ending', ARGV[a]) end
  end
end
return 1
`;

/** ARGV: series, hour, seconds to keep, then name and count. */
const addTally = `
local index = P .. 'tally:' .. ARGV[1]
local key = index .. ':' .. ARGV[2]
for a = 4, #ARGV, 2 do call('HINCRBY', key, ARGV[a], ARGV[a + 1]) end
call('EXPIRE', key, ARGV[3])
call('ZADD', index, ARGV[2], ARGV[2])
for _, hour in ipairs(call('ZRANGEBYSCORE', index, '-inf', '(' .. (ARGV[2] - ARGV[3] / 3600))) do
  call('DEL', index .. ':' .. hour)
  call('ZREM', index, hour)
end
return 1
`;

/** ARGV: jobId, value, expireAt, now, most pages. */
const keepPage = `
call('SET', P .. 'page:' .. ARGV[1], ARGV[2], 'PXAT', ARGV[3])
call('ZADD', P .. 'pages', ARGV[4], ARGV[1])
while call('ZCARD', P .. 'pages') > tonumber(ARGV[5]) do
  call('DEL', P .. 'page:' .. call('ZPOPMIN', P .. 'pages')[1])
end
return 1
`;

export const DOCUMENT_SCRIPTS = { putDocument, deleteDocument, trimDocuments, forgetExpired, addTally, keepPage };
