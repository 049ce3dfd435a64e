-- Takes members off a list when the key they stand for has expired.
-- Key: the prefix.
-- Arguments: 1 the list, 2 what the keys of its members begin with, then the members to look at.
-- Result: 1.

for a = 3, #ARGV do
  local kind = call('TYPE', P .. ARGV[2] .. ARGV[a]).ok
  local gone = kind == 'none' or (kind == 'string' and call('GETRANGE', P .. ARGV[2] .. ARGV[a], 0, 0) ~= 'Q')
  if gone then
    call('ZREM', P .. ARGV[1], ARGV[a])
    if ARGV[1] == 'books' then forgetEntry(ARGV[a]) end
    if ARGV[1] == 'docs' then call('ZREM', P .. 'docs-ending', ARGV[a]) end
  end
end
return 1
