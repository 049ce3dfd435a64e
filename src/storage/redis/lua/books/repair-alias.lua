-- Makes an alias that an earlier version left behind a merge lead to its book directly.
-- Key: the prefix.
-- Arguments: 1 the alias.
-- Result: 1.

local h, name = head(ARGV[1])
if string.sub(h, 1, 1) == 'Q' then alias(ARGV[1], string.sub(name, 6), 0) end
return 1
