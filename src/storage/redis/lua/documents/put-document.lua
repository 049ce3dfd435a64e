-- Writes a document, if it has the version that the caller saw.
-- Key: the prefix.
-- Arguments: 1 key of the document, 2 its JSON, 3 the version it must have (-1: any, 0: it must not exist), 4 now in ms,
--   5 its end in ms (0: none).
-- Result: the new version, or false when it has another.

local key = P .. 'doc:' .. ARGV[1]
local version = tonumber(call('HGET', key, 'v') or 0)
if tonumber(ARGV[3]) >= 0 and version ~= tonumber(ARGV[3]) then return false end
call('HSET', key, 'v', version + 1, 'j', ARGV[2])
call('ZADD', P .. 'docs', 0, ARGV[1])
if ARGV[5] == '0' then
  call('PERSIST', key)
  call('ZREM', P .. 'docs-ending', ARGV[1])
else
  -- The time that is left, by the clock of the caller: it need not agree with that of the server.
  call('PEXPIRE', key, math.max(0, ARGV[5] - ARGV[4]))
  call('ZADD', P .. 'docs-ending', ARGV[5], ARGV[1])
end
-- Redis drops an expired document by itself. Each write takes a few of their names off the lists.
-- A document that is still there by the clock of the server stays listed.
for _, name in ipairs(call('ZRANGEBYSCORE', P .. 'docs-ending', '-inf', ARGV[4], 'LIMIT', 0, 10)) do
  if call('EXISTS', P .. 'doc:' .. name) == 0 then
    call('ZREM', P .. 'docs-ending', name)
    call('ZREM', P .. 'docs', name)
  end
end
return version + 1
